// The stage: one view of a result on a background and, if the user asks for it, beside the original.

import { element, setText } from "../dom.js";
import { zoomOf } from "../edit/zoom.js";
import { radios } from "../radios.js";
import { texts } from "../texts.js";
import { sizeOf } from "./describe.js";

/** Initial position of the slider, in percent from the left. */
const MIDDLE = 50;

/** The user's last choices. They hold for the next picture, too: people review one thing in many pictures. */
const chosen = { view: "cutout", ground: "checker" };

let count = 0;

/**
 * Returns the viewer of a result:
 *   element             the stage with its controls
 *   highlight(instance) marks an instance of the result, or none if it is null
 *   reload()            loads the picture on the stage again, because its content has changed
 *   setEditing(isOn)    shows the overlay while the result is corrected
 *   stage, sheet, zoom  the stage, what lies on it and can be zoomed, and its zoom (edit/zoom.js)
 *   width, height       the size of the picture
 *   release()           releases the memory of the pictures; afterwards the viewer is not used any more
 * `load(view)` returns "cutout", "overlay", "mask" or "original" as a promise of a `blob` and of the `box` of the picture
 * that it shows.
 */
export function viewer({ name, result, load }) {
  count += 1;
  const under = element("img", { className: "under", alt: texts.stage.image(name, "original"), hidden: true });
  const over = element("img", { className: "over" });
  const layer = element("div", { className: "layer" }, over);
  const crop = element("div", { className: "crop", hidden: true });
  const mark = element("div", { className: "mark", hidden: true });
  const slider = element("input", {
    type: "range", min: 0, max: 100, value: MIDDLE, className: "divide", hidden: true,
    "aria-label": texts.stage.divide(name),
  });
  const sheet = element("div", { className: "sheet" }, under, layer, crop, mark);
  const stage = element("div", { className: "stage" }, sheet, slider);
  const note = element("p", { className: "secondary", role: "status" });
  const { width, height } = sizeOf(result);
  stage.style.setProperty("--width", width);
  stage.style.setProperty("--height", height);
  const zoom = zoomOf(stage, sheet);

  const state = { view: result.status === "empty" ? "overlay" : chosen.view, isOpen: true };
  const display = (image, blob) => {
    URL.revokeObjectURL(image.src);
    if (state.isOpen) image.src = URL.createObjectURL(blob);
  };

  const show = async () => {
    const view = state.isEditing ? "overlay" : state.view;
    const request = {}; // another one follows if the user chooses another view, or leaves a face out
    state.request = request;
    stage.dataset.view = view;
    over.alt = texts.stage.image(name, texts.stage.views[view].toLowerCase());
    try {
      const { blob, box } = await load(view);
      if (state.request !== request) return;
      [over, crop].forEach((part) => place(part, box, width, height));
      crop.hidden = box.join() === [0, 0, width, height].join();
      display(over, blob);
      setText(note, "");
    } catch (error) {
      if (state.request === request) setText(note, error.message); // for example, a newer upload replaced it
    }
  };
  over.addEventListener("error", () => setText(note, texts.stage.noOriginal)); // for example, a TIFF
  const views = radios(texts.stage.view(name), `view-${count}`, texts.stage.views, (view) => {
    chosen.view = state.view = view;
    show();
  });
  views.check(state.view);

  const showGround = (ground) => { stage.dataset.ground = chosen.ground = ground; };
  const grounds = radios(texts.stage.ground(name), `ground-${count}`, texts.stage.grounds, showGround);
  grounds.check(chosen.ground);
  showGround(chosen.ground);

  const divide = () => stage.style.setProperty("--cut", `${slider.value}%`);
  slider.addEventListener("input", divide);
  const setComparing = async (isComparing) => {
    compare.setAttribute("aria-pressed", isComparing);
    stage.classList.toggle("divided", isComparing);
    under.hidden = slider.hidden = !isComparing;
    if (!isComparing) return;
    zoom.fit();
    slider.value = MIDDLE;
    divide();
    try {
      if (!under.src) display(under, (await load("original")).blob);
    } catch (error) {
      setText(note, error.message);
    }
  };
  const compare = element("button", {
    type: "button", className: "choice", "aria-pressed": false,
    onclick: () => setComparing(compare.getAttribute("aria-pressed") === "false"),
  }, texts.stage.compare);
  under.addEventListener("error", () => {
    setComparing(false);
    setText(note, texts.stage.noOriginal);
  });

  show();
  const controls = element("div", { className: "controls" }, views.element, grounds.element, compare);
  return {
    element: element("div", { className: "viewer" }, stage, controls, note),
    stage,
    sheet,
    zoom,
    width,
    height,
    setEditing(isOn) {
      if (Boolean(state.isEditing) === isOn) return;
      state.isEditing = isOn;
      controls.hidden = isOn;
      setComparing(false);
      show();
    },
    highlight: (instance) => {
      mark.hidden = !instance;
      if (instance) place(mark, instance.box, width, height);
    },
    reload: show,
    release: () => {
      state.isOpen = false;
      [under, over].forEach((image) => URL.revokeObjectURL(image.src));
    },
  };
}

/** Places an element on the sheet at a box of the picture. */
function place(part, [x0, y0, x1, y1], width, height) {
  const edges = { left: x0 / width, top: y0 / height, width: (x1 - x0) / width, height: (y1 - y0) / height };
  for (const [name, share] of Object.entries(edges)) part.style[name] = `${share * 100}%`;
}
