// The table of instances: each can be highlighted, left out, and saved.

import { element } from "../dom.js";
import { texts } from "../texts.js";

/**
 * Returns a table of the instances; null if there are none.
 *   leftOut             a Set of the ids of instances that are left out; the table changes it
 *   highlight(instance) is called while the pointer or the focus is in a row, and with null afterwards
 *   changed()           is called when the user leaves an instance out, or takes it back
 *   saveFile(name)      is called with the name of a picture of an instance
 */
export function instanceTable(result, { leftOut, highlight, changed, saveFile }) {
  if (!result.instances.length) return null;
  const heads = [texts.instances.keep, texts.instances.found, texts.instances.quality, texts.instances.save];
  const rows = result.instances.map((instance) => row(instance, { leftOut, highlight, changed, saveFile }));
  return element(
    "table", { className: "instances" },
    element("caption", { className: "visually-hidden" }, texts.instances.caption),
    element("thead", {}, element("tr", {}, ...heads.map((head) => element("th", { scope: "col" }, head)))),
    element("tbody", {}, ...rows),
  );
}

function row(instance, { leftOut, highlight, changed, saveFile }) {
  const { id, files, quality } = instance;
  const keep = element("input", { type: "checkbox", checked: !leftOut.has(id), "aria-label": texts.instances.keepOne(id) });
  const made = element(
    "tr", {},
    element("td", {}, element("label", { className: "target" }, keep)),
    element("th", { scope: "row" }, texts.instances.name(instance)),
    element("td", {}, quality.toFixed(2)),
    element(
      "td", { className: "saves" },
      button(texts.instances.cutout, texts.instances.saveCutout(id), () => saveFile(files.cutout)),
      button(texts.instances.mask, texts.instances.saveMask(id), () => saveFile(files.mask)),
    ),
  );
  keep.addEventListener("change", () => {
    if (keep.checked) leftOut.delete(id);
    else leftOut.add(id);
    made.classList.toggle("left-out", !keep.checked);
    changed();
  });
  made.classList.toggle("left-out", !keep.checked);
  for (const type of ["pointerenter", "focusin"]) made.addEventListener(type, () => highlight(instance));
  for (const type of ["pointerleave", "focusout"]) made.addEventListener(type, () => highlight(null));
  return made;
}

const button = (label, description, onclick) =>
  element("button", { type: "button", className: "small", "aria-label": description, onclick }, label);
