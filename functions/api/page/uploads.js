// Uploading into the bucket, and what becomes of what was uploaded here.

import { listUploads, post, put } from "./client.js";
import { byId, element } from "./dom.js";
import { takeFiles } from "./files.js";
import { numbered } from "./names.js";
import { inParallel } from "./parallel.js";
import { badge } from "./results.js";
import { emptyTile, update } from "./tiles.js";

const MOST_FILES = 1_000; // at a time; for more there is gsutil
const UPLOADS_AT_A_TIME = 3;
const ASKED_AT_A_TIME = 4;
const MOST_ASKED = 8; // one by one, each time that the page asks
const LONGEST_LIST = 200;

let tellUploaded = () => {};
const fresh = new Map(); // tiles of what was uploaded here, by name

/** Begins; `active` tells whether this view is on screen, `uploaded` is called after each upload. */
export function begin(about, active, uploaded) {
  tellUploaded = uploaded;
  const tellPlace = () => {
    byId("place").textContent = `gs://${about.input_bucket}/${folder()}`;
  };
  tellPlace();
  byId("folder").addEventListener("input", tellPlace);
  takeFiles({
    zone: byId("bucket-drop"),
    input: byId("bucket-files"),
    note: byId("bucket-note"),
    active,
    most: () => MOST_FILES,
    take: uploadAll,
  });
}

/** Whether anything that was uploaded here is being worked on. */
export const isWorking = () => [...fresh.values()].some(({ state }) => state === "working");

function folder() {
  const parts = byId("folder").value.split("/").map((part) => part.trim()).filter(Boolean);
  return parts.map((part) => `${part}/`).join("");
}

async function uploadAll(files) {
  if (!files.length) return;
  byId("fresh-part").hidden = false;
  const into = folder();
  const batch = { choice: null }; // for all that are there already, once somebody has said so
  await inParallel(files, UPLOADS_AT_A_TIME, ({ file, name }) => upload(file, into + name, batch));
}

async function upload(file, wanted, batch) {
  const tile = emptyTile();
  byId("fresh").prepend(tile.item);
  const show = (name, ...children) =>
    tile.item.replaceChildren(element("div", { className: "tile" }, element("span", { className: "name" }, name), ...children));
  const bar = element("progress", { "aria-label": `Uploading ${wanted}`, value: 0 });
  show(wanted, bar);
  try {
    const { name, url } = await placeFor(file, wanted, batch);
    if (!url) {
      show(wanted, element("p", { className: "quiet" }, "Skipped: there is an upload of this name."));
      return;
    }
    show(name, bar);
    const generation = await put(url, file, file.type, (share) => { bar.value = share; });
    fresh.get(name)?.item.remove(); // it was replaced
    fresh.set(name, Object.assign(tile, { state: "working", uploaded: generation }));
    show(name, badge("working"));
    tellUploaded();
  } catch (error) {
    show(wanted, element("p", { className: "wrong", role: "alert" }, error.message));
  }
}

/** The name that a file gets, and where its content goes; nowhere if it is to be skipped. */
async function placeFor(file, wanted, batch) {
  let replace = false;
  for (let name = wanted, number = 1; ; ) {
    try {
      const { url } = await post("v1/uploads", { name, type: file.type, size: file.size, replace });
      return { name, url };
    } catch (error) {
      if (error.code !== "exists") throw error;
    }
    const choice = number === 1 ? await decided(wanted, batch) : "both";
    if (choice === "skip") return {};
    if (choice === "replace") replace = true;
    else name = numbered(wanted, (number += 1));
  }
}

let asked = Promise.resolve();

/** "replace", "both" or "skip": one question at a time, and none where all were answered at once. */
function decided(name, batch) {
  asked = asked.then(() => batch.choice ?? ask(name, batch));
  return asked;
}

function ask(name, batch) {
  const dialog = byId("exists");
  byId("exists-name").textContent = name;
  byId("exists-all").checked = false;
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      const choice = dialog.returnValue || "skip"; // closed by Escape
      if (byId("exists-all").checked) batch.choice = choice;
      resolve(choice);
    }, { once: true });
  });
}

let following = false;

/**
 * Looks up what became of the uploads that have no result yet: in the uploads that are known, in
 * one listing for all others, and a few of the rest one by one, each time others.
 */
export async function follow(uploads) {
  if (following) return;
  following = true;
  try {
    await lookUp(uploads);
  } finally {
    following = false;
  }
}

async function lookUp(uploads) {
  const known = new Map(uploads.map((one) => [one.name, one]));
  const unknown = () => [...fresh].filter(([name, { state }]) => state === "working" && !known.has(name)).map(([name]) => name);
  const first = unknown();
  if (first.length > 1) {
    const listed = await listUploads({ prefix: commonStart(first), limit: LONGEST_LIST });
    listed.uploads.forEach((one) => known.set(one.name, one));
  }
  await inParallel(unknown().slice(0, MOST_ASKED), ASKED_AT_A_TIME, async (name) => {
    // names are listed in order, so the first that begins with a whole name is that one
    const { uploads: [one] } = await listUploads({ prefix: name, limit: 1 });
    if (one) known.set(one.name, one);
    const tile = fresh.get(name);
    fresh.delete(name);
    fresh.set(name, tile); // behind those that were not asked for
  });
  for (const [name, tile] of fresh) {
    const one = known.get(name);
    // a listing from before the upload still has the one that was replaced
    const isNew = one && BigInt(one.generation) >= tile.uploaded;
    if (tile.state === "working" && isNew) update(tile, one);
  }
}

function commonStart(names) {
  const [first, last] = [names.reduce((a, b) => (a < b ? a : b)), names.reduce((a, b) => (a > b ? a : b))];
  let length = 0;
  while (length < first.length && first[length] === last[length]) length += 1;
  return first.slice(0, length);
}
