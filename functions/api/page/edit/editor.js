// The editor: a person corrects a result on the stage. Clicks and boxes become prompts, and the service
// answers with the new masks.

import { renamed } from "./edits.js";
import { recogniseGestures } from "./gestures.js";
import { useKeys } from "./keys.js";
import { marksOf } from "./marks.js";
import { instanceAt } from "./masks.js";

/** The user's last choices. They hold for the next picture, too. */
const chosen = { label: "face", isMinus: false, isOn: false };

/**
 * Returns the editor of the viewer's picture:
 *   state()         { isOn, isBusy, error, selected, label, isMinus, canUndo, canRedo, scores, threshold } for the toolbar
 *   update(source, result)  the result has changed
 *   and the actions of the toolbar and of keys
 * `changed()` is called when the state has changed.
 */
export function editorOf(source, result, viewer, changed) {
  const { stage, zoom, width, height } = viewer;
  const marks = marksOf(width, height);
  viewer.sheet.append(marks.element);
  let selectedId = null;
  let busy = 0;
  let error = null;
  let threshold = null; // while the slider moves

  let last = source.edits();
  const edits = () => (last = source.edits() ?? last); // there are none while the picture is run again
  const prompts = () => edits().current;
  const selected = () => prompts().find(({ id }) => id && id === selectedId) ?? null;
  const hiddenBy = (limit) => ({ score }) => limit !== null && score < limit;

  function draw() {
    stage.classList.toggle("editing", chosen.isOn);
    stage.tabIndex = chosen.isOn ? 0 : -1;
    const isHidden = hiddenBy(threshold);
    const shown = new Set(prompts().filter((prompt) => !isHidden(prompt)).map(({ id }) => id));
    const added = threshold === null ? [] : others().filter((prompt) => !isHidden(prompt));
    marks.show({
      instances: chosen.isOn ? result.instances.filter(({ id }) => shown.has(id)) : [],
      selected: chosen.isOn ? selected() : null,
      candidates: chosen.isOn ? [...(threshold === null ? edits().candidates.filter(isNew) : added)] : [],
    });
    viewer.setEditing(chosen.isOn);
    changed();
  }

  const others = () => edits().pool.filter(isNew);
  const isNew = (prompt) => !prompts().some(({ polygon }) => JSON.stringify(polygon) === JSON.stringify(prompt.polygon));

  /** Sends the current prompts. A newer correction replaces a running one. */
  async function send(select = null) {
    busy += 1;
    error = null;
    const known = new Set(prompts().map(({ id }) => id));
    draw();
    try {
      await source.correct(prompts());
      if (select === "new") selectedId = null;
      else if (select) selectedId = select;
      if (!known.has(selectedId)) selectedId = null;
    } catch (failure) {
      if (failure.name !== "AbortError") {
        error = failure.message;
        edits().undo();
      }
    } finally {
      busy -= 1;
      draw();
    }
  }

  /** Does something at the service, and shows its error. */
  async function attempt(work) {
    busy += 1;
    error = null;
    changed();
    try {
      await work();
    } catch (failure) {
      error = failure.message;
    } finally {
      busy -= 1;
      draw();
    }
  }

  function apply(next, select) {
    edits().apply(next);
    send(select);
  }

  /** A click on the picture, at a pixel. */
  function click({ x, y }, { isMinus }) {
    const pixel = [Math.floor(x), Math.floor(y)];
    if (pixel[0] < 0 || pixel[1] < 0 || pixel[0] >= width || pixel[1] >= height) return;
    const target = selected();
    if (target) {
      const point = [...pixel, isMinus || chosen.isMinus ? 0 : 1];
      apply(prompts().map((prompt) => (prompt === target ? { ...prompt, clicks: [...(prompt.clicks ?? []), point] } : prompt)), target.id);
      return;
    }
    const found = instanceAt(result.instances, x, y);
    if (found) {
      select(found.id);
      return;
    }
    const candidate = edits().candidates.filter(isNew).find(({ polygon }) => isInside(polygon, x, y));
    if (candidate) apply([...prompts(), renamed(candidate, prompts())], "new");
    else apply([...prompts(), { label: chosen.label, points: [[...pixel, 1]] }], "new");
  }

  function box(from, to) {
    marks.drawBox(null);
    const [x0, x1] = [from.x, to.x].sort((a, b) => a - b).map((x) => Math.round(Math.min(width, Math.max(0, x))));
    const [y0, y1] = [from.y, to.y].sort((a, b) => a - b).map((y) => Math.round(Math.min(height, Math.max(0, y))));
    if (x1 - x0 < 2 || y1 - y0 < 2) return;
    apply([...prompts(), { label: chosen.label, box: [x0, y0, x1, y1] }], "new");
  }

  function select(id) {
    selectedId = id;
    draw();
  }

  const toImage = ({ x, y }) => {
    const bounds = viewer.sheet.getBoundingClientRect();
    return { x: ((x - bounds.left) / bounds.width) * width, y: ((y - bounds.top) / bounds.height) * height };
  };
  const asBox = (from, to) => [Math.min(from.x, to.x), Math.min(from.y, to.y), Math.max(from.x, to.x), Math.max(from.y, to.y)];

  recogniseGestures(stage, {
    isEditing: () => chosen.isOn,
    click: (point, how) => click(toImage(point), how),
    drag: (from, to) => marks.drawBox(asBox(toImage(from), toImage(to))),
    box: (from, to) => box(toImage(from), toImage(to)),
    cancel: () => marks.drawBox(null),
    zoom,
  });

  const editor = {
    state: () => ({
      ...chosen,
      isBusy: busy > 0,
      error,
      selected: selected(),
      canUndo: edits().past.length > 0,
      canRedo: edits().future.length > 0,
      scores: edits().pool.map(({ score }) => score ?? 1),
      threshold,
      canSave: Boolean(source.save),
    }),
    update(nextResult) {
      result = nextResult;
      draw();
    },
    toggle() {
      chosen.isOn = !chosen.isOn;
      selectedId = null;
      draw();
      if (chosen.isOn) stage.focus({ preventScroll: true });
    },
    select,
    deselect: () => select(null),
    setLabel(label) {
      chosen.label = label;
      changed();
    },
    setMinus(isMinus) {
      chosen.isMinus = isMinus;
      changed();
    },
    remove() {
      const target = selected();
      if (target) apply(prompts().filter((prompt) => prompt !== target), "new");
    },
    /** Saves the correction where the result is stored. */
    save: () => attempt(() => source.save()),
    undo: () => edits().undo() && send(),
    redo: () => edits().redo() && send(),
    /** Shows what a threshold would leave, while the slider moves. */
    previewThreshold(limit) {
      threshold = limit;
      draw();
    },
    /** Leaves everything out that scores less, and takes in what scores more. */
    applyThreshold(limit) {
      threshold = null;
      const isHidden = hiddenBy(limit);
      const kept = prompts().filter((prompt) => !isHidden(prompt));
      const next = others().filter((prompt) => !isHidden(prompt)).reduce((all, prompt) => [...all, renamed(prompt, all)], kept);
      if (next.length === prompts().length && next.every((prompt, index) => prompt === prompts()[index])) draw();
      else apply(next, null);
    },
    zoom,
    click,
    box,
  };
  useKeys(stage, editor, { width, height, isOn: () => chosen.isOn, marks, asBox });
  draw();
  return editor;
}

/** Whether a point is in a polygon, by the even-odd rule. */
function isInside(polygon, x, y) {
  return polygon.reduce((inside, [x0, y0], index) => {
    const [x1, y1] = polygon[(index + 1) % polygon.length];
    return y0 > y !== y1 > y && x < ((x1 - x0) * (y - y0)) / (y1 - y0) + x0 ? !inside : inside;
  }, false);
}
