// What is told of a result: its state, its reason, what was found, why to look at it again.

import { element } from "./dom.js";

/** The state in colour. */
export function badge(state) {
  return element("span", { className: `badge ${state}` }, state);
}

/** A second badge, where a person should look at the result. */
export function reviewBadge(toReview) {
  return toReview ? element("span", { className: "badge review" }, "to review") : null;
}

/** Whether a person should look at a result. */
export const needsReview = (result) => Boolean(result?.review?.length);

/** Why a person should look at it, a sentence each; null where there is no reason. */
export function reviewReasons(result) {
  return sentences("review-reasons", "To review", (result.review ?? []).map(({ message }) => message));
}

/** What the service took otherwise than it was asked to, a sentence each; null where there is none. */
export function warnings(result) {
  return sentences("warnings", "Warnings", result.warnings ?? []);
}

function sentences(className, label, told) {
  if (!told.length) return null;
  return element("ul", { className, "aria-label": label }, ...told.map((one) => element("li", {}, one)));
}

/** A line that says why the state is what it is. */
export function remark(result) {
  return element("p", { className: "quiet" }, result.reason?.message ?? outcome(result));
}

function outcome({ instances }) {
  if (!instances.length) return "Nothing was found.";
  const cutters = [...new Set(instances.map(({ segmenter }) => segmenter))];
  return `Every mask was cut by ${new Intl.ListFormat("en").format(cutters)}.`;
}

/** What was found, a row each; null where nothing was. */
export function instances(result) {
  if (!result.instances.length) return null;
  const heads = ["Found", "Score", "Quality", "Pixels", "Cut by"];
  const rows = result.instances.map((one) =>
    element(
      "tr", {},
      element("th", { scope: "row" }, one.side ? `${one.id} (${one.side})` : one.id),
      element("td", {}, one.score.toFixed(2)),
      element("td", {}, one.quality.toFixed(2)),
      element("td", {}, one.area.toLocaleString("en")),
      element("td", {}, one.segmenter),
    ));
  return element(
    "table", {},
    element("thead", {}, element("tr", {}, ...heads.map((head) => element("th", { scope: "col" }, head)))),
    element("tbody", {}, ...rows),
  );
}

/** A button for each file; `save` is given its name, and what it throws is told beside them. */
export function downloads(names, of, save) {
  const trouble = element("p", { className: "wrong", role: "alert", hidden: true });
  const attempt = async (name) => {
    trouble.hidden = true;
    try {
      await save(name);
    } catch (error) {
      trouble.textContent = error.message;
      trouble.hidden = false;
    }
  };
  const buttons = names.map((name) =>
    element("button", { type: "button", "aria-label": `Download ${name} of ${of}`, onclick: () => attempt(name) }, name));
  return element("div", { className: "downloads" }, ...buttons, trouble);
}
