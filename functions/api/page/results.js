// Elements that describe a result: its state, its reason, its instances, its warnings.

import { element } from "./dom.js";

/** Returns a badge with the state. */
export function badge(state) {
  return element("span", { className: `badge ${state}` }, state);
}

/** Returns a second badge if a person should review the result, else null. */
export function reviewBadge(toReview) {
  return toReview ? element("span", { className: "badge review" }, "to review") : null;
}

/** Whether a person should review a result. */
export const needsReview = (result) => Boolean(result?.review?.length);

/** Returns a list of the reasons to review a result; null if there are none. */
export function reviewReasons(result) {
  return list("review-reasons", "To review", (result.review ?? []).map(({ message }) => message));
}

/** Returns a list of the API's warnings about the request; null if there are none. */
export function warnings(result) {
  return list("warnings", "Warnings", result.warnings ?? []);
}

function list(className, label, sentences) {
  if (!sentences.length) return null;
  return element("ul", { className, "aria-label": label }, ...sentences.map((sentence) => element("li", {}, sentence)));
}

/** Returns a paragraph with the reason for the state. */
export function reason(result) {
  return element("p", { className: "secondary" }, result.reason?.message ?? outcome(result));
}

function outcome({ instances }) {
  if (!instances.length) return "Nothing was found.";
  const segmenters = [...new Set(instances.map(({ segmenter }) => segmenter))];
  return `All masks were created by ${new Intl.ListFormat("en").format(segmenters)}.`;
}

/** Returns a table of the instances; null if there are none. */
export function instances(result) {
  if (!result.instances.length) return null;
  const heads = ["Found", "Score", "Quality", "Pixels", "Segmenter"];
  const rows = result.instances.map((instance) =>
    element(
      "tr", {},
      element("th", { scope: "row" }, instance.side ? `${instance.id} (${instance.side})` : instance.id),
      element("td", {}, instance.score.toFixed(2)),
      element("td", {}, instance.quality.toFixed(2)),
      element("td", {}, instance.area.toLocaleString("en")),
      element("td", {}, instance.segmenter),
    ));
  return element(
    "table", {},
    element("thead", {}, element("tr", {}, ...heads.map((head) => element("th", { scope: "col" }, head)))),
    element("tbody", {}, ...rows),
  );
}

/** Returns a button for each file. A click calls `save` with its name and displays the error, if any. */
export function downloads(names, picture, save) {
  const alert = element("p", { className: "error", role: "alert", hidden: true });
  const attempt = async (name) => {
    alert.hidden = true;
    try {
      await save(name);
    } catch (error) {
      alert.textContent = error.message;
      alert.hidden = false;
    }
  };
  const buttons = names.map((name) =>
    element("button", { type: "button", "aria-label": `Download ${name} of ${picture}`, onclick: () => attempt(name) }, name));
  return element("div", { className: "downloads" }, ...buttons, alert);
}
