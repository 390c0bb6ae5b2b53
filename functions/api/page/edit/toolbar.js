// The tools above the stage.

import { element, iconButton, setText } from "../dom.js";
import { radios } from "../radios.js";
import { texts } from "../texts.js";

const ZOOM = 1.5;

/** Returns the elements of the toolbar of an editor, and a function that updates them. */
export function toolbarOf(editor) {
  const correct = element("button", { type: "button", className: "choice", onclick: editor.toggle }, texts.edit.correct);
  const labels = radios(texts.edit.label, "edit-label", texts.edit.labels, editor.setLabel);
  const signs = radios(texts.edit.sign, "edit-sign", texts.edit.signs, (sign) => editor.setMinus(sign === "minus"));
  const remove = element("button", { type: "button", className: "small", onclick: editor.remove }, texts.edit.remove);
  const done = element("button", { type: "button", className: "small", onclick: editor.deselect }, texts.edit.done);
  const undo = iconButton("undo", texts.edit.undo, editor.undo);
  const redo = iconButton("redo", texts.edit.redo, editor.redo);
  const slider = element("input", { type: "range", min: 0, max: 1, step: 0.01, "aria-label": texts.edit.threshold });
  const sliderValue = element("output", {});
  const threshold = element("label", { className: "field" }, texts.edit.threshold, slider, sliderValue);
  const zooms = element("span", { className: "zooms" },
    iconButton("zoom-out", texts.edit.zoomOut, () => editor.zoom.by(1 / ZOOM)),
    element("button", { type: "button", className: "small", "aria-label": texts.edit.zoomFit, onclick: editor.zoom.fit }, texts.edit.fit),
    iconButton("zoom-in", texts.edit.zoomIn, () => editor.zoom.by(ZOOM)),
  );
  const save = element("button", { type: "button", className: "small primary", onclick: editor.save }, texts.edit.save);
  const hint = element("p", { className: "secondary hint-line", role: "status" });
  const problem = element("p", { className: "error", role: "alert", hidden: true });

  slider.addEventListener("input", () => editor.previewThreshold(Number(slider.value)));
  slider.addEventListener("change", () => editor.applyThreshold(Number(slider.value)));

  function update() {
    const { isOn, isBusy, error, selected, label, isMinus, canUndo, canRedo, scores, threshold: moving, canSave } = editor.state();
    save.hidden = !canSave || !canUndo;
    save.disabled = isBusy;
    correct.setAttribute("aria-pressed", isOn);
    labels.element.hidden = !isOn || Boolean(selected);
    signs.element.hidden = remove.hidden = done.hidden = !isOn || !selected;
    undo.hidden = redo.hidden = !isOn;
    undo.disabled = !canUndo;
    redo.disabled = !canRedo;
    labels.check(label);
    signs.check(isMinus ? "minus" : "plus");
    const isUseful = scores.some((score) => score < 1);
    threshold.hidden = !isOn || !isUseful;
    if (moving === null && document.activeElement !== slider) slider.value = Math.min(...scores);
    setText(sliderValue, Number(slider.value).toFixed(2));
    hint.hidden = !isOn;
    setText(hint, isBusy ? texts.edit.busy : selected ? texts.edit.refine(selected.id) : texts.edit.hint);
    problem.hidden = !error;
    setText(problem, error ?? "");
  }

  return { elements: [correct, labels.element, signs.element, remove, done, undo, redo, zooms, threshold, save, hint, problem], update };
}
