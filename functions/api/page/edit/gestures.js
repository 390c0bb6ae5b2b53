// Gestures on the stage: clicks, boxes, zoom and pan, by mouse, pen and touch.

/** Pixels of the window that a pointer may move in a click. Chosen by hand: fingers are not steady. */
const STEADY = { mouse: 4, pen: 6, touch: 10 };
/** Factor of a wheel event's pixel, as an exponent of e. Chosen by hand. */
const WHEEL = 0.0018;
const MIDDLE_BUTTON = 1;
const RIGHT_BUTTON = 2;

/**
 * Recognises gestures on an element. Points are in pixels of the window.
 *   isEditing()                 whether clicks and boxes are wanted; otherwise a drag pans
 *   click(point, { isMinus })   a click or a tap; `isMinus`: with the right button or Alt
 *   drag(from, to)              a box is being drawn
 *   box(from, to)               it is finished
 *   cancel()                    it is not: a second finger has come
 *   zoom                        the zoom (zoom.js)
 */
export function recogniseGestures(target, { isEditing, click, drag, box, cancel, zoom }) {
  const pointers = new Map(); // by their ids
  let gesture = null; // { kind: "press" | "box" | "pan" | "pinch", from, button, type, isAlt }

  const point = ({ clientX, clientY }) => ({ x: clientX, y: clientY });
  const distance = (a, b) => Math.hypot(a.x - b.x, a.y - b.y);

  target.addEventListener("pointerdown", (event) => {
    if (event.target.matches("input")) return; // the slider
    pointers.set(event.pointerId, point(event));
    target.setPointerCapture(event.pointerId);
    if (pointers.size === 2) {
      if (gesture?.kind === "box") cancel();
      gesture = { kind: "pinch" };
      return;
    }
    const isPan = event.button === MIDDLE_BUTTON || !isEditing();
    if (isPan) event.preventDefault(); // the middle button would scroll
    gesture = { kind: isPan ? "pan" : "press", from: point(event), button: event.button, type: event.pointerType, isAlt: event.altKey };
  });

  target.addEventListener("pointermove", (event) => {
    const before = pointers.get(event.pointerId);
    if (!before) return;
    const now = point(event);
    if (gesture?.kind === "pinch") pinch(event.pointerId, now);
    else if (gesture?.kind === "pan") zoom.pan(now.x - before.x, now.y - before.y);
    else if (gesture) draw(now);
    pointers.set(event.pointerId, now);
  });

  function pinch(id, now) {
    const [[, other]] = [...pointers].filter(([otherId]) => otherId !== id);
    const before = pointers.get(id);
    const middle = { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 };
    zoom.by(distance(now, other) / Math.max(1, distance(before, other)), middle.x, middle.y);
    zoom.pan((now.x - before.x) / 2, (now.y - before.y) / 2);
  }

  function draw(now) {
    const isDrag = distance(gesture.from, now) > (STEADY[gesture.type] ?? STEADY.mouse);
    if (gesture.kind === "press" && isDrag && gesture.button !== RIGHT_BUTTON) gesture.kind = "box";
    if (gesture.kind === "box") drag(gesture.from, now);
  }

  target.addEventListener("pointerup", (event) => {
    if (!pointers.delete(event.pointerId)) return;
    const now = point(event);
    const ended = gesture;
    if (!pointers.size) gesture = null;
    if (ended?.kind === "box") box(ended.from, now);
    else if (ended?.kind === "press") click(ended.from, { isMinus: ended.button === RIGHT_BUTTON || ended.isAlt });
  });

  target.addEventListener("pointercancel", (event) => {
    pointers.delete(event.pointerId);
    if (gesture?.kind === "box") cancel();
    if (!pointers.size) gesture = null;
  });

  target.addEventListener("dragstart", (event) => event.preventDefault()); // browsers drag images
  target.addEventListener("contextmenu", (event) => isEditing() && event.preventDefault());
  target.addEventListener("wheel", (event) => {
    event.preventDefault();
    const pixels = event.deltaMode === WheelEvent.DOM_DELTA_PIXEL ? event.deltaY : event.deltaY * 20;
    zoom.by(Math.exp(-pixels * WHEEL), event.clientX, event.clientY);
  }, { passive: false });
}
