// The first view: pictures from the user, and their masks and cutouts.

import { archive } from "./archive.js";
import { sendForm } from "./client.js";
import { byId, bytes, element, save } from "./dom.js";
import { acceptFiles } from "./file_input.js";
import { collisionKey, numbered, safePath } from "./file_names.js";
import { badge, reviewReasons, downloads, instances, needsReview, reason, reviewBadge, warnings } from "./results.js";
import { viewer } from "./viewer.js";

/** Parallel requests: the default of the service's MAX_PARALLEL. More would only wait there. */
const PARALLEL_REQUESTS = 2;
/**
 * Limit for the pictures on the page. Chosen by hand: results stay in memory, and an archive with four files
 * for each picture must stay below the 65,535 files of a ZIP without ZIP64.
 */
const MOST_PICTURES = 1_000;
/** Statuses for unsupported images and invalid options. After any other error, a retry may succeed. */
const REJECTED = [400, 413, 415, 422];
/** The pictures of a response, by their file names in the archive: PICTURES in shared/api/responses.py. */
const FIELDS = {
  "mask.png": "mask_png_base64",
  "overlay.png": "overlay_png_base64",
  "cutout.png": "face_rgba_png_base64",
};

let limits = { max_bytes: Infinity };
let pictures = [];
let running = 0;
let isSaving = false;

/** Initialises the view. `isActive` returns whether it is on screen. */
export function begin(about, isActive) {
  limits = about;
  byId("formats").textContent += `; at most ${bytes(about.max_bytes)} and ${about.max_pixels / 1e6} megapixels`;
  byId("curl").textContent =
    `curl -F image=@cartoon.png -H 'Accept: image/png' '${new URL("v1/face-mask-sam2", document.baseURI)}?output=cutout' > cutout.png`;
  acceptFiles({
    zone: byId("drop"),
    input: byId("files"),
    note: byId("drop-note"),
    isActive,
    limit: () => MOST_PICTURES - pictures.length,
    add: (files) => files.forEach(add),
  });
  byId("options").addEventListener("input", optionsChanged);
  byId("rerun").addEventListener("click", rerun);
  byId("clear").addEventListener("click", clear);
  byId("zip").addEventListener("click", saveAll);
}

function options() {
  const form = new FormData(byId("options"));
  return {
    targets: form.getAll("targets").join(","),
    face_parts: ["skin", ...form.getAll("face_parts")].join(","),
    expand: form.get("expand"),
  };
}

function optionsChanged(event) {
  const boxes = [...byId("options").elements.targets];
  if (!boxes.some((box) => box.checked)) {
    const other = boxes.find((box) => box !== event.target);
    other.checked = true; // at least one target is required
  }
  byId("expand").textContent = `${Math.round(options().expand * 100)}%`;
  refresh();
}

function add({ file, name }) {
  const card = element("li", { className: "card" });
  const picture = { file, card, state: "waiting", ...freeName(name) };
  pictures.push(picture);
  byId("cards").prepend(card);
  queue(picture);
}

/** Returns the name, with a number if another picture has it, and its folder in the archive. */
function freeName(wanted) {
  const used = new Set(pictures.map(({ folder }) => collisionKey(folder)));
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? wanted : numbered(wanted, number);
    const folder = safePath(name);
    if (!used.has(collisionKey(folder))) return { name, folder };
  }
}

/** Queues a picture. Its old result is dropped, and its running request is cancelled. */
function queue(picture) {
  stop(picture);
  if (picture.file.size > limits.max_bytes) {
    const error = `The file has ${bytes(picture.file.size)}. The limit is ${bytes(limits.max_bytes)}.`;
    end(picture, "rejected", { error });
    return;
  }
  picture.state = "waiting";
  draw(picture, "Waiting …");
  startRequests();
}

function stop(picture) {
  picture.abort?.abort();
  picture.viewer?.release();
  Object.assign(picture, { abort: null, viewer: null, result: null, files: null, error: null });
}

function startRequests() {
  for (const picture of pictures) {
    if (running >= PARALLEL_REQUESTS) break;
    if (picture.state === "waiting") run(picture);
  }
  refresh();
}

