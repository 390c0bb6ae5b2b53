// Example pictures for users who have none at hand.

import { byId, element } from "../dom.js";
import { texts } from "../texts.js";

/** CSS pixels of a picture: as in page.css. */
const SIDE = 96;

/** Initialises the examples. `add` gets the one that the user chooses, as { file, name }. */
export function begin(add) {
  const buttons = texts.examples.pictures.map(({ file, label }) => {
    const image = element("img", { src: url(file), alt: "", width: SIDE, height: SIDE, loading: "lazy", decoding: "async" });
    return element("button", { type: "button", className: "example", "aria-label": label, title: label, onclick: () => choose(file, add) }, image);
  });
  byId("example-list").append(...buttons.map((button) => element("li", {}, button)));
  byId("example-attribution").textContent = texts.examples.attribution;
}

const url = (file) => `page/examples/${file}`;

async function choose(file, add) {
  try {
    const response = await fetch(url(file));
    if (!response.ok) throw new Error(texts.errors.status(response.status));
    add({ file: await response.blob(), name: file });
  } catch {
    byId("drop-note").textContent = texts.examples.failed;
  }
}
