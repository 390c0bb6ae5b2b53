// Saves the files of a result: one click for the cutout, a menu for the others.

import { saveAnnotations } from "../dataset.js";
import { element, save } from "../dom.js";
import { openExport } from "../export_form.js";
import { safePath } from "../file_names.js";
import { menu } from "../menu.js";
import { texts } from "../texts.js";
import { selectedFile } from "./selection.js";

const CUTOUT = "cutout.png";
const OTHERS = ["mask.png", "overlay.png", "result.json"];

/** Saves a file of a result, without the instances that are left out. */
export async function saveFile(source, result, name) {
  const stem = source.name.split("/").pop().replace(/\.[^.]*$/, "");
  save(await selectedFile(source, result, name), safePath(`${stem}-${name.replaceAll("/", "-")}`));
}

/** Returns the buttons. `attempt(work)` calls `work` and displays its error, if any. */
export function downloadButtons(source, result, attempt) {
  const button = (name, label, className) =>
    element("button", {
      type: "button", className, "aria-label": texts.result.download(name, source.name),
      onclick: () => attempt(() => saveFile(source, result, name)),
    }, label);
  const item = (label, onclick) => element("button", { type: "button", className: "menu-item", onclick }, label);
  const annotations = Object.entries(texts.result.annotations).map(([format, label]) =>
    item(label, () => attempt(() => saveAnnotations(source, result, format))));
  const dataset = source.original && item(texts.result.dataset, () => openExport([source]));
  const others = OTHERS.map((name) => button(name, texts.result.file[name], "menu-item"));
  return element(
    "div", { className: "downloads" },
    button(CUTOUT, texts.result.cutout, "primary"),
    ...menu(texts.result.files, ...[...others, ...annotations, dataset].filter(Boolean)),
  );
}
