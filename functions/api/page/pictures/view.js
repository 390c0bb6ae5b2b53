// The first view: pictures from the user in a grid, and their masks and cutouts.

import { byId, iconButton, setText } from "../dom.js";
import { openExport } from "../export_form.js";
import { acceptFiles } from "../file_input.js";
import { collisionKey, numbered, safePath } from "../file_names.js";
import { arrangeItems, focusItem, navigateByKeys, removeItem } from "../grid.js";
import { closeDialog, openDialog, updateDialog, updatePosition } from "../result/dialog.js";
import { saveFile } from "../result/downloads.js";
import { texts } from "../texts.js";
import { createTile } from "../tile.js";
import { saveAll } from "./download_all.js";
import * as examples from "./examples.js";
import * as filters from "./filters.js";
import * as options from "./options.js";
import { toCheck } from "./order.js";
import { Picture } from "./picture.js";
import { requestQueue } from "./requests.js";

/** Limit for the pictures on the page. Chosen by hand: their results stay in memory or, if large, on disk. */
const MOST_PICTURES = 1_000;

/**
 * Longest side of a thumbnail in a grid and of a single picture, in pixels. Chosen by hand: about two pixels
 * for each CSS pixel of a tile.
 */
const SIDES = { grid: 480, single: 1_600 };

let pictures = []; // in the order added
let isSaving = false;
let queue = null;
const tiles = new Map(); // by picture
const folders = new Set(); // those of the archive, as collision keys
/**
 * The pictures that were shown when the dialog was opened. Until it is closed they keep their places: one that has been
 * checked would leave its neighbours.
 */
let held = [];
/** The list of sources for the dialog. */
const list = {
  sources() {
    const places = new Set(held.filter((picture) => tiles.has(picture)));
    return [...places, ...filters.selected(pictures).filter((picture) => !places.has(picture))];
  },
  focus(picture) {
    held = [];
    arrange();
    const item = tiles.get(picture)?.item;
    if (item && !item.hidden) focusItem(item);
    else filters.focus();
  },
};

/** Initialises the view. `isActive` returns whether it is on screen. */
export function begin(about, isActive) {
  byId("formats").textContent += texts.add.limits(about.max_bytes, about.max_pixels);
  byId("curl").textContent =
    `curl -F image=@cartoon.png -H 'Accept: image/png' '${new URL("v1/face-mask-sam2", document.baseURI)}?output=cutout' > cutout.png`;
  queue = requestQueue({ pictures: () => pictures, options: nextOptions, maxBytes: about.max_bytes, changed });
  acceptFiles({
    zone: byId("drop"),
    input: byId("files"),
    note: byId("drop-note"),
    isActive,
    limit: () => MOST_PICTURES - pictures.length,
    add,
  });
  options.begin(about, refreshSoon);
  filters.begin(refreshSoon);
  examples.begin((file) => add([file]));
  navigateByKeys(byId("pictures-grid"), (item) => remove(pictures.find((picture) => tiles.get(picture).item === item)));
  byId("rerun").addEventListener("click", () => queue.add(...pictures.filter(canRerun)));
  byId("clear").addEventListener("click", clear);
  byId("zip").addEventListener("click", download);
  byId("dataset").addEventListener("click", () => openExport(finished()));
  refresh();
}

function add(files) {
  const added = files.map(({ file, name }) => create(file, name));
  pictures.push(...added);
  queue.add(...added);
}

function create(file, wanted) {
  const { name, folder } = freeName(wanted);
  const picture = new Picture(file, name, folder);
  picture.correct = (prompts) => queue.correct(picture, prompts);
  picture.redraw = (own) => queue.redraw(picture, own ?? options.drawingFields(), own);
  const actions = [
    iconButton("save", texts.tile.cutout(name), () => saveFile(picture, picture.result(), "cutout.png")),
    iconButton("remove", texts.tile.remove(name), () => remove(picture)),
  ];
  picture.check = (isChecked) => {
    picture.isChecked = isChecked;
    changed(picture);
  };
  const tile = createTile(() => {
    held = list.sources();
    openDialog(picture, list);
  }, ...actions);
  folders.add(collisionKey(folder));
  tiles.set(picture, tile);
  byId("pictures-grid").append(tile.item);
  return picture;
}

