// Uploads files to the bucket, and follows the state of these uploads.

import { listUploads, post, put } from "../client.js";
import { byId } from "../dom.js";
import { acceptFiles } from "../file_input.js";
import { numbered } from "../file_names.js";
import { focusItem, navigateByKeys, updateTabOrder } from "../grid.js";
import { inParallel } from "../parallel.js";
import { texts } from "../texts.js";
import { emptyTile, listOf, update } from "./tiles.js";

/** Limit for the files of one selection. Chosen by hand: gsutil is faster for more. */
const MOST_FILES = 1_000;

/** Longest side of the thumbnail of a file that is being uploaded, in pixels: as in tiles.js. */
const THUMBNAIL_SIDE = 480;

/** Parallel uploads. Chosen by hand: more share the same network connection. */
const PARALLEL_UPLOADS = 3;

/** Parallel requests for single uploads. Chosen by hand: the browser opens 6 connections to a host. */
const PARALLEL_REQUESTS = 4;

/** Single uploads that each refresh requests. Chosen by hand: more load the service every two seconds. */
const MOST_REQUESTS = 8;

/** The API's limit for a page of uploads: UploadQuery.limit in shared/api/upload_listing.py. */
const LONGEST_PAGE = 200;

let onUploaded = () => {};
let bucket = "";
const recent = new Map(); // tiles of the files that this page has uploaded, by name
const list = listOf(recent, (item) => item && focusItem(item));

/**
 * Initialises this part of the page. `isActive` returns whether the view is on screen. `uploaded` is called
 * after each upload.
 */
export function begin(about, isActive, uploaded) {
  onUploaded = uploaded;
  bucket = about.input_bucket;
  showTarget("");
  navigateByKeys(byId("recent"));
  byId("folder").addEventListener("input", nameTarget);
  acceptFiles({
    zone: byId("bucket-drop"),
    input: byId("bucket-files"),
    note: byId("bucket-note"),
    isActive,
    limit: () => MOST_FILES,
    add: uploadAll,
  });
}

/** Makes a folder that of new uploads. */
export function showTarget(wanted) {
  byId("folder").value = wanted.replace(/\/$/, "");
  nameTarget();
}

function nameTarget() {
  byId("target").textContent = `gs://${bucket}/${folder()}`;
}

/** Whether a file that this page has uploaded is being processed. */
export const isWorking = () => [...recent.values()].some(({ state }) => state === "working");

function folder() {
  const parts = byId("folder").value.split("/").map((part) => part.trim()).filter(Boolean);
  return parts.map((part) => `${part}/`).join("");
}

async function uploadAll(files) {
  if (!files.length) return;
  byId("recent-part").hidden = false;
  const prefix = folder();
  const batch = { choice: null }; // the user's choice for all files that exist already
  await inParallel(files, PARALLEL_UPLOADS, ({ file, name }) => upload(file, prefix + name, batch));
}

async function upload(file, wanted, batch) {
  const uploaded = emptyTile(list);
  byId("recent").prepend(uploaded.item);
  const show = (name, fields) => uploaded.tile.update({ name, canOpen: false, ...fields });
  show(wanted, { progress: 0 });
  uploaded.tile.showPicture(() => file, THUMBNAIL_SIDE);
  try {
    const { name, url } = await beginUpload(file, wanted, batch);
    if (!url) {
      show(wanted, { description: texts.bucket.skipped });
      return;
    }
    const generation = await put(url, file, file.type, (progress) => show(name, { progress }));
    recent.get(name)?.item.remove(); // the new upload has replaced it
    recent.set(name, Object.assign(uploaded, { state: "working", uploaded: generation }));
    show(name, { state: "working" });
    onUploaded();
  } catch (error) {
    show(wanted, { error: error.message });
  }
}

/** Returns the name and the session URL of a new upload; an empty object if the user skips the file. */
async function beginUpload(file, wanted, batch) {
  let replace = false;
  for (let name = wanted, number = 1; ; ) {
    try {
      const { url } = await post("v1/uploads", { name, type: file.type, size: file.size, replace });
      return { name, url };
    } catch (error) {
      if (error.code !== "exists") throw error;
    }
    const choice = number === 1 ? await choose(wanted, batch) : "both";
    if (choice === "skip") return {};
    if (choice === "replace") replace = true;
    else name = numbered(wanted, (number += 1));
  }
}

let lastChoice = Promise.resolve();

/** Returns "replace", "both" or "skip". One dialog is open at a time; none if the user has chosen for all. */
function choose(name, batch) {
  lastChoice = lastChoice.then(() => batch.choice ?? openDialog(name, batch));
  return lastChoice;
}

function openDialog(name, batch) {
  const dialog = byId("exists");
  byId("exists-name").textContent = name;
  byId("exists-all").checked = false;
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      const choice = dialog.returnValue || "skip"; // the Escape key closes it without a value
      if (byId("exists-all").checked) batch.choice = choice;
      resolve(choice);
    }, { once: true });
  });
}

let isFollowing = false;

/**
 * Updates the tiles of uploads that have no result yet. It uses the listed `uploads`, one more listing, and
 * single requests for a few of the others; the next call requests others.
 */
export async function follow(uploads) {
  if (isFollowing) return;
  isFollowing = true;
  try {
    await updateRecent(uploads);
  } finally {
    isFollowing = false;
  }
}

async function updateRecent(uploads) {
  const known = new Map(uploads.map((upload) => [upload.name, upload]));
  const unknown = () => [...recent].filter(([name, { state }]) => state === "working" && !known.has(name)).map(([name]) => name);
  const names = unknown();
  if (names.length > 1) {
    const page = await listUploads({ prefix: commonPrefix(names), limit: LONGEST_PAGE });
    page.uploads.forEach((upload) => known.set(upload.name, upload));
  }
  await inParallel(unknown().slice(0, MOST_REQUESTS), PARALLEL_REQUESTS, async (name) => {
    // the listing is in the order of names, so the upload of this name is the first with this prefix
    const { uploads: [upload] } = await listUploads({ prefix: name, limit: 1 });
    if (upload) known.set(upload.name, upload);
    const tile = recent.get(name);
    recent.delete(name);
    recent.set(name, tile); // the next refresh requests others first
  });
  for (const [name, tile] of recent) {
    const upload = known.get(name);
    // a listing may be older than the upload, and have the generation that it replaced
    const isCurrent = upload && BigInt(upload.generation) >= tile.uploaded;
    if (tile.state === "working" && isCurrent) update(tile, upload);
  }
  updateTabOrder(byId("recent"));
}

function commonPrefix(names) {
  const [first, last] = [names.reduce((a, b) => (a < b ? a : b)), names.reduce((a, b) => (a > b ? a : b))];
  let length = 0;
  while (length < first.length && first[length] === last[length]) length += 1;
  return first.slice(0, length);
}
