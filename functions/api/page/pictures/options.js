// The options of a detection. On a phone they are folded into one line.

import { byId, setText } from "../dom.js";
import { texts } from "../texts.js";

/** Width from which all options are visible: that of page.css. */
const WIDE = matchMedia("(min-width: 46rem)");

/** Initialises the options. `changed()` is called after each change. */
export function begin(changed) {
  const form = byId("options");
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

/** Returns the form fields of a request. */
export function read() {
  const form = new FormData(byId("options"));
  return {
    targets: form.getAll("targets").join(","),
    face_parts: ["skin", ...form.getAll("face_parts")].join(","),
    expand: form.get("expand"),
  };
}

function describe() {
  const form = new FormData(byId("options"));
  const label = (name) => texts.options[name].toLowerCase();
  const [targets, parts] = [form.getAll("targets").map(label), form.getAll("face_parts").map(label)];
  setText(byId("expand"), texts.percent(form.get("expand")));
  setText(byId("options-summary"), texts.options.summary(targets, parts, form.get("expand")));
}
