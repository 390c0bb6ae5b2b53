// Which of the shown uploads are selected: the boxes on their tiles.

import { byId, element } from "../dom.js";
import { texts } from "../texts.js";

const grid = () => byId("tiles");
const boxOf = (item) => item.querySelector(".pick input");
const boxes = () => [...grid().children].map(boxOf);

let anchor = null; // the item at which a range begins
let onChange = () => {};

/** Returns the box of a tile. */
export function pickBox() {
  return element("label", { className: "pick target" }, element("input", { type: "checkbox", tabIndex: -1 }));
}

/** Names the box of a tile for screen readers. */
export const nameBox = (item, name) => boxOf(item).setAttribute("aria-label", texts.selection.one(name));

/** Initialises the selection. `changed()` is called after each change. */
export function begin(changed) {
  onChange = changed;
  grid().addEventListener("click", clicked, { capture: true }); // before the tile opens
  grid().addEventListener("keydown", selectByKey);
  grid().addEventListener("keyup", (event) => isSpace(event) && event.preventDefault()); // some browsers click now
  byId("select-all").addEventListener("change", ({ target }) => selectAll(target.checked));
}

/** Whether an item is selected. */
export const isSelected = (item) => boxOf(item).checked;

/** Shows how many are selected. It must be called when tiles come or go. */
export function update() {
  const all = boxes();
  const count = all.filter(({ checked }) => checked).length;
  byId("select-all-part").hidden = !all.length;
  byId("select-all").checked = count > 0 && count === all.length;
  byId("select-all").indeterminate = count > 0 && count < all.length;
  onChange(count);
}

/** Selects all shown uploads, or none. */
export function selectAll(isOn) {
  boxes().forEach((box) => { box.checked = isOn; });
  update();
}

function clicked(event) {
  const item = event.target.closest("li");
  const isBox = event.target.matches(".pick input");
  const isWithKey = event.shiftKey || event.ctrlKey || event.metaKey;
  if (!isBox && !(isWithKey && event.target.closest(".open"))) return;
  if (!isBox) {
    event.preventDefault();
    event.stopPropagation();
  }
  select(item, isBox ? boxOf(item).checked : event.shiftKey || !boxOf(item).checked, event.shiftKey);
}

/** Selects an item, or removes it from the selection; with `isRange`, all from the one before to it. */
function select(item, isOn, isRange) {
  const items = [...grid().children];
  const [from, to] = [items.indexOf(isRange && anchor?.isConnected ? anchor : item), items.indexOf(item)];
  items.slice(Math.min(from, to), Math.max(from, to) + 1).forEach((each) => { boxOf(each).checked = isOn; });
  anchor = item;
  update();
}

const isSpace = ({ key, target }) => key === " " && target.matches(".open");

function selectByKey(event) {
  const item = event.target.closest("li");
  if (isSpace(event)) select(item, event.shiftKey || !boxOf(item).checked, event.shiftKey);
  else if (event.key === "a" && (event.ctrlKey || event.metaKey)) selectAll(true);
  else if (event.key === "Escape") selectAll(false);
  else return;
  event.preventDefault();
}
