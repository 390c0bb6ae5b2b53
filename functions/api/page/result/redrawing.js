// The controls beside a result that draw its masks and cutouts in another way.

import { drawingControls } from "../drawing.js";
import { texts } from "../texts.js";

/** Whether the controls are unfolded. It holds for the next picture, too. */
let isOpen = false;

/**
 * Returns the controls of a source: `element`, and `update()`, which must be called when its result has changed. One
 * request runs at a time. After it, there is one for what the user has chosen meanwhile.
 */
export function redrawingControls(source) {
  let isRunning = false;
  let isMoving = false; // a slider has moved and is not released
  let next = null;

  async function redraw(drawing) {
    next = { drawing };
    if (isRunning) return;
    isRunning = true;
    controls.note(texts.drawing.busy);
    try {
      while (next) {
        const { drawing: wanted } = next;
        next = null;
        await source.redraw(wanted);
      }
      controls.note("");
    } catch (error) {
      next = null;
      controls.note(error.message, "error");
    }
    isRunning = false;
    update();
  }

  const controls = drawingControls(() => redraw(null));
  const { element } = controls;
  element.addEventListener("input", () => { isMoving = true; });
  element.addEventListener("change", () => {
    isMoving = false;
    redraw(controls.read());
  });
  element.open = isOpen;
  element.addEventListener("toggle", () => { isOpen = element.open; });

  function update() {
    element.hidden = !source.edits() || !source.result()?.instances.length;
    if (!isRunning && !isMoving) controls.show(source.drawing, source.ownDrawing !== null);
  }
  update();
  return { element, update };
}
