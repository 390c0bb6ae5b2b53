// The form that exports pictures, or uploads, as a dataset.

import { saveDataset } from "./dataset.js";
import { byId, element, setText } from "./dom.js";
import { row, selection, slider } from "./fields.js";
import { kept } from "./result/selection.js";
import { texts } from "./texts.js";

/** Share of the pictures for training: the API's default. */
const SHARE = 0.8;

const count = element("p", { className: "secondary" });
const format = selection(texts.exporting.formats);
const explanation = element("p", { className: "secondary" });
const split = slider(texts.exporting.split, { min: 0, max: 1, step: 0.05 }, texts.percent);
const images = element("input", { type: "checkbox", checked: true });
const empty = element("input", { type: "checkbox" });
const box = (input, label) => element("p", {}, element("label", { className: "target" }, input, element("span", {}, label)));
const emptyBox = box(empty, texts.exporting.empty);
const problem = element("p", { className: "error", role: "alert" });
const submit = element("button", { className: "primary" });
const cancel = element("button", { type: "button", onclick: () => byId("export").close() }, texts.exporting.cancel);

let shown = null; // what is exported: the argument of openForm
let run = null; // the export in progress

/** Initialises the form. It must be called once. */
export function begin() {
  split.show(SHARE);
  const explain = () => setText(explanation, texts.exporting.explanations[format.value]);
  format.addEventListener("change", explain);
  explain();
  const form = element("form", {},
    element("h2", { id: "export-title" }, texts.exporting.title), count,
    element("div", { className: "fold-content" }, row(texts.exporting.format, format), split.element),
    explanation,
    box(images, texts.exporting.images), emptyBox, problem, element("div", { className: "bar" }, submit, cancel));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    start();
  });
  byId("export").append(form);
  byId("export").addEventListener("close", () => { run = null; });
}

/** Opens the form for sources of the dialog that have a result, and an `original`: the file of the picture. */
export function openExport(sources) {
  const without = sources.filter((source) => !kept(source, source.result()).length).length;
  openForm({
    text: texts.exporting.count(sources.length, without),
    isSingle: sources.length === 1,
    save: (options, isWanted) => saveDataset(sources, options, isWanted),
  });
}

/**
 * Opens the form. `text` says what is exported; `isSingle` whether it is one picture. `save(options, isWanted)` saves
 * it: `options` are the fields of the API, and nothing is to be saved if `isWanted()` is false in the end.
 */
export function openForm({ text, isSingle = false, save }) {
  shown = { isSingle, save };
  setText(count, text);
  split.element.hidden = emptyBox.hidden = isSingle;
  setText(problem, "");
  showRun(null);
  byId("export").showModal();
}

function showRun(next) {
  run = next;
  submit.disabled = run !== null;
  setText(submit, run ? texts.exporting.running : texts.exporting.submit);
}

async function start() {
  const own = {};
  showRun(own);
  setText(problem, "");
  const options = {
    format: format.value,
    split: shown.isSingle ? 1 : split.read(),
    empty: shown.isSingle || empty.checked,
    images: images.checked,
  };
  const isWanted = () => run === own;
  try {
    await shown.save(options, isWanted);
    if (isWanted()) byId("export").close();
  } catch (error) {
    if (!isWanted()) return;
    setText(problem, error.message);
    showRun(null);
  }
}
