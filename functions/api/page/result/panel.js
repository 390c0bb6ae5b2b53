// The side of the dialog: state, downloads, instances, details.

import { element, setText } from "../dom.js";
import { texts } from "../texts.js";
import { badge, details, needsReview, reason, reviewBadge, reviewReasons, warnings } from "./describe.js";
import { downloadButtons, saveFile } from "./downloads.js";
import { instanceTable } from "./instances.js";

/** Returns the badges of a source and, while there is no result for its state, a sentence about it. */
export function statusPart(source, result, isOutdated) {
  const { state, activity, error, isChecked } = source;
  return [
    element("p", { className: "badges" }, badge(state), reviewBadge(needsReview(result) && !isOutdated && !isChecked)),
    activity && element("p", { role: "status" }, isOutdated ? `${activity} ${texts.activity.outdated}` : activity),
    error && element("p", { className: "error", role: "alert" }, error),
  ].filter(Boolean);
}

/** Returns the description of a result. `viewer` is null if the result has no pictures. */
export function resultPart(source, result, viewer) {
  const frames = source.frames && frameChoice(source);
  if (!viewer) return [frames, reason(result), reviewReasons(result), warnings(result)].filter(Boolean);
  const alert = element("p", { className: "error", role: "alert", hidden: true });
  const attempt = async (work) => {
    alert.hidden = true;
    try {
      await work();
    } catch (error) {
      alert.textContent = error.message;
      alert.hidden = false;
    }
  };
  const note = element("p", { className: "secondary", role: "status" });
  const showLeftOut = () => setText(note, source.leftOut.size ? texts.instances.leftOut(source.leftOut.size) : "");
  const table = instanceTable(result, {
    leftOut: source.leftOut,
    highlight: viewer.highlight,
    changed: () => {
      showLeftOut();
      viewer.reload();
    },
    saveFile: (name) => attempt(() => saveFile(source, result, name)),
  });
  showLeftOut();
  const parts = [frames, downloadButtons(source, result, attempt), alert, reviewReasons(result), warnings(result), table, note, details(result)];
  return parts.filter(Boolean);
}

/** Returns the choice of a frame. A correction that is not saved would be lost. */
function frameChoice(source) {
  const { count, shown } = source.frames;
  const options = Array.from({ length: count }, (_, index) =>
    element("option", { value: index + 1, selected: index + 1 === shown }, texts.result.frameOf(index + 1, count)));
  const select = element("select", {
    name: "frame", disabled: source.isEdited,
    onchange: () => source.chooseFrame(Number(select.value)),
  }, ...options);
  return element("label", { className: "frame" }, texts.result.frame, " ", select);
}
