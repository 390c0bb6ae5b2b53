// A tile of a grid: thumbnail, name, badges. It is created once and updated in place, so it keeps its focus.

import { element, setText } from "./dom.js";
import { badge, reviewBadge } from "./result/describe.js";
import { thumbnail } from "./thumbnails.js";

/**
 * Returns a tile:
 *   item               the list item
 *   showPicture(load, side) as that of `thumbnail`
 *   update(fields)     shows name, title (the complete name; without it, the name), state (null for none), toReview, description, error, progress (0..1;
 *                      null for none, NaN if unknown), and whether the tile `canOpen`
 * `open()` is called when the user opens it. `actions` are more buttons.
 */
export function createTile(open, ...actions) {
  const { element: frame, show: showPicture } = thumbnail();
  const name = element("span", { className: "name" });
  const badges = element("span", { className: "badges" });
  const description = element("span", { className: "description secondary" });
  const button = element("button", { type: "button", className: "open", onclick: open }, frame, name, badges, description);
  const bar = element("progress", { hidden: true });
  const alert = element("p", { className: "error", role: "alert" });
  const item = element("li", { className: "tile" }, button, bar, alert, element("div", { className: "actions" }, ...actions));
  const update = (fields) => {
    setText(name, fields.name);
    name.title = fields.title ?? fields.name; // a long name is cut
    badges.replaceChildren(...[fields.state && badge(fields.state), reviewBadge(fields.toReview)].filter(Boolean));
    setText(description, fields.description ?? "");
    setText(alert, fields.error ?? "");
    button.disabled = fields.canOpen === false;
    bar.hidden = fields.progress === null || fields.progress === undefined;
    bar.setAttribute("aria-label", fields.name);
    if (Number.isNaN(fields.progress)) bar.removeAttribute("value");
    else if (!bar.hidden) bar.value = fields.progress;
    item.dataset.state = fields.state ?? "";
  };
  return { item, showPicture, update };
}
