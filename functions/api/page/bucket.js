// The second view: the uploads in the bucket, with their states.

import { listUploads } from "./client.js";
import * as details from "./details.js";
import { byId } from "./dom.js";
import { emptyTile, update } from "./tiles.js";
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

/** Initialises the view. `isActive` returns whether it is on screen. */
export function begin(about, isActive) {
  isShown = isActive;
  byId("gsutil").textContent =
    `gsutil cp *.png gs://${about.input_bucket}/\ngsutil cp -r gs://${about.output_bucket}/ .`;
  details.begin();
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
  const query = { prefix: form.get("prefix"), state: form.get("state"), page };
  try {
    let response = await listUploads(query);
    while (current === latest && response.next && !response.uploads.length) {
      byId("listing-status").textContent = "None found yet, still searching …";
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
  const matching = query.prefix || query.state ? "matching " : "";
  const more = next ? ", more on the next page" : "";
  const text = listed.length
    ? `${listed.length} ${matching}${listed.length === 1 ? "upload" : "uploads"} on this page${more}.`
    : `No ${page ? "more " : ""}${matching}uploads${page ? "" : " yet"}.`;
  if (byId("listing-status").textContent !== text) byId("listing-status").textContent = text;
  byId("first").disabled = page === "";
  byId("next").disabled = !next;
}

/** Updates the tiles, so that they are those of the listed uploads, in the same order. */
function showTiles(listed) {
  const list = byId("tiles");
  const names = new Set(listed.map(({ name }) => name));
  for (const [name, tile] of tiles) {
    if (!names.has(name)) {
      tile.item.remove();
      tiles.delete(name);
    }
  }
  listed.forEach((upload, index) => {
    const tile = tiles.get(upload.name) ?? emptyTile();
    tiles.set(upload.name, tile);
    if (list.children[index] !== tile.item) list.insertBefore(tile.item, list.children[index] ?? null);
    update(tile, upload);
  });
}
