// Which pictures the grid shows, and in which order.

import { byId } from "../dom.js";
import { optionsOf } from "../fields.js";
import { filterButtons } from "../filter_buttons.js";
import { texts } from "../texts.js";
import { checkFirst, toCheck } from "./order.js";

const ALL = "all";
const REVIEW = "review";
const LABELS = { [ALL]: texts.pictures.all, [REVIEW]: texts.result.review, ...texts.states };

const matches = { [ALL]: () => true, [REVIEW]: toCheck };
const isShown = (only) => matches[only] ?? (({ state }) => state === only);

let only = ALL;
let buttons = null;

/** Initialises the controls. `changed()` is called after each change. */
export function begin(changed) {
  buttons = filterButtons(byId("filters"), LABELS, (key) => {
    only = key;
    changed();
  });
  byId("order").append(...optionsOf(texts.pictures.orders));
  byId("order").addEventListener("change", changed);
}

/** Returns the pictures that the grid shows, in their order. */
export function selected(pictures) {
  const chosen = pictures.filter(isShown(only));
  return byId("order").value === "check" ? checkFirst(chosen) : chosen;
}

/** Updates the controls. Returns [label, count] of each state that occurs, and of the pictures to check. */
export function update(pictures) {
  const counts = Object.keys(LABELS).map((key) => [key, pictures.filter(isShown(key)).length]);
  for (const [key, count] of counts) buttons.show(key, count.toLocaleString("en"), count === 0 && key !== only);
  buttons.press(only);
  return counts.filter(([key, count]) => key !== ALL && count).map(([key, count]) => [LABELS[key], count]);
}

/** Focuses the filter that is chosen. */
export const focus = () => buttons.focus(only);

/** Shows all pictures again. */
export function reset() {
  only = ALL;
}
