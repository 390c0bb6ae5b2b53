// The second view: the uploads in the bucket, with their states.

import { listUploads } from "../client.js";
import { byId, setText } from "../dom.js";
import { optionsOf } from "../fields.js";
import { arrangeItems, focusItem, navigateByKeys, removeItem } from "../grid.js";
import { updatePosition } from "../result/dialog.js";
import { texts } from "../texts.js";
import * as actions from "./actions.js";
import { addressOf, folderOf, isOfBucket } from "./address.js";
import * as filters from "./filters.js";
import { focusPath, showFolders, showPath } from "./folders.js";
import * as selection from "./selection.js";
import { emptyTile, listOf, update } from "./tiles.js";
import { begin as beginResults } from "./stored_result.js";
import * as uploads from "./uploads.js";

/**
 * Milliseconds until the next refresh: after an upload or a key in the search, while an upload is being processed, and
 * otherwise. Chosen by hand: shorter times show changes sooner, but send more requests.
 */
const SOON = 300;
const WHILE_WORKING = 2_000;
const OTHERWISE = 5_000;

/** A refresh also waits for this multiple of the time of a listing. Chosen by hand: large buckets take seconds. */
const REST = 4;

let isShown = () => false;
let folder = ""; // with a slash at its end; "" is the top of the bucket
let page = "";
let next = null;
let timer = 0;
let soonTimer = 0;
let latest = 0;
const tiles = new Map(); // by name
const list = listOf(tiles, (item) => item && focusItem(item));

/** Initialises the view. `isActive` returns whether it is on screen. */
export function begin(about, isActive) {
  isShown = isActive;
  byId("gsutil").textContent =
    `gsutil cp *.png gs://${about.input_bucket}/\ngsutil cp -r gs://${about.output_bucket}/ .`;
  byId("upload-order").append(...optionsOf(texts.bucket.orders));
  navigateByKeys(byId("folders"));
  navigateByKeys(byId("tiles"), (item) => actions.askAndDelete(chosen(item)));
  beginResults(about);
  uploads.begin(about, isActive, refreshSoon);
  filters.begin(() => openPage(""));
  selection.begin(actions.showCount);
  actions.begin(about, { chosen: () => chosen(), clear: clearSelection, done: changed });
  byId("filter").addEventListener("submit", (event) => event.preventDefault());
  byId("contains").addEventListener("input", () => {
    page = "";
    refreshSoon();
  });
  byId("upload-order").addEventListener("change", () => openPage(""));
  byId("export-folder").addEventListener("click", () => actions.openExport(folder));
  byId("first").addEventListener("click", () => openPage(""));
  byId("next").addEventListener("click", () => openPage(next));
  document.addEventListener("visibilitychange", () => !document.hidden && refreshIfShown());
  showPath(folder);
}

/** Refreshes the view if it is on screen. */
export function refreshIfShown() {
  if (isShown()) refresh();
}

/** Returns the address of the folder that is shown. */
export const address = () => addressOf(folder);

/** Opens the folder in the address of the page. Returns whether it is an address of this view. */
export function openAddress() {
  if (!isOfBucket(location.hash)) return false;
  const wanted = folderOf(location.hash);
  if (wanted === folder) return true;
  folder = wanted;
  page = "";
  byId("contains").value = "";
  filters.reset();
  uploads.showTarget(folder);
  showPath(folder);
  focusPath(); // the link to the folder goes away
  return true;
}

function openPage(token) {
  page = token;
  refresh();
}

/** Refreshes shortly, once for several uploads or keys. */
function refreshSoon() {
  soonTimer ||= setTimeout(() => {
    soonTimer = 0;
    refresh();
  }, SOON);
}

/**
 * Returns what to list, and whether this is a search. A search also finds uploads in sub-folders; otherwise they are
 * shown as tiles.
 */
function query() {
  const contains = byId("contains").value.trim() || undefined;
  const filter = filters.chosen();
  const isSearch = Boolean(contains || filter.state || filter.review);
  const scope = isSearch ? { prefix: folder, contains } : { folder };
  return { isSearch, fields: { ...scope, ...filter, order: byId("upload-order").value } };
}

