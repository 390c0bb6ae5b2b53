// What is told of a result: its state, its reason, what was found.

import { element } from "./dom.js";

const SENTENCES = {
  segmented: "Every mask is SAM2's.",
  empty: "Nothing was found.",
};

/** The state in colour. */
export function badge(state) {
  return element("span", { className: `badge ${state}` }, state);
}

/** A line that says why the state is what it is. */
export function remark(result) {
  return element("p", { className: "quiet" }, result.reason?.message ?? SENTENCES[result.status]);
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

/** A button for each file; `save` is given its name. */
export function downloads(names, of, save) {
  const buttons = names.map((name) =>
    element("button", { type: "button", "aria-label": `Download ${name} of ${of}`, onclick: () => save(name) }, name));
  return element("div", { className: "downloads" }, ...buttons);
}
