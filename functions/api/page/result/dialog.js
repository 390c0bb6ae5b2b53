// The dialog: one picture fills the window. It knows neither where results come from nor how the stage
// draws them.
//
// A source is an object that describes a picture and its result:
//   name         its name; unique in its list
//   state        a key of texts.states
//   activity     a sentence about the work in progress, or null
//   error        a sentence about what went wrong, or null
//   leftOut      a Set of the ids of instances that are left out of its files
//   result()     the result, or a promise of it; null if there is none. It may be outdated while `activity` is set.
//   view(view)   "cutout", "overlay", "mask" or "original" as a promise of a Blob, perhaps scaled down
//   file(name)   the file of this name, such as "face-1/mask.png", as a promise of a Blob
//   frames       the number of frames and the one that is shown, or null; then it has chooseFrame(number)
//   edits()      the corrections of the result (edit/edits.js), or null if it cannot be corrected
//   correct(prompts)  gets the masks of these prompts; the promise resolves when there is a new result
// and, if it can be drawn in another way:
//   drawing          how its masks and cutouts are drawn (drawing.js)
//   ownDrawing       the same if it is that of this source alone, else null
//   redraw(drawing)  draws them in another way, with null as all others; the promise resolves when there is a new result
// and, if it can be exported with its picture:
//   original         the picture, as a File
// and, if a person can mark it:
//   isChecked        whether a person has checked the result
//   check(isChecked) marks it, or no longer; perhaps a promise
//
// A list is where sources are shown: `sources()` returns them in order, `focus(source)` focuses one when the dialog is
// closed.

import { byId, setText } from "../dom.js";
import { editorOf } from "../edit/editor.js";
import { toolbarOf } from "../edit/toolbar.js";
import { texts } from "../texts.js";
import { hasPictures } from "./describe.js";
import { resultPart, statusPart } from "./panel.js";
import { redrawingControls } from "./redrawing.js";
import { selectedView } from "./selection.js";
import { viewer } from "./viewer.js";

/** What the dialog shows: source, list, result and its viewer; null if the dialog is closed. */
let shown = null;

/** Initialises the dialog. It must be called once. */
export function begin() {
  const dialog = byId("picture");
  dialog.addEventListener("close", closed);
  dialog.addEventListener("keydown", useKey);
  byId("picture-close").addEventListener("click", () => dialog.close());
  byId("picture-previous").addEventListener("click", () => step(-1));
  byId("picture-next").addEventListener("click", () => step(1));
  byId("picture-check").addEventListener("click", check);
  byId("picture-check").title = texts.dialog.checkKey;
}

/** Opens the dialog. */
export function openDialog(source, list) {
  show(source, list);
  if (!byId("picture").open) byId("picture").showModal();
}

/** Updates the dialog if it shows the source of this name in this list: its state or its result has changed. */
export function updateDialog(source, list) {
  if (shown?.list !== list || shown.source.name !== source.name) return;
  shown.source = source;
  draw();
}

/** Shows another frame of the source. */
export function showFrame(source, list) {
  show(source, list);
  shown.isOtherFrame = true;
}

/** Updates the position in the list if the dialog shows a source of this list: sources were added or removed. */
export function updatePosition(list) {
  if (shown?.list === list) drawPosition();
}

/** Closes the dialog if it shows this source, because it was removed. */
export function closeDialog(source, list) {
  if (shown?.list === list && shown.source === source) byId("picture").close();
}

function show(source, list) {
  shown?.viewer?.release();
  shown = { source, list, result: null, viewer: null, editor: null, redrawing: null, error: null };
  byId("picture-tools").replaceChildren();
  byId("picture-stage").replaceChildren();
  byId("picture-drawing").replaceChildren();
  byId("picture-result").replaceChildren();
  draw();
}

function closed() {
  const { source, list, viewer } = shown;
  viewer?.release();
  shown = null;
  byId("picture-stage").replaceChildren();
  list.focus(source);
}

