// Radio buttons as a row of pills.

import { element } from "./dom.js";

/**
 * Returns radio buttons: `element`, `read()`, and `check(value)`. A change by the user calls `choose` with the
 * value. `labels` are the texts by value; `group` is a name that no other radio buttons of the page have.
 */
export function radios(legend, group, labels, choose) {
  const inputs = Object.keys(labels).map((value) => {
    const input = element("input", { type: "radio", name: group, value, className: "visually-hidden" });
    input.addEventListener("change", () => choose(value));
    return input;
  });
  const pills = inputs.map((input) => {
    const label = labels[input.value];
    return element("label", { className: `choice ${input.value}`, title: label }, input, element("span", {}, label));
  });
  return {
    element: element("fieldset", { className: "choices" }, element("legend", { className: "visually-hidden" }, legend), ...pills),
    read: () => inputs.find(({ checked }) => checked).value,
    check: (value) => inputs.forEach((input) => { input.checked = input.value === value; }),
  };
}
