// Creates elements of the page. Text is inserted as text: this module never parses HTML.

import { texts } from "./texts.js";

export const byId = (id) => document.getElementById(id);

/** Returns an element. A name in `properties` that is no property of the element is an attribute. */
export function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in made) made[name] = value;
    else made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

/** Returns a button of an icon. Its label is for screen readers, and its tooltip. */
export function iconButton(icon, label, onclick) {
  return element("button", { type: "button", className: `icon ${icon}`, "aria-label": label, title: label, onclick });
}

/** Sets the text of an element if it differs: screen readers announce a changed status. */
export function setText(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

/**
 * Inserts the texts of index.html: `data-text="add.title"` is the text of an element, `data-label` its
 * aria-label.
 */
export function insertTexts() {
  const text = (path) => path.split(".").reduce((part, key) => part[key], texts);
  for (const target of document.querySelectorAll("[data-text]")) target.textContent = text(target.dataset.text);
  for (const target of document.querySelectorAll("[data-label]")) {
    target.setAttribute("aria-label", text(target.dataset.label));
    if (target.matches(".icon")) target.title = text(target.dataset.label);
  }
}

/**
 * Milliseconds after which the address of a saved blob is revoked. Chosen by hand: the browser must
 * have started the download by then, and the blob stays in memory until then.
 */
const REVOKE_AFTER = 60_000;

/** Saves a blob as a file. */
export function save(blob, name) {
  const link = element("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), REVOKE_AFTER);
}
