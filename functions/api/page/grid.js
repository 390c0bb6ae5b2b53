// Keyboard in a grid of tiles. Each item of the list has a button `.open` and may have others. Only one
// item is in the tab order; arrow keys, Home and End move to another.
// https://www.w3.org/WAI/ARIA/apg/practices/keyboard-interface/#kbd_roving_tabindex

const shownItems = (list) => [...list.children].filter((item) => !item.hidden);
const opener = (item) => item.querySelector(".open");

/** Makes a list navigable by keys. The Delete key calls `remove` with the item, if given. */
export function navigateByKeys(list, remove = () => {}) {
  list.addEventListener("focusin", ({ target }) => setCurrent(list, target.closest("li")));
  list.addEventListener("keydown", (event) => {
    const { key, target } = event;
    if (!target.matches(".open") || event.ctrlKey || event.metaKey || event.altKey) return;
    const items = shownItems(list);
    const index = items.indexOf(target.closest("li"));
    if (key === "Delete") remove(items[index]);
    const next = items[destination(key, index, items)];
    if (!next) return;
    event.preventDefault(); // the page must not scroll
    opener(next).focus();
  });
}

function destination(key, index, items) {
  const row = items.findIndex(({ offsetTop }) => offsetTop > items[0].offsetTop);
  const columns = row < 0 ? items.length : row;
  const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }[key];
  return step ? index + step : { Home: 0, End: items.length - 1 }[key];
}

/** Ensures that one of the shown items is in the tab order. It must be called when items change. */
export function updateTabOrder(list) {
  const items = shownItems(list);
  setCurrent(list, items.find((item) => opener(item)?.tabIndex === 0) ?? items[0]);
}

/** Puts items of the list in this order, before all others. The focus stays on its element. */
export function arrangeItems(list, items) {
  const focused = document.activeElement;
  items.forEach((item, index) => {
    if (list.children[index] !== item) list.insertBefore(item, list.children[index] ?? null);
  });
  if (document.activeElement !== focused && focused.isConnected) focused.focus(); // it was moved
  updateTabOrder(list);
}

function setCurrent(list, current) {
  for (const item of list.children) {
    const tabIndex = item === current ? 0 : -1;
    if (opener(item)?.tabIndex === tabIndex && item !== current) continue;
    item.querySelectorAll("a, button, input").forEach((control) => { control.tabIndex = tabIndex; });
  }
}

/** Focuses an item of the list. */
export function focusItem(item) {
  opener(item).focus();
}

/** Removes an item. If it has the focus, the next item gets it, or else the one before; null if none is left. */
export function removeItem(list, item) {
  const items = shownItems(list);
  const index = items.indexOf(item);
  const next = items[index + 1] ?? items[index - 1] ?? null;
  const hadFocus = item.contains(document.activeElement);
  item.remove();
  updateTabOrder(list);
  if (hadFocus && next) focusItem(next);
  return next;
}
