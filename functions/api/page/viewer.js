// The original and its result on top of one another, with a slider between them.

import { element } from "./dom.js";

/** In percent from the left: nearly all of the result, and enough to see that there is more. */
const FIRST_CUT = 10;
const VIEWS = { overlay: "Overlay", mask: "Mask", cutout: "Cutout" };
let count = 0;

/** What is best looked at first: the cutout, or the picture where nothing was cut out. */
const first = (result) => (result.status === "empty" ? "overlay" : "cutout");

/**
 * An element, and a function that gives back the memory of its pictures. `load` gives "original",
 * "overlay", "mask" or "cutout" as a Blob, or a promise of it.
 */
export function viewer(name, result, load) {
  count += 1;
  const shown = first(result);
  const under = element("img", { alt: `${name}, the original`, className: "under" });
  const over = element("img", { className: "over" });
  const slider = element("input", {
    type: "range", min: 0, max: 100, value: FIRST_CUT, className: "divide",
    "aria-label": `How much of the original of ${name} is shown`,
  });
  const stage = element("div", { className: "stage" }, under, over, slider);
  const divide = () => stage.style.setProperty("--cut", `${slider.value}%`);
  slider.addEventListener("input", divide);
  divide();

  const alone = () => stage.classList.add("alone");
  under.addEventListener("error", alone); // a TIFF, for one
  let open = true;
  const put = (image, blob) => {
    URL.revokeObjectURL(image.src);
    if (open) image.src = URL.createObjectURL(blob);
  };
  Promise.resolve(load("original")).then((blob) => put(under, blob)).catch(alone);

  const show = async (view) => {
    stage.dataset.view = view;
    over.alt = `${name}, ${VIEWS[view].toLowerCase()}`;
    try {
      const blob = await load(view);
      if (stage.dataset.view === view) put(over, blob); // or another one was chosen meanwhile
    } catch (error) {
      if (stage.dataset.view === view) over.alt = error.message; // replaced by a newer upload meanwhile, for one
    }
  };
  const choices = Object.entries(VIEWS).map(([view, label]) => {
    const radio = element("input", {
      type: "radio", name: `view-${count}`, value: view, checked: view === shown,
    });
    radio.addEventListener("change", () => show(view));
    return element("label", {}, radio, ` ${label}`);
  });
  show(shown);
  const legend = element("legend", { className: "reach" }, `What to see of ${name}`);
  const choice = element("fieldset", { className: "choices" }, legend, ...choices);
  const release = () => {
    open = false;
    [under, over].forEach((image) => URL.revokeObjectURL(image.src));
  };
  return { element: element("div", { className: "viewer" }, stage, choice), release };
}