async function draw() {
  const current = shown;
  const { source } = current;
  setText(byId("picture-title"), source.name);
  drawPosition();
  drawStatus();
  let result = null;
  try {
    result = await source.result();
  } catch (error) {
    current.error = error.message;
  }
  if (shown !== current || current.source !== source) return; // another picture, or a newer result
  if (result !== current.result) drawResult(result);
  drawStatus();
  if (current.isOtherFrame) byId("picture-result").querySelector("[name=frame]")?.focus(); // else keys would go nowhere
  current.isOtherFrame = false;
}

function drawStatus() {
  const { source, result, error } = shown;
  const isLoading = !result && !source.activity && !source.error && !error;
  const activity = isLoading ? texts.activity.loading : source.activity;
  const status = { state: source.state, activity, error: source.error ?? error, isChecked: source.isChecked };
  byId("picture-status").replaceChildren(...statusPart(status, result, Boolean(source.activity && result)));
  shown.redrawing?.update();
  byId("picture-check").hidden = !source.check || !hasPictures(source.state);
  byId("picture-check").setAttribute("aria-pressed", Boolean(source.isChecked));
}

function drawResult(result) {
  const { source } = shown;
  shown.result = result;
  if (source.redraw && result && !shown.redrawing) {
    shown.redrawing = redrawingControls(source);
    byId("picture-drawing").replaceChildren(shown.redrawing.element);
  }
  if (shown.editor && source.edits()) {
    drawCorrected(result);
    return;
  }
  shown.viewer?.release();
  shown.editor = null;
  const load = (view) => selectedView(source, shown.result, view);
  shown.viewer = result && hasPictures(result.status) ? viewer({ name: source.name, result, load }) : null;
  byId("picture-stage").replaceChildren(...[shown.viewer?.element].filter(Boolean));
  byId("picture-result").replaceChildren(...(result ? resultPart(source, result, shown.viewer) : []));
  byId("picture-tools").replaceChildren();
  if (shown.viewer && source.edits()) drawTools(source, result);
}

function drawTools(source, result) {
  let toolbar = null;
  shown.editor = editorOf(source, result, shown.viewer, () => toolbar?.update());
  toolbar = toolbarOf(shown.editor);
  toolbar.update();
  byId("picture-tools").replaceChildren(...toolbar.elements);
}

/** Shows the new result where the old one was: zoom and selection stay. */
function drawCorrected(result) {
  const { source, viewer, editor } = shown;
  viewer.reload();
  editor.update(result);
  byId("picture-result").replaceChildren(...resultPart(source, result, viewer));
}

function neighbours() {
  const sources = shown.list.sources();
  const index = sources.findIndex(({ name }) => name === shown.source.name);
  return { sources, index };
}

function drawPosition() {
  const { sources, index } = neighbours();
  setText(byId("picture-position"), index < 0 ? "" : texts.dialog.position(index + 1, sources.length));
  byId("picture-previous").disabled = !sources[index - 1];
  byId("picture-next").disabled = index < 0 || !sources[index + 1];
}

function step(by) {
  const { sources, index } = neighbours();
  const next = index < 0 ? null : sources[index + by];
  if (!next) return;
  const focused = document.activeElement;
  show(next, shown.list);
  if (focused.disabled || !focused.checkVisibility()) byId("picture-close").focus(); // else keys would go nowhere
}

/** Marks the result as checked, or no longer. */
async function check() {
  const current = shown;
  current.error = null;
  try {
    await current.source.check(!current.source.isChecked);
  } catch (error) {
    current.error = error.message;
  }
  if (shown === current) drawStatus();
}

/** Arrow keys show the next picture, and C marks it as checked, unless the element with the focus uses the key. */
function useKey(event) {
  if (event.defaultPrevented || event.target.matches("input:not([type=checkbox]), textarea, select, .scroll")) return;
  const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  const isCheck = event.key.toLowerCase() === "c" && !event.ctrlKey && !event.metaKey && !event.altKey;
  if (!by && !isCheck) return;
  event.preventDefault();
  if (by) step(by);
  else if (!byId("picture-check").hidden) check();
}
