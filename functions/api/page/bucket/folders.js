// The path to the folder that is shown, and tiles of its sub-folders.

import { byId, element, setText } from "../dom.js";
import { arrangeItems } from "../grid.js";
import { texts } from "../texts.js";
import { addressOf } from "./address.js";

/** Shows the path to a folder as links. The last one is the folder itself. */
export function showPath(folder) {
  const names = folder.split("/").slice(0, -1);
  const links = [link("", texts.bucket.top), ...names.map((name, index) => link(`${names.slice(0, index + 1).join("/")}/`, name || "/"))];
  links.at(-1).setAttribute("aria-current", "page");
  byId("path").replaceChildren(...links.map((item) => element("li", {}, item)));
}

/** Focuses the folder itself in its path. */
export const focusPath = () => byId("path").querySelector("[aria-current]").focus();

const link = (folder, label) => element("a", { href: addressOf(folder) }, label);

const tiles = new Map(); // by the name of the folder

/** Updates the tiles, so that they are those of these sub-folders. */
export function showFolders(folders, parent) {
  const list = byId("folders");
  for (const [folder, item] of tiles) {
    if (!folders.includes(folder)) {
      item.remove();
      tiles.delete(folder);
    }
  }
  for (const folder of folders) {
    if (!tiles.has(folder)) tiles.set(folder, createTile(folder));
    setText(tiles.get(folder).querySelector(".name"), folder.slice(parent.length, -1) || "/");
  }
  list.hidden = !folders.length;
  arrangeItems(list, folders.map((folder) => tiles.get(folder)));
}

function createTile(folder) {
  const name = element("span", { className: "name" });
  return element("li", { className: "tile folder" }, element("a", { className: "open", href: addressOf(folder), title: folder }, name));
}
