// Says what became of the uploads of an action.

import { byId, element, iconButton } from "../dom.js";
import { texts } from "../texts.js";
import { focusPath } from "./folders.js";

/** Shows how many are done, and what became of each other. Outcomes with a `detail` are shown, too. */
export function showOutcomes(action, outcomes) {
  const count = outcomes.filter(({ outcome }) => outcome === "done").length;
  const special = outcomes.filter(({ outcome, detail }) => outcome !== "done" || detail);
  const summary = element("p", {}, texts.actions[action].done(count));
  const lines = special.map(({ name, outcome, detail }) =>
    element("li", {}, element("b", {}, name), " ", detail ?? texts.actions.outcomes[outcome]));
  show(summary, lines.length ? element("ul", {}, ...lines) : null);
}

/** Shows that an action failed. */
export const showError = (message) => show(element("p", { className: "error" }, message));

/** Shows a sentence about an action in progress. */
export const showProgress = (text) => byId("outcomes").replaceChildren(element("p", {}, text));

function show(...parts) {
  const close = iconButton("remove", texts.actions.close, clear);
  byId("outcomes").replaceChildren(...parts.filter(Boolean), close);
}

function clear() {
  byId("outcomes").replaceChildren();
  focusPath();
}
