// Which pictures the grid shows, and in which order.

import { byId, element, setText } from "../dom.js";
import { texts } from "../texts.js";
import { checkFirst, toCheck } from "./order.js";

const ALL = "all";
const REVIEW = "review";
const LABELS = { [ALL]: texts.pictures.all, [REVIEW]: texts.result.review, ...texts.states };

const matches = { [ALL]: () => true, [REVIEW]: toCheck };
const isShown = (only) => matches[only] ?? (({ state }) => state === only);

let only = ALL;
const buttons = new Map();

/** Initialises the controls. `changed()` is called after each change. */
export function begin(changed) {
  for (const [key, label] of Object.entries(LABELS)) {
    const count = element("span", { className: "count" });
    const button = element("button", { type: "button", className: `choice ${key}`, "aria-pressed": key === only }, label, " ", count);
    button.addEventListener("click", () => {
      only = key;
      changed();
    });
    buttons.set(key, { button, count });
  }
  byId("filters").append(...[...buttons.values()].map(({ button }) => button));
  byId("order").append(...Object.entries(texts.pictures.orders).map(([value, label]) => element("option", { value }, label)));
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
  for (const [key, count] of counts) {
    const { button, count: number } = buttons.get(key);
    button.hidden = count === 0 && key !== only;
    button.setAttribute("aria-pressed", key === only);
    setText(number, count.toLocaleString("en"));
  }
  return counts.filter(([key, count]) => key !== ALL && count).map(([key, count]) => [LABELS[key], count]);
}

/** Focuses the filter that is chosen. */
export const focus = () => buttons.get(only).button.focus();

/** Shows all pictures again. */
export function reset() {
  only = ALL;
}
