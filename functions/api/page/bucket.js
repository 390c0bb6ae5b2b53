// The second view: the bucket, where every upload is and what became of it.

import { listUploads } from "./client.js";
import { byId } from "./dom.js";
import * as look from "./look.js";
import { emptyTile, update } from "./tiles.js";
import * as uploads from "./uploads.js";

const HURRY = 300;
const SOON = 2_000;
const LATER = 5_000;

let onScreen = () => false;
let page = "";
let next = null;
let timer = 0;
let hurry = 0;
let latest = 0;
const tiles = new Map(); // by name

/** Begins; `isShown` tells whether this view is the one on screen. */
export function begin(about, isShown) {
  onScreen = isShown;
  byId("gsutil").textContent =
    `gsutil cp *.png gs://${about.input_bucket}/\ngsutil cp -r gs://${about.output_bucket}/ .`;
  look.begin();
  uploads.begin(about, isShown, refreshSoon);
  byId("filter").addEventListener("submit", (event) => event.preventDefault());
  byId("filter").addEventListener("input", () => turnTo(""));
  byId("first").addEventListener("click", () => turnTo(""));
  byId("next").addEventListener("click", () => turnTo(next));
  document.addEventListener("visibilitychange", () => !document.hidden && shown());
}

/** The view has come on screen. */
export function shown() {
  if (onScreen()) refresh();
}

function turnTo(token) {
  page = token;
  refresh();
}

/** Asks shortly, once for all that was uploaded meanwhile. */
function refreshSoon() {
  hurry ||= setTimeout(() => {
    hurry = 0;
    refresh();
  }, HURRY);
}

/** Asks for the page again, and goes on asking: sooner while something is being worked on. */
async function refresh() {
  clearTimeout(timer);
  latest += 1;
  const mine = latest;
  const form = new FormData(byId("filter"));
  const query = { prefix: form.get("prefix"), state: form.get("state"), page };
  try {
    let told = await listUploads(query);
    while (mine === latest && told.next && !told.uploads.length) {
      byId("told").textContent = "None so far, looking on …";
      page = told.next;
      told = await listUploads({ ...query, page });
    }
    if (mine !== latest) return; // somebody has typed on
    next = told.next;
    lay(told.uploads);
    tell(told.uploads, query);
    await uploads.follow(told.uploads);
  } catch (error) {
    if (mine === latest) byId("told").textContent = error.message;
  }
  if (mine === latest && onScreen() && !document.hidden) {
    const working = uploads.isWorking() || [...tiles.values()].some(({ state }) => state === "working");
    timer = setTimeout(refresh, working ? SOON : LATER);
  }
}

function tell(listed, query) {
  const which = query.prefix || query.state ? " such" : "";
  const more = next ? ", and there are more" : "";
  const text = listed.length
    ? `${listed.length}${which} ${listed.length === 1 ? "upload" : "uploads"} on this page${more}.`
    : `There are no${which} uploads${page ? " left" : " yet"}.`;
  if (byId("told").textContent !== text) byId("told").textContent = text;
  byId("first").disabled = page === "";
  byId("next").disabled = !next;
}

/** Brings the list in line with uploads. */
function lay(listed) {
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
