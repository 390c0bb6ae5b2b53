// The options with which masks and cutouts are drawn, for all pictures and for one of them.

import { fold, lengthField, row, slider } from "./fields.js";
import { radios } from "./radios.js";
import { texts } from "./texts.js";

/** The API's defaults (shared/schemas/drawing.py). */
export const DEFAULT = { mask_grow: "0", mask_feather: "0", cutout: "canvas", cutout_padding: "0" };

/**
 * Limits of the sliders. Those of the API are wider in pixels (500). Chosen by hand: on a slider of that length,
 * single pixels could not be set; more is given in per cent.
 */
const GROW = { px: [-50, 50], "%": [-50, 50] };
const PADDING = { px: [0, 200], "%": [0, 100] };
const FEATHER = { min: 0, max: 100 };

let count = 0;

/**
 * Returns the controls: `element`, `read()`, `show(drawing, canReset)`, and `note` of the fold (fields.js). Events
 * "input" and "change" of the element say that the user has changed an option. `reset()` is called by the button.
 */
export function drawingControls(reset) {
  count += 1;
  const grow = lengthField(texts.drawing.grow, GROW);
  const feather = slider(texts.drawing.feather, FEATHER, texts.fields.pixels);
  const shape = radios(texts.drawing.cutout, `cutout-${count}`, texts.drawing.shapes, () => {});
  const padding = lengthField(texts.drawing.padding, PADDING);
  const fields = [grow.element, feather.element, row(texts.drawing.cutout, shape.element), padding.element];
  const folded = fold(texts.drawing.title, fields, reset);

  const read = () => ({
    mask_grow: grow.read(),
    mask_feather: String(feather.read()),
    cutout: shape.read(),
    cutout_padding: padding.read(),
  });
  const update = (canReset) => {
    const drawing = read();
    padding.element.hidden = drawing.cutout === "canvas";
    folded.update(differences(drawing), canReset);
  };
  folded.element.addEventListener("input", () => update());
  return {
    element: folded.element,
    note: folded.note,
    read,
    show(drawing, canReset) {
      grow.show(drawing.mask_grow);
      feather.show(drawing.mask_feather);
      shape.check(drawing.cutout);
      padding.show(drawing.cutout_padding);
      update(canReset);
    },
  };
}

/** Returns the fields of a request that say how masks and cutouts are drawn. */
export const drawingOf = (fields) => Object.fromEntries(Object.keys(DEFAULT).map((name) => [name, fields[name]]));

/** Returns how a drawing differs from the default, in words. */
export function differences({ mask_grow: grow, mask_feather: feather, cutout, cutout_padding: padding }) {
  return [
    Number.parseFloat(grow) !== 0 && texts.drawing.grown(grow),
    Number(feather) !== 0 && texts.drawing.feathered(feather),
    cutout !== DEFAULT.cutout && texts.drawing.cropped(cutout, padding),
  ].filter(Boolean);
}
