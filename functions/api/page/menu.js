// A button that opens a list of buttons.

import { element } from "./dom.js";

/** Pixels between the button and its list. Chosen by hand. */
const GAP = 4;

/** Returns a button, and the popover that it opens. Escape and clicks elsewhere close it: the browser does that. */
export function menu(label, ...items) {
  const list = element("div", { className: "menu", popover: "auto" }, ...items);
  const button = element("button", { type: "button", popoverTargetElement: list }, label);
  list.addEventListener("beforetoggle", ({ newState }) => {
    button.setAttribute("aria-expanded", newState === "open");
  });
  list.addEventListener("toggle", ({ newState }) => newState === "open" && place(list, button));
  list.addEventListener("click", ({ target }) => target.closest("button") && list.hidePopover());
  return [button, list];
}

function place(list, button) {
  const anchor = button.getBoundingClientRect();
  const isBelow = anchor.bottom + GAP + list.offsetHeight <= innerHeight;
  list.style.left = `${Math.max(GAP, Math.min(anchor.left, innerWidth - list.offsetWidth - GAP))}px`;
  list.style.top = `${isBelow ? anchor.bottom + GAP : Math.max(GAP, anchor.top - GAP - list.offsetHeight)}px`;
}
