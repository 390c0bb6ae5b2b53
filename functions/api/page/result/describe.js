// Describes a result: its state, whether a person should check it, and why.

import { element } from "../dom.js";
import { texts } from "../texts.js";

/** Returns a badge with the state. */
export const badge = (state) => element("span", { className: `badge ${state}` }, texts.states[state]);

/** Returns a second badge if a person should check the result, else null. */
export const reviewBadge = (toReview) =>
  toReview ? element("span", { className: "badge review" }, texts.result.review) : null;

/** Whether a person should check a result. */
export const needsReview = (result) => Boolean(result?.review?.length);

/** Whether a result in this state has pictures. */
export const hasPictures = (state) => ["segmented", "degraded", "empty"].includes(state);

/** Returns the size of the picture: a response of the API has it, and so has the source of a result.json. */
export const sizeOf = ({ width, height, source }) => (source ? { width: source.width, height: source.height } : { width, height });

/** Returns a list of the reasons to check a result; null if there are none. */
export const reviewReasons = (result) =>
  sentences("review-reasons", texts.result.reasons, (result.review ?? []).map(({ message }) => message));

/** Returns a list of the API's warnings about the request; null if there are none. */
export const warnings = (result) => sentences("warnings", texts.result.warnings, result.warnings ?? []);

function sentences(className, label, lines) {
  if (!lines.length) return null;
  return element("ul", { className, "aria-label": label }, ...lines.map((line) => element("li", {}, line)));
}

/** Returns a paragraph with the reason for the state. */
export const reason = (result) => element("p", { className: "secondary" }, result.reason?.message ?? outcome(result));

function outcome({ instances }) {
  if (!instances.length) return texts.result.none;
  return texts.result.segmenters([...new Set(instances.map(({ segmenter }) => segmenter))]);
}

/** Returns a folded element with the numbers of a result. */
export function details(result) {
  const { width, height } = sizeOf(result);
  const seconds = Object.values(result.timing ?? {}).reduce((sum, stage) => sum + stage, 0);
  const facts = [
    [texts.result.size, width && texts.result.pixels(width, height)],
    [texts.result.time, seconds && texts.result.seconds(seconds)],
  ].filter(([, value]) => value);
  return element(
    "details", {},
    element("summary", {}, texts.result.details),
    reason(result),
    numbers(result.instances),
    element("dl", {}, ...facts.flatMap(([term, value]) => [element("dt", {}, term), element("dd", {}, value)])),
  );
}

function numbers(instances) {
  if (!instances.length) return null;
  const columns = [
    [texts.instances.found, texts.instances.name],
    [texts.instances.score, ({ score }) => score.toFixed(2)],
    [texts.instances.quality, ({ quality }) => quality.toFixed(2)],
    [texts.instances.area, ({ area }) => area.toLocaleString("en")],
    [texts.instances.segmenter, ({ segmenter }) => segmenter],
  ];
  const rows = instances.map((instance) => {
    const [first, ...others] = columns.map(([, value]) => value(instance));
    const cells = others.map((value) => element("td", {}, value));
    return element("tr", {}, element("th", { scope: "row" }, first), ...cells);
  });
  return element(
    "div", { className: "scroll", tabIndex: 0, role: "group", "aria-label": texts.result.details },
    element(
      "table", {},
      element("thead", {}, element("tr", {}, ...columns.map(([head]) => element("th", { scope: "col" }, head)))),
      element("tbody", {}, ...rows),
    ),
  );
}
