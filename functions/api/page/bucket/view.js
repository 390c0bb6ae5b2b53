// The second view: the uploads in the bucket, with their states.

import { listUploads } from "../client.js";
import { byId, element, setText } from "../dom.js";
import { focusItem, navigateByKeys, updateTabOrder } from "../grid.js";
import { updatePosition } from "../result/dialog.js";
import { texts } from "../texts.js";
import { emptyTile, listOf, update } from "./tiles.js";
import { begin as beginResults } from "./stored_result.js";
import * as uploads from "./uploads.js";

/**
 * Milliseconds until the next refresh: after an upload, while an upload is being processed, and otherwise.
 * Chosen by hand: shorter times show changes sooner, but send more requests.
 */
const AFTER_UPLOAD = 300;
const WHILE_WORKING = 2_000;
const OTHERWISE = 5_000;

let isShown = () => false;
let page = "";
let next = null;
let timer = 0;
let uploadTimer = 0;
let latest = 0;
const tiles = new Map(); // by name
const list = listOf(tiles, (item) => item && focusItem(item));

/** Initialises the view. `isActive` returns whether it is on screen. */
export function begin(about, isActive) {
  isShown = isActive;
  byId("gsutil").textContent =
    `gsutil cp *.png gs://${about.input_bucket}/\ngsutil cp -r gs://${about.output_bucket}/ .`;
  const states = Object.entries(texts.states).filter(([state]) => state !== "waiting");
  byId("state").append(
    element("option", { value: "" }, texts.bucket.anyState),
    ...states.map(([value, label]) => element("option", { value }, label)),
  );
  const reviews = Object.entries(texts.bucket.reviews);
  byId("review").append(...reviews.map(([value, label]) => element("option", { value }, label)));
  navigateByKeys(byId("tiles"));
  beginResults(about);
  uploads.begin(about, isActive, refreshSoon);
  byId("filter").addEventListener("submit", (event) => event.preventDefault());
  byId("filter").addEventListener("input", () => openPage(""));
  byId("first").addEventListener("click", () => openPage(""));
  byId("next").addEventListener("click", () => openPage(next));
  document.addEventListener("visibilitychange", () => !document.hidden && refreshIfShown());
}

/** Refreshes the view if it is on screen. */
export function refreshIfShown() {
  if (isShown()) refresh();
}

function openPage(token) {
  page = token;
  refresh();
}

/** Refreshes shortly, once for several uploads. */
function refreshSoon() {
  uploadTimer ||= setTimeout(() => {
    uploadTimer = 0;
    refresh();
  }, AFTER_UPLOAD);
}

/** Requests the page, and starts the timer for the next refresh. */
async function refresh() {
  clearTimeout(timer);
  latest += 1;
  const current = latest;
  const form = new FormData(byId("filter"));
  const query = { prefix: form.get("prefix"), state: form.get("state"), review: form.get("review"), page };
  try {
    let response = await listUploads(query);
    while (current === latest && response.next && !response.uploads.length) {
      byId("listing-status").textContent = texts.bucket.searching;
      page = response.next;
      response = await listUploads({ ...query, page });
    }
    if (current !== latest) return; // the query has changed
    next = response.next;
    showTiles(response.uploads);
    showStatus(response.uploads, query);
    await uploads.follow(response.uploads);
  } catch (error) {
    if (current === latest) byId("listing-status").textContent = error.message;
  }
  if (current === latest && isShown() && !document.hidden) {
    const isWorking = uploads.isWorking() || [...tiles.values()].some(({ state }) => state === "working");
    timer = setTimeout(refresh, isWorking ? WHILE_WORKING : OTHERWISE);
  }
}

function showStatus(listed, query) {
  const isMatching = Boolean(query.prefix || query.state || query.review);
  const text = listed.length
    ? texts.bucket.showing(listed.length, Boolean(next))
    : texts.bucket.none(isMatching, page === "");
  setText(byId("listing-status"), text);
  byId("first").disabled = page === "";
  byId("next").disabled = !next;
}

/** Updates the tiles, so that they are those of the listed uploads, in the same order. */
function showTiles(listed) {
  const grid = byId("tiles");
  const names = new Set(listed.map(({ name }) => name));
  for (const [name, tile] of tiles) {
    if (!names.has(name)) {
      tile.item.remove();
      tiles.delete(name);
    }
  }
  listed.forEach((upload, index) => {
    const tile = tiles.get(upload.name) ?? emptyTile(list);
    tiles.set(upload.name, tile);
    if (grid.children[index] !== tile.item) grid.insertBefore(tile.item, grid.children[index] ?? null);
    update(tile, upload);
  });
  updateTabOrder(grid);
  updatePosition(list);
}
