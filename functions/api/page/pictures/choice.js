// Which of the faces and hands stay: options of the detection with defaults of the service.

import { element } from "../dom.js";
import { fold, lengthField, row, selection, slider } from "../fields.js";
import { texts } from "../texts.js";

/** Limits of the slider. Those of the API are wider in pixels. Chosen by hand: larger ones are given in per cent. */
const SIZES = { px: [0, 500], "%": [0, 100] };

/** Returns the controls: `element`, `read()` and `differences()`. `about` is the description of the service. */
export function choiceControls(about) {
  const score = slider(texts.choice.minScore, { min: 0, max: 1, step: 0.01 }, (value) => value.toFixed(2));
  const size = lengthField(texts.choice.minSize, SIZES);
  const most = element("input", { type: "number", min: 1, max: about.max_instances, required: true });
  const order = selection(texts.choice.orders);
  const fields = [score.element, size.element, row(texts.choice.most, most), row(texts.choice.order, order)];
  const folded = fold(texts.choice.title, fields, reset);

  /** A number that is not valid, or none, counts as the default. */
  const limit = () => String(most.validity.valid ? most.valueAsNumber : about.max_instances);
  const read = () => ({
    min_score: String(score.read()),
    min_size: size.read(),
    max_instances: limit(),
    instance_order: order.value,
  });

  function differences() {
    const { min_score: least, min_size: smallest, max_instances: count, instance_order: by } = read();
    return [
      Number(least) !== about.min_score && texts.choice.scoring(Number(least)),
      smallest !== about.min_size && texts.choice.larger(smallest),
      Number(count) !== about.max_instances && texts.choice.atMost(Number(count)),
      by !== about.instance_order && texts.choice.by(by),
    ].filter(Boolean);
  }

  function show() {
    score.show(about.min_score);
    size.show(about.min_size);
    most.value = about.max_instances;
    order.value = about.instance_order;
    folded.update(differences());
  }

  function reset() {
    show();
    folded.element.dispatchEvent(new Event("input", { bubbles: true })); // the form reads the options again
  }

  folded.element.addEventListener("input", () => folded.update(differences()));
  show();
  return { element: folded.element, read, differences };
}
