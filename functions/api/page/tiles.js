// Tiles of uploads: thumbnail, name, state.

import { showDetails, updateDetails, picture } from "./details.js";
import { bytes, element } from "./dom.js";
import { badge, reviewBadge } from "./results.js";

/** Longest side of a thumbnail, in pixels. Chosen by hand: a tile is 176 CSS pixels wide or more. */
const SIDE = 320;

/** Distance from the screen at which a thumbnail is loaded. Chosen by hand: about one row of tiles. */
const LOAD_MARGIN = "200px";

/** Returns a tile without an upload. */
export const emptyTile = () => ({ item: element("li", {}), state: "", generation: null });

/** Updates a tile if its upload has changed. */
export function update(tile, upload) {
  const { state, generation, to_review } = upload;
  if (tile.state === state && tile.generation === generation && tile.to_review === to_review) return;
  Object.assign(tile, { state, generation, to_review });
  fill(tile.item, upload);
  updateDetails(upload);
}

function fill(item, upload) {
  const label = element("span", { className: "name" }, upload.name);
  const description = element("span", { className: "secondary" }, `${bytes(upload.size)} · ${new Date(upload.updated).toLocaleString()}`);
  const open = element(
    "button", { type: "button", className: "tile", onclick: () => showDetails(upload) },
    thumbnail(upload), label, badge(upload.state), reviewBadge(upload.to_review), description,
  );
  const hadFocus = item.querySelector("button") === document.activeElement;
  item.replaceChildren(open);
  if (hadFocus) open.focus();
}

const visibility = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) {
    if (!isIntersecting) continue;
    visibility.unobserve(target);
    target.loadPicture();
  }
}, { rootMargin: LOAD_MARGIN });

/** Returns an element whose picture is loaded when it comes near the screen. */
function thumbnail(upload) {
  const frame = element("span", { className: "thumb secondary" });
  if (upload.state === "rejected") {
    frame.append("no preview");
    return frame;
  }
  const revoke = () => URL.revokeObjectURL(image.src);
  const image = element("img", { alt: "", onload: revoke, onerror: revoke });
  const hasPictures = ["segmented", "degraded", "empty"].includes(upload.state);
  frame.loadPicture = async () => {
    try {
      image.src = URL.createObjectURL(await picture(upload, hasPictures ? "overlay.png" : "original", SIDE));
      frame.replaceChildren(image);
    } catch {
      frame.replaceChildren("no preview"); // not an image, or replaced by a newer upload
    }
  };
  visibility.observe(frame);
  return frame;
}
