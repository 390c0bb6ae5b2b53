// Fields of forms: sliders with their values, lengths in pixels or per cent, and folds that say what differs
// from the default.

import { element, setText } from "./dom.js";
import { texts } from "./texts.js";

let count = 0;

/** Returns a row with a label, the control that it describes, and what stands behind that. */
export function row(label, control, ...behind) {
  count += 1;
  control.id = `field-${count}`;
  const hasLegend = control.matches("fieldset");
  const name = hasLegend ? element("span", { "aria-hidden": true }, label) : element("label", { htmlFor: control.id }, label);
  return element("div", { className: "row" }, name, control, element("span", { className: "behind" }, ...behind));
}

/**
 * Returns a slider with its value behind it: `element`, `input`, `read()` and `show(value)`. `describe(value)` returns
 * the text of the value; `behind` follows it.
 */
export function slider(label, limits, describe, ...behind) {
  const input = element("input", { type: "range", ...limits });
  const output = element("output", {});
  const update = () => setText(output, describe(Number(input.value)));
  input.addEventListener("input", update);
  return {
    element: row(label, input, output, ...behind),
    input,
    read: () => Number(input.value),
    show(value) {
      input.value = value;
      update();
    },
  };
}

/**
 * Returns a slider for a length in pixels or per cent. `limits` are { px: [min, max], "%": [min, max] }. `read()`
 * returns "3" or "5%", as the API has it, and `show(text)` shows such a text.
 */
export function lengthField(label, limits) {
  const unit = selection(Object.fromEntries(Object.keys(limits).map((name) => [name, name])));
  unit.setAttribute("aria-label", texts.fields.unit(label));
  const field = slider(label, {}, String, unit);
  const limit = () => {
    const [min, max] = limits[unit.value];
    Object.assign(field.input, { min, max });
    field.show(field.read()); // the browser has moved it between the limits
  };
  unit.addEventListener("input", limit);
  return {
    element: field.element,
    read: () => `${field.read()}${unit.value === "%" ? "%" : ""}`,
    show(text) {
      unit.value = text.endsWith("%") ? "%" : "px";
      limit();
      field.show(Number.parseFloat(text));
    },
  };
}

/** Returns a list to choose from. */
export const selection = (labels) => element("select", {}, ...optionsOf(labels));

/** Returns the options of such a list. `labels` are the texts by value. */
export const optionsOf = (labels) => Object.entries(labels).map(([value, label]) => element("option", { value }, label));

/**
 * Returns fields that are folded: `element`; `update(differences, canReset)`, which shows in the fold's line how the
 * fields differ from the default; and `note(text, className)`, which shows a text beside the button. `reset()` is called
 * by the button.
 */
export function fold(title, fields, reset) {
  const line = element("span", { className: "secondary" });
  const button = element("button", { type: "button", className: "small", onclick: reset }, texts.fields.reset);
  const note = element("span", { role: "status" });
  return {
    element: element("details", { className: "fields" },
      element("summary", {}, element("span", {}, title), " ", line),
      element("div", { className: "fold-content" }, ...fields, element("p", {}, button, " ", note))),
    update(differences, canReset = differences.length > 0) {
      setText(line, differences.length ? differences.join(", ") : texts.fields.unchanged);
      button.disabled = !canReset;
    },
    note(text, className = "secondary") {
      setText(note, text);
      note.className = className;
    },
  };
}