async function run(picture) {
  running += 1;
  const abort = new AbortController();
  const isCurrent = () => picture.abort === abort;
  const showProgress = (...progress) => isCurrent() && draw(picture, ...progress);
  Object.assign(picture, { state: "working", options: options(), abort });
  const form = new FormData();
  form.append("image", picture.file, picture.name);
  for (const [name, value] of Object.entries(picture.options)) form.append(name, value);
  try {
    const response = await sendForm("v1/face-mask-sam2", form, {
      onProgress: (share) => showProgress(share < 1 ? "Sending …" : "Processing …", share),
      onWait: () => showProgress("The service is busy. Trying again soon …"),
      signal: abort.signal,
    });
    if (isCurrent()) accept(picture, response);
  } catch (error) {
    if (isCurrent()) end(picture, REJECTED.includes(error.status) ? "rejected" : "failed", { error: error.message });
  } finally {
    running -= 1;
    startRequests();
  }
}

function accept(picture, response) {
  const result = { ...response };
  const files = new Map();
  for (const [name, field] of Object.entries(FIELDS)) {
    files.set(name, decode(response[field]));
    delete result[field];
  }
  files.set("result.json", new Blob([JSON.stringify(result, null, 1)], { type: "application/json" }));
  end(picture, result.status, { result, files });
}

function decode(base64) {
  const binary = atob(base64);
  const data = new Uint8Array(binary.length);
  for (let index = 0; index < binary.length; index += 1) data[index] = binary.charCodeAt(index);
  return new Blob([data], { type: "image/png" });
}

function end(picture, state, outcome) {
  Object.assign(picture, outcome, { state });
  draw(picture);
  refresh();
}

function draw(picture, activity = null, sent = null) {
  const button = element("button", {
    type: "button", className: "plain", "aria-label": `Remove ${picture.name}`, onclick: () => remove(picture),
  }, "×");
  const badges = [badge(picture.state), reviewBadge(needsReview(picture.result))];
  const head = element("div", { className: "head" }, element("h2", {}, picture.name), ...badges, button);
  if (activity) {
    const bar = element("progress", { "aria-label": activity });
    if (sent !== null && sent < 1) bar.value = sent;
    picture.card.replaceChildren(head, element("p", { className: "secondary" }, activity), bar);
  } else if (picture.error) {
    picture.card.replaceChildren(head, element("p", { className: "error", role: "alert" }, picture.error));
  } else {
    picture.card.replaceChildren(head, resultBody(picture));
  }
}

function resultBody(picture) {
  const { name, result, files } = picture;
  const load = (view) => (view === "original" ? picture.file : files.get(`${view}.png`));
  picture.viewer = viewer(name, result, load);
  const stem = name.split("/").pop().replace(/\.[^.]*$/, "");
  const saveFile = (file) => save(files.get(file), safePath(`${stem}-${file}`));
  const side = element(
    "div", { className: "side" },
    reason(result), reviewReasons(result), warnings(result), instances(result),
    downloads([...files.keys()], name, saveFile),
  );
  return element("div", { className: "body" }, picture.viewer.element, side);
}

/** Whether another request may give another result. */
function canRerun({ state, options: past }) {
  if (!past || state === "waiting") return false;
  return state === "failed" || JSON.stringify(past) !== JSON.stringify(options());
}

function refresh() {
  const done = pictures.filter(({ files }) => files).length;
  const pending = pictures.some(({ state }) => ["waiting", "working"].includes(state));
  const text = `${pictures.length} ${pictures.length === 1 ? "picture" : "pictures"}: ${counts()}`;
  if (byId("summary").textContent !== text) byId("summary").textContent = text;
  byId("bar").hidden = pictures.length === 0;
  byId("zip").disabled = isSaving || done === 0;
  byId("zip").textContent = pending && done ? `Download ${done} finished (.zip)` : "Download all (.zip)";
  byId("rerun").hidden = !pictures.some(canRerun);
}

function counts() {
  const states = new Map();
  for (const { state } of pictures) states.set(state, (states.get(state) ?? 0) + 1);
  const toReview = pictures.filter(({ result }) => needsReview(result)).length;
  if (toReview) states.set("to review", toReview);
  return [...states].map(([state, count]) => `${count} ${state}`).join(", ");
}

function rerun() {
  pictures.filter(canRerun).forEach(queue);
}

function remove(picture) {
  stop(picture);
  picture.card.remove();
  pictures = pictures.filter((other) => other !== picture);
  refresh();
}

function clear() {
  [...pictures].forEach(remove);
  byId("files").focus();
}

async function saveAll() {
  isSaving = true;
  refresh();
  const files = pictures.filter((picture) => picture.files).flatMap((picture) =>
    [...picture.files].map(([name, blob]) => [`${picture.folder}/${name}`, blob]));
  try {
    save(await archive(files), "toonmask.zip");
  } catch (error) {
    byId("drop-note").textContent = `The archive could not be created: ${error.message}`;
  } finally {
    isSaving = false;
    refresh();
  }
}
