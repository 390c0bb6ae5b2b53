// The second view: the bucket, where every upload is and what became of it.

import { get, post, put } from "./client.js";
import { byId, bytes, element, save, takeFiles } from "./dom.js";
import { badge, downloads, instances, remark } from "./results.js";
import { viewer } from "./viewer.js";

const SOON = 2_000;
const LATER = 5_000;
const UPLOADS_AT_A_TIME = 3;
const THUMBNAIL = 320;
const VIEWED = 1_600;

let about = null;
let onScreen = () => false;
let page = "";
let next = null;
let timer = 0;
const tiles = new Map(); // of the list, by name
const fresh = new Map(); // of what was uploaded here, by name

/** Begins; `isShown` tells whether this view is the one on screen. */
export function begin(told, isShown) {
  about = told;
  onScreen = isShown;
  byId("place").textContent = `gs://${about.input_bucket}/`;
  byId("gsutil").textContent =
    `gsutil cp *.png gs://${about.input_bucket}/\ngsutil cp -r gs://${about.output_bucket}/ .`;
  takeFiles(byId("bucket-drop"), byId("bucket-files"), isShown, uploadAll);
  byId("folder").addEventListener("input", () => {
    byId("place").textContent = `gs://${about.input_bucket}/${folder()}`;
  });
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

function folder() {
  const parts = byId("folder").value.split("/").map((part) => part.trim()).filter(Boolean);
  return parts.map((part) => `${part}/`).join("");
}

function turnTo(token) {
  page = token;
  refresh();
}

let latest = 0;

/** Asks for the page again, and goes on asking: sooner while something is being worked on. */
async function refresh() {
  clearTimeout(timer);
  latest += 1;
  const mine = latest;
  const form = new FormData(byId("filter"));
  const query = { prefix: form.get("prefix"), state: form.get("state"), page };
  try {
    let told = await listed(query);
    while (mine === latest && told.next && !told.uploads.length) {
      byId("told").textContent = "None so far, looking on …";
      page = told.next;
      told = await listed({ ...query, page });
    }
    if (mine !== latest) return; // somebody has typed on
    next = told.next;
    lay(byId("tiles"), tiles, told.uploads);
    tell(told.uploads, query);
    await refreshFresh(told.uploads);
  } catch (error) {
    byId("told").textContent = error.message;
  }
  if (mine === latest && onScreen() && !document.hidden) {
    const working = [...tiles.values(), ...fresh.values()].some(({ state }) => state === "working");
    timer = setTimeout(refresh, working ? SOON : LATER);
  }
}

const listed = async (query) => (await get("v1/uploads", query)).json();

function tell(uploads, query) {
  const which = query.prefix || query.state ? " such" : "";
  const more = next ? ", and there are more" : "";
  const text = uploads.length
    ? `${uploads.length}${which} ${uploads.length === 1 ? "upload" : "uploads"} on this page${more}.`
    : `There are no${which} uploads${page ? " left" : " yet"}.`;
  if (byId("told").textContent !== text) byId("told").textContent = text;
  byId("first").disabled = page === "";
  byId("next").disabled = !next;
}

/** Brings a list in line with uploads; a tile that stays the same is left alone. */
function lay(list, known, uploads) {
  const names = new Set(uploads.map(({ name }) => name));
  for (const [name, tile] of known) {
    if (!names.has(name)) {
      tile.item.remove();
      known.delete(name);
    }
  }
  uploads.forEach((upload, index) => {
    const tile = known.get(upload.name) ?? { item: element("li", {}) };
    known.set(upload.name, tile);
    if (list.children[index] !== tile.item) list.insertBefore(tile.item, list.children[index] ?? null);
    if (tile.state === upload.state && tile.generation === upload.generation) return;
    Object.assign(tile, { state: upload.state, generation: upload.generation });
    fill(tile.item, upload);
  });
}

const hasPictures = (state) => ["segmented", "degraded", "empty"].includes(state);
const pictureQuery = (upload, picture, side = "") =>
  ({ name: upload.name, generation: upload.generation, picture, side });

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
  const image = element("img", { alt: "", onload: () => URL.revokeObjectURL(image.src) });
  const picture = hasPictures(upload.state) ? "overlay.png" : "original";
  place.fetchPicture = async () => {
    try {
      image.src = await address(pictureQuery(upload, picture, THUMBNAIL));
      place.replaceChildren(image);
    } catch {
      place.replaceChildren("no preview"); // no image, or replaced meanwhile
    }
  };
  seen.observe(place);
  return place;
}