/** Returns the name, with a number if another picture has it, and its folder in the archive. */
function freeName(wanted) {
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? wanted : numbered(wanted, number);
    const folder = safePath(name);
    if (!folders.has(collisionKey(folder))) return { name, folder };
  }
}

/** Draws a picture that has changed. */
function changed(picture) {
  const { name, state, description, error, progress, isFinished } = picture;
  const tile = tiles.get(picture);
  tile.update({ name, state, description, error, progress, toReview: toCheck(picture) });
  tile.item.querySelector(".save").disabled = !isFinished;
  showThumbnail(picture, tile);
  updateDialog(picture, list);
  refreshSoon();
}

/** Shows the overlay, or the original until there is a result, if it is not on screen already. */
function showThumbnail(picture, tile) {
  const side = pictures.length === 1 ? SIDES.single : SIDES.grid;
  const current = picture.finished ?? picture.original;
  if (tile.shows === current && tile.side >= side) return;
  Object.assign(tile, { shows: current, side });
  tile.showPicture(() => picture.view(picture.finished ? "overlay" : "original"), side);
}

/**
 * Returns the options of a picture's next request. A corrected one keeps those of its detection, which is not repeated:
 * a correction must not be lost.
 */
function nextOptions({ options: past, ownDrawing, isCorrected }) {
  return { ...(isCorrected ? past : options.detectionFields()), ...(ownDrawing ?? options.drawingFields()) };
}

/** Whether another request may give another result. */
function canRerun(picture) {
  const { state, options: past } = picture;
  if (!past || state === "waiting") return false;
  return state === "failed" || JSON.stringify(past) !== JSON.stringify(nextOptions(picture));
}

const finished = () => pictures.filter(({ isFinished }) => isFinished);

let isRefreshing = false;

/** Refreshes once for many changes. */
function refreshSoon() {
  if (isRefreshing) return;
  isRefreshing = true;
  queueMicrotask(() => {
    isRefreshing = false;
    refresh();
  });
}

function refresh() {
  const done = finished().length;
  const isPending = pictures.some((picture) => picture.isPending);
  document.documentElement.dataset.pictures = ["none", "one"][pictures.length] ?? "many"; // for page.css
  if (!pictures.length) filters.reset();
  setText(byId("summary"), texts.pictures.summary(pictures.length, filters.update(pictures)));
  setText(byId("choose"), pictures.length ? texts.add.more : texts.add.choose);
  byId("zip").disabled = isSaving || done === 0;
  byId("dataset").disabled = done === 0;
  const label = isPending && done ? texts.pictures.zipSome(done) : texts.pictures.zip;
  setText(byId("zip"), isSaving ? texts.pictures.zipping : label);
  byId("rerun").hidden = !pictures.some(canRerun);
  arrange();
  updatePosition(list);
}

/** Shows the tiles that match the filter, in their order. */
function arrange() {
  const grid = byId("pictures-grid");
  const shown = list.sources();
  const isShown = new Set(shown);
  for (const [picture, { item }] of tiles) item.hidden = !isShown.has(picture);
  arrangeItems(grid, shown.map((picture) => tiles.get(picture).item));
  const isSingle = pictures.length === 1;
  grid.classList.toggle("single", isSingle);
  if (isSingle) showThumbnail(pictures[0], tiles.get(pictures[0]));
  byId("none-shown").hidden = shown.length > 0 || pictures.length === 0;
}

function remove(picture) {
  queue.cancel(picture);
  closeDialog(picture, list);
  pictures = pictures.filter((other) => other !== picture);
  const next = removeItem(byId("pictures-grid"), tiles.get(picture).item);
  tiles.delete(picture);
  folders.delete(collisionKey(picture.folder));
  if (!next) byId("files").focus();
  refreshSoon();
}

function clear() {
  [...pictures].forEach(remove);
  byId("files").focus();
}

async function download() {
  isSaving = true;
  refresh();
  try {
    await saveAll(finished());
  } catch (error) {
    setText(byId("drop-note"), texts.pictures.archiveFailed(error.message));
  } finally {
    isSaving = false;
    refresh();
  }
}
