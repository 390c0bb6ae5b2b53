// Tiles of uploads.

import { hasPictures } from "../result/describe.js";
import { openDialog, showFrame, updateDialog } from "../result/dialog.js";
import { texts } from "../texts.js";
import { createTile } from "../tile.js";
import { StoredResult, storedPicture } from "./stored_result.js";

/** Longest side of a thumbnail, in pixels. Chosen by hand: about two for each CSS pixel of a tile. */
const SIDE = 480;

/** Returns a tile without an upload. `list` is where it is shown, as the dialog needs it. */
export function emptyTile(list) {
  const shown = { state: "", upload: null, source: null };
  const tile = createTile(() => openDialog(shown.source, list));
  return Object.assign(shown, { item: tile.item, tile, list });
}

/** Updates a tile if its upload has changed. `label` is its name on the tile. */
export function update(shown, upload, label = upload.name) {
  const isSame = shown.label === label && JSON.stringify(shown.upload) === JSON.stringify(upload);
  const { upload: of, state: sourceState } = shown.source ?? {};
  const isSameRevision = of?.generation === upload.generation && sourceState === upload.state && of.revision === upload.revision;
  if (isSameRevision) of.result ??= upload.result; // that of a correction, which the dialog shows already
  const isShownAlready = isSameRevision && of.result === upload.result;
  if (isSame && isShownAlready) return;
  if (!isShownAlready && !shown.source?.isEdited) shown.source = sourceOf(upload, shown);
  const { name, state, to_review, checked } = upload;
  Object.assign(shown, { state, upload, label });
  const description = texts.bucket.described(upload.size, upload.updated);
  shown.tile.update({ name: label, title: name, state, description, toReview: to_review && !checked });
  shown.tile.showPicture(() => storedPicture(upload, hasPictures(state) ? "overlay.png" : "original", SIDE), SIDE);
  updateDialog(shown.source, shown.list);
}

function sourceOf(upload, shown) {
  const changed = () => updateDialog(shown.source, shown.list);
  return new StoredResult(upload, changed, () => showFrame(shown.source, shown.list));
}

/** Returns the list of the tiles of a map, for the dialog. */
export function listOf(tiles, focusTile) {
  const ended = () => [...tiles.values()].filter(({ source }) => source).sort(inDocumentOrder);
  return {
    sources: () => ended().map(({ source }) => source),
    focus: ({ name }) => focusTile(tiles.get(name)?.item),
  };
}

const inDocumentOrder = (a, b) =>
  (a.item.compareDocumentPosition(b.item) & Node.DOCUMENT_POSITION_FOLLOWING ? -1 : 1);
