// Buttons of a filter, each with a number. One of them is pressed.

import { element, setText } from "./dom.js";

/** Adds a button for each label to a bar. `labels` are the texts by key; a click calls `choose` with the key. */
export function filterButtons(bar, labels, choose) {
  const buttons = new Map();
  for (const [key, label] of Object.entries(labels)) {
    const number = element("span", { className: "count" });
    const button = element("button", { type: "button", className: `choice ${key}`, onclick: () => choose(key) }, label, " ", number);
    buttons.set(key, { button, number });
  }
  bar.append(...[...buttons.values()].map(({ button }) => button));
  return {
    press(key) {
      for (const [other, { button }] of buttons) button.setAttribute("aria-pressed", other === key);
    },
    show(key, text, isHidden) {
      const { button, number } = buttons.get(key);
      button.hidden = isHidden;
      setText(number, text);
    },
    focus: (key) => buttons.get(key).button.focus(),
  };
}
