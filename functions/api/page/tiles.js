// Tiles of uploads: a small picture, the name, what became of it.

import { bytes, element } from "./dom.js";
import { look, lookAgain, picture } from "./look.js";
import { badge, reviewBadge } from "./results.js";

const SIDE = 320;

/** A tile without an upload yet. */
export const emptyTile = () => ({ item: element("li", {}), state: "", generation: null });

/** Brings a tile in line with its upload; one that stays the same is left alone. */
export function update(tile, upload) {
  const { state, generation, to_review } = upload;
  if (tile.state === state && tile.generation === generation && tile.to_review === to_review) return;
  Object.assign(tile, { state, generation, to_review });
  fill(tile.item, upload);
  lookAgain(upload);
}

function fill(item, upload) {
  const label = element("span", { className: "name" }, upload.name);
  const told = element("span", { className: "quiet" }, `${bytes(upload.size)} · ${new Date(upload.updated).toLocaleString()}`);
  const open = element(
    "button", { type: "button", className: "tile", onclick: () => look(upload) },
    thumbnail(upload), label, badge(upload.state), reviewBadge(upload.to_review), told,
  );
  const before = item.querySelector("button") === document.activeElement;
  item.replaceChildren(open);
  if (before) open.focus();
}

const seen = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) {
    if (!isIntersecting) continue;
    seen.unobserve(target);
    target.fetchPicture();
  }
}, { rootMargin: "200px" });

/** A place for a small picture, which is fetched once it comes near the screen. */
function thumbnail(upload) {
  const place = element("span", { className: "thumb quiet" });
  if (upload.state === "rejected") {
    place.append("no preview");
    return place;
  }
  const revoke = () => URL.revokeObjectURL(image.src);
  const image = element("img", { alt: "", onload: revoke, onerror: revoke });
  const hasPictures = ["segmented", "degraded", "empty"].includes(upload.state);
  place.fetchPicture = async () => {
    try {
      image.src = URL.createObjectURL(await picture(upload, hasPictures ? "overlay.png" : "original", SIDE));
      place.replaceChildren(image);
    } catch {
      place.replaceChildren("no preview"); // no image, or replaced meanwhile
    }
  };
  seen.observe(place);
  return place;
}