function fill(item, upload) {
  const label = element("span", { className: "name" }, upload.name);
  const told = element("span", { className: "quiet" }, `${bytes(upload.size)} · ${new Date(upload.updated).toLocaleString()}`);
  const open = element(
    "button", { type: "button", className: "tile", onclick: () => look(upload) },
    thumbnail(upload), label, badge(upload.state), told,
  );
  const before = item.querySelector("button") === document.activeElement;
  item.replaceChildren(open);
  if (before) open.focus();
  if (byId("look").open && byId("look-title").textContent === upload.name) look(upload);
}

/** The address of a picture, fetched because an image's own request has no room for a key. */
async function address(query) {
  const answer = await get("v1/uploads/picture", query);
  return URL.createObjectURL(await answer.blob());
}

async function look(upload) {
  byId("look-title").textContent = upload.name;
  byId("look-body").replaceChildren(badge(upload.state), element("p", {}, "Fetches the result …"));
  if (!byId("look").open) byId("look").showModal();
  const parts = [badge(upload.state)];
  try {
    if (upload.state === "working") {
      parts.push(element("p", {}, "It is being worked on."));
    } else {
      const result = await (await get("v1/uploads/result", { name: upload.name })).json();
      if (result.outputs) parts.push(viewer(upload.name, result, (view) => viewed(upload, view)));
      parts.push(remark(result), instances(result) ?? "");
      if (result.outputs) parts.push(files(upload, result));
    }
  } catch (error) {
    parts.push(element("p", { className: "wrong", role: "alert" }, error.message));
  }
  if (byId("look-title").textContent === upload.name) byId("look-body").replaceChildren(...parts);
}

function viewed(upload, view) {
  const picture = view === "original" ? view : `${view}.png`;
  return address(pictureQuery(upload, picture, VIEWED));
}

function files(upload, result) {
  const single = result.instances.flatMap((one) => Object.values(one.files));
  const fetchAndSave = async (name) => {
    const answer = await get("v1/uploads/picture", pictureQuery(upload, name));
    save(await answer.blob(), `${upload.name.split("/").pop()}-${name.replaceAll("/", "-")}`);
  };
  return downloads([...Object.values(result.outputs), ...single], upload.name, fetchAndSave);
}

// ---- uploading ----

async function uploadAll(chosen) {
  const waiting = chosen.map((file) => ({ file, name: folder() + file.name }));
  byId("fresh-part").hidden = false;
  const line = async () => {
    for (let one = waiting.shift(); one; one = waiting.shift()) await upload(one);
  };
  await Promise.all(Array.from({ length: UPLOADS_AT_A_TIME }, line));
}

async function upload({ file, name }) {
  const bar = element("progress", { "aria-label": `Uploading ${name}`, value: 0 });
  const tile = fresh.get(name) ?? { item: element("li", {}) };
  Object.assign(tile, { state: "uploading", generation: null });
  fresh.set(name, tile);
  byId("fresh").prepend(tile.item);
  const box = (...children) =>
    tile.item.replaceChildren(element("div", { className: "tile" }, element("span", { className: "name" }, name), ...children));
  box(bar);
  try {
    const { url } = await post("v1/uploads", { name, type: file.type, size: file.size });
    await put(url, file, file.type, (share) => { bar.value = share; });
    tile.state = "working";
    box(badge("working"));
    refresh();
  } catch (error) {
    tile.state = "failed";
    box(element("p", { className: "wrong", role: "alert" }, error.message));
  }
}

/** What became of the uploads that were begun here and have no result yet; asks for those not told of. */
async function refreshFresh(told) {
  for (const [name, tile] of fresh) {
    if (tile.state !== "working") continue;
    // names are listed in order, so the first that begins with a whole name is that one
    const upload = told.find((one) => one.name === name) ?? (await listed({ prefix: name, limit: 1 })).uploads[0];
    if (upload?.name !== name) continue;
    if (tile.generation === upload.generation && tile.state === upload.state) continue;
    Object.assign(tile, { state: upload.state, generation: upload.generation });
    fill(tile.item, upload);
  }
}
