// The options of new pictures. On a phone they are folded into one line.

import { byId, setText } from "../dom.js";
import { DEFAULT, differences, drawingControls } from "../drawing.js";
import { texts } from "../texts.js";
import { choiceControls } from "./choice.js";

/** Width from which the most used options are visible: that of page.css. */
const WIDE = matchMedia("(min-width: 46rem)");

let choice = null;
let drawing = null;

/** Initialises the options with the description of the service. `changed()` is called after each change. */
export function begin(about, changed) {
  const form = byId("options");
  choice = choiceControls(about);
  drawing = drawingControls(() => {
    drawing.show(DEFAULT);
    form.dispatchEvent(new Event("input")); // the form reads the options again
  });
  drawing.show(DEFAULT);
  byId("more-options").append(choice.element, drawing.element);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", ({ target }) => {
    const boxes = [...form.elements.targets];
    if (!boxes.some((box) => box.checked)) {
      boxes.find((box) => box !== target).checked = true; // at least one target is required
    }
    describe();
    changed();
  });
  const fold = () => { byId("options-fold").open = WIDE.matches; };
  WIDE.addEventListener("change", fold);
  fold();
  describe();
}

/** Returns the form fields of a detection. */
export function detectionFields() {
  const form = new FormData(byId("options"));
  return {
    targets: form.getAll("targets").join(","),
    face_parts: ["skin", ...form.getAll("face_parts")].join(","),
    expand: form.get("expand"),
    ...choice.read(),
  };
}

/** Returns the form fields that say how masks and cutouts are drawn. */
export const drawingFields = () => drawing.read();

function describe() {
  const form = new FormData(byId("options"));
  const label = (name) => texts.options[name].toLowerCase();
  const [targets, parts] = [form.getAll("targets").map(label), form.getAll("face_parts").map(label)];
  setText(byId("expand"), texts.percent(form.get("expand")));
  const summary = texts.options.summary(targets, parts, form.get("expand"));
  setText(byId("options-summary"), [summary, ...choice.differences(), ...differences(drawing.read())].join(", "));
}
