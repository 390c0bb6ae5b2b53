// Buttons that show the uploads of one state or review, with their numbers.

import { getJson } from "../client.js";
import { byId } from "../dom.js";
import { filterButtons } from "../filter_buttons.js";
import { texts } from "../texts.js";

const ALL = "all";
const { waiting, ...STATES } = texts.states; // no upload is waiting
const LABELS = { [ALL]: texts.bucket.all, todo: texts.result.review, checked: texts.bucket.checked, ...STATES };
const REVIEWS = ["todo", "checked"];

/** Counts are requested again after this multiple of the time that they took. Chosen by hand: large buckets take seconds. */
const REST = 4;

let only = ALL;
let counted = ""; // what the numbers are about
let scope = "";
let restUntil = 0;
let buttons = null;

/** Initialises the buttons. `changed()` is called after each change. */
export function begin(changed) {
  buttons = filterButtons(byId("upload-filters"), LABELS, (key) => {
    choose(key);
    changed();
  });
  reset();
  clear();
}

/** Shows all states again. */
export const reset = () => choose(ALL);

function choose(key) {
  only = key;
  buttons.press(key);
}

/** Returns the fields of a query for the chosen uploads. */
export function chosen() {
  if (only === ALL) return {};
  return REVIEWS.includes(only) ? { review: only } : { state: only };
}

/** Requests the numbers of all uploads of a query if it is another one, or if the listed uploads have changed. */
export async function count(query, listed) {
  const states = listed.map(({ name, state, to_review, checked }) => [name, state, to_review, checked]);
  const wanted = JSON.stringify([query, states]);
  const isSameQuery = scope === JSON.stringify(query);
  if (wanted === counted || (isSameQuery && performance.now() < restUntil)) return;
  [counted, scope] = [wanted, JSON.stringify(query)];
  if (!isSameQuery) clear();
  const begun = performance.now();
  try {
    const counts = await getJson("v1/uploads/counts", query);
    if (counted === wanted) show(counts);
  } catch {
    counted = ""; // the listing shows the error; the next one counts again
  }
  restUntil = performance.now() + REST * (performance.now() - begun);
}

/** Whether a button may be hidden. */
const isOptional = (key) => key !== only && key !== ALL;

/** Removes the numbers: they are about other uploads. */
function clear() {
  for (const key of Object.keys(LABELS)) buttons.show(key, "", isOptional(key));
}

function show({ states, review, complete }) {
  const all = Object.values(states).reduce((sum, of) => sum + of, 0);
  for (const [key, of] of Object.entries({ [ALL]: all, ...review, ...states })) {
    buttons.show(key, texts.bucket.count(of, complete), !of && isOptional(key));
  }
}
