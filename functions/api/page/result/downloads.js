// Saves the files of a result: one click for the cutout, a menu for the others.

import { element, save } from "../dom.js";
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
  return element(
    "div", { className: "downloads" },
    button(CUTOUT, texts.result.cutout, "primary"),
    ...menu(texts.result.files, ...OTHERS.map((name) => button(name, texts.result.file[name], "menu-item"))),
  );
}