/** Requests the page, and starts the timer for the next refresh. */
async function refresh() {
  clearTimeout(timer);
  latest += 1;
  const current = latest;
  const { isSearch, fields } = query();
  let elapsed = 0;
  try {
    const begun = performance.now();
    let response = await listUploads({ ...fields, page: page || undefined });
    while (current === latest && response.next && isEmpty(response)) {
      byId("listing-status").textContent = texts.bucket.searching;
      page = response.next;
      response = await listUploads({ ...fields, page });
    }
    if (current !== latest) return; // the query has changed
    elapsed = performance.now() - begun;
    next = response.next;
    show(response, isSearch, fields);
    filters.count({ prefix: folder, contains: fields.contains }, response.uploads);
    await uploads.follow(response.uploads);
  } catch (error) {
    if (current === latest) byId("listing-status").textContent = error.message;
  }
  if (current === latest && isShown() && !document.hidden) {
    const isWorking = uploads.isWorking() || [...tiles.values()].some(({ state }) => state === "working");
    timer = setTimeout(refresh, Math.max(isWorking ? WHILE_WORKING : OTHERWISE, REST * elapsed));
  }
}

const isEmpty = (response) => !response.uploads.length && !response.folders.length;

function show(response, isSearch, { order }) {
  const count = texts.bucket.showing(response.uploads.length, response.folders.length, Boolean(next));
  const text = isEmpty(response) ? texts.bucket.none(isSearch, page === "") : count;
  const isPartial = order === "newest" && !response.complete;
  setText(byId("listing-status"), isPartial ? `${text} ${texts.bucket.partial}` : text);
  byId("first").disabled = page === "";
  byId("next").disabled = !next;
  byId("pages").hidden = page === "" && !next;
  showFolders(response.folders, folder);
  showTiles(response.uploads);
}

/** Updates the tiles, so that they are those of the listed uploads, in the same order. */
function showTiles(listed) {
  const names = new Set(listed.map(({ name }) => name));
  removeTiles([...tiles.keys()].filter((name) => !names.has(name)));
  for (const name of names) if (!tiles.has(name)) tiles.set(name, selectableTile());
  arrangeItems(byId("tiles"), listed.map(({ name }) => tiles.get(name).item));
  for (const upload of listed) {
    const { name } = upload;
    selection.nameBox(tiles.get(name).item, name);
    update(tiles.get(name), upload, name.startsWith(folder) ? name.slice(folder.length) : name);
  }
  selection.update();
  updatePosition(list);
}

function selectableTile() {
  const tile = emptyTile(list);
  tile.item.prepend(selection.pickBox());
  return tile;
}

function removeTiles(names) {
  for (const name of names) {
    removeItem(byId("tiles"), tiles.get(name).item);
    tiles.delete(name);
  }
}

/** Returns the uploads that are selected; without any, that of `item`, if given. */
function chosen(item = null) {
  const shown = [...tiles.values()];
  const selected = shown.filter((tile) => selection.isSelected(tile.item));
  return (selected.length ? selected : shown.filter((tile) => tile.item === item)).map(({ upload }) => upload);
}

function clearSelection() {
  const [first] = [...tiles.values()].filter(({ item }) => selection.isSelected(item));
  selection.selectAll(false);
  if (first) focusItem(first.item); // the bar goes away
}

/** Called after an action: `gone` are the names of uploads that do not exist any more. */
async function changed(gone) {
  const items = [...byId("tiles").children];
  const isGone = (item) => gone.some((name) => tiles.get(name)?.item === item);
  const first = items.findIndex(isGone);
  const rest = [...items.slice(first), ...items.slice(0, Math.max(first, 0)).reverse()].filter((item) => !isGone(item));
  removeTiles(gone.filter((name) => tiles.has(name)));
  selection.update();
  if (gone.length) {
    if (rest.length) focusItem(rest[0]);
    else byId("contains").focus();
  }
  await refresh();
}
