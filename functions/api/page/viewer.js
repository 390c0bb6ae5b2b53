// Compares the original with its result: two images on top of each other, with a slider.

import { element } from "./dom.js";

/**
 * Initial position of the slider, in percent from the left. Chosen by hand: it shows most of the result,
 * and enough of the original to see that there is one.
 */
const INITIAL_POSITION = 10;
const VIEWS = { overlay: "Overlay", mask: "Mask", cutout: "Cutout" };
let count = 0;

/** The initial view: the cutout, or the overlay if the cutout is empty. */
const initialView = (result) => (result.status === "empty" ? "overlay" : "cutout");

/**
 * Returns the viewer's element, and a function that releases the memory of its images. `load` returns
 * "original", "overlay", "mask" or "cutout" as a Blob or a promise of one.
 */
export function viewer(name, result, load) {
  count += 1;
  const initial = initialView(result);
  const under = element("img", { alt: `${name}, the original`, className: "under" });
  const over = element("img", { className: "over" });
  const slider = element("input", {
    type: "range", min: 0, max: 100, value: INITIAL_POSITION, className: "divide",
    "aria-label": `Visible part of the original of ${name}`,
  });
  const stage = element("div", { className: "stage" }, under, over, slider);
  const divide = () => stage.style.setProperty("--cut", `${slider.value}%`);
  slider.addEventListener("input", divide);
  divide();

  const hideOriginal = () => stage.classList.add("alone");
  under.addEventListener("error", hideOriginal); // for example, browsers cannot display TIFF
  let isOpen = true;
  const display = (image, blob) => {
    URL.revokeObjectURL(image.src);
    if (isOpen) image.src = URL.createObjectURL(blob);
  };
  Promise.resolve(load("original")).then((blob) => display(under, blob)).catch(hideOriginal);

  const show = async (view) => {
    stage.dataset.view = view;
    over.alt = `${name}, ${VIEWS[view].toLowerCase()}`;
    try {
      const blob = await load(view);
      if (stage.dataset.view === view) display(over, blob); // else the user has chosen another view
    } catch (error) {
      if (stage.dataset.view === view) over.alt = error.message; // for example, a newer upload replaced it
    }
  };
  const choices = Object.entries(VIEWS).map(([view, label]) => {
    const radio = element("input", {
      type: "radio", name: `view-${count}`, value: view, checked: view === initial,
    });
    radio.addEventListener("change", () => show(view));
    return element("label", {}, radio, ` ${label}`);
  });
  show(initial);
  const legend = element("legend", { className: "visually-hidden" }, `View of ${name}`);
  const choice = element("fieldset", { className: "choices" }, legend, ...choices);
  const release = () => {
    isOpen = false;
    [under, over].forEach((image) => URL.revokeObjectURL(image.src));
  };
  return { element: element("div", { className: "viewer" }, stage, choice), release };
}
