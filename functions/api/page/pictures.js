// The first view: pictures that are dropped here, and what was cut out of them.

import { archive } from "./archive.js";
import { sendForm } from "./client.js";
import { byId, bytes, element, save } from "./dom.js";
import { takeFiles } from "./files.js";
import { numbered, safePath, sameness } from "./names.js";
import { badge, reviewReasons, downloads, instances, needsReview, remark, reviewBadge, warnings } from "./results.js";
import { viewer } from "./viewer.js";

const AT_A_TIME = 2;
/** On the page: results are kept in memory, and four files each are well within one archive. */
const MOST_PICTURES = 1_000;
/** Statuses of answers to what is no image that is taken; after any other it may be tried again. */
const REJECTIONS = [400, 413, 415, 422];
const FIELDS = {
  "mask.png": "mask_png_base64",
  "overlay.png": "overlay_png_base64",
  "cutout.png": "face_rgba_png_base64",
};

let limits = { max_bytes: Infinity };
let pictures = [];
let running = 0;
let saving = false;

/** Begins; `active` tells whether this view is the one on screen. */
export function begin(about, active) {
  limits = about;
  byId("takes").textContent += `, up to ${bytes(about.max_bytes)} and ${about.max_pixels / 1e6} megapixels`;
  byId("curl").textContent =
    `curl -F image=@cartoon.png -H 'Accept: image/png' '${new URL("v1/face-mask-sam2", document.baseURI)}?output=cutout' > cutout.png`;
  takeFiles({
    zone: byId("drop"),
    input: byId("files"),
    note: byId("drop-note"),
    active,
    most: () => MOST_PICTURES - pictures.length,
    take: (files) => files.forEach(add),
  });
  byId("options").addEventListener("input", chosen);
  byId("again").addEventListener("click", runAgain);
  byId("clear").addEventListener("click", clear);
  byId("zip").addEventListener("click", saveAll);
}

function options() {
  const form = new FormData(byId("options"));
  return { targets: form.getAll("targets").join(","), expand: form.get("expand") };
}

function chosen(event) {
  const boxes = [...byId("options").elements.targets];
  if (!boxes.some((box) => box.checked)) {
    const other = boxes.find((box) => box !== event.target);
    other.checked = true; // something has to be looked for
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

/** The name, with a number if another one has it, and its folder in the archive. */
function freeName(wanted) {
  const taken = new Set(pictures.map(({ folder }) => sameness(folder)));
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? wanted : numbered(wanted, number);
    const folder = safePath(name);
    if (!taken.has(sameness(folder))) return { name, folder };
  }
}

/** Whatever there was of it before is outdated, a request under way included. */
function queue(picture) {
  stop(picture);
  if (picture.file.size > limits.max_bytes) {
    const error = `It has ${bytes(picture.file.size)}; the limit is ${bytes(limits.max_bytes)}.`;
    end(picture, "rejected", { error });
    return;
  }
  picture.state = "waiting";
  draw(picture, "Waits for its turn …");
  pump();
}

function stop(picture) {
  picture.abort?.abort();
  picture.viewer?.release();
  Object.assign(picture, { abort: null, viewer: null, result: null, files: null, error: null });
}

function pump() {
  for (const picture of pictures) {
    if (running >= AT_A_TIME) break;
    if (picture.state === "waiting") run(picture);
  }
  refresh();
}

async function run(picture) {
  running += 1;
  const abort = new AbortController();
  const isCurrent = () => picture.abort === abort;
  const tell = (...how) => isCurrent() && draw(picture, ...how);
  Object.assign(picture, { state: "working", options: options(), abort });
  const form = new FormData();
  form.append("image", picture.file, picture.name);
  for (const [name, value] of Object.entries(picture.options)) form.append(name, value);
  try {
    const answer = await sendForm("v1/face-mask-sam2", form, {
      onSent: (share) => tell(share < 1 ? "Sending …" : "Looking and cutting …", share),
      onWait: () => tell("The service is busy; tries again shortly …"),
      signal: abort.signal,
    });
    if (isCurrent()) accept(picture, answer);
  } catch (error) {
    if (isCurrent()) end(picture, REJECTIONS.includes(error.status) ? "rejected" : "failed", { error: error.message });
  } finally {
    running -= 1;
    pump();
  }
}

function accept(picture, answer) {
  const result = { ...answer };
  const files = new Map();
  for (const [name, field] of Object.entries(FIELDS)) {
    files.set(name, decoded(answer[field]));
    delete result[field];
  }
  files.set("result.json", new Blob([JSON.stringify(result, null, 1)], { type: "application/json" }));
  end(picture, result.status, { result, files });
}

function decoded(base64) {
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

function draw(picture, doing = null, sent = null) {
  const remove = element("button", {
    type: "button", className: "plain", "aria-label": `Remove ${picture.name}`, onclick: () => drop(picture),
  }, "×");
  const badges = [badge(picture.state), reviewBadge(needsReview(picture.result))];
  const head = element("div", { className: "head" }, element("h2", {}, picture.name), ...badges, remove);
  if (doing) {
    const bar = element("progress", { "aria-label": doing });
    if (sent !== null && sent < 1) bar.value = sent;
    picture.card.replaceChildren(head, element("p", { className: "quiet" }, doing), bar);
  } else if (picture.error) {
    picture.card.replaceChildren(head, element("p", { className: "wrong", role: "alert" }, picture.error));
  } else {
    picture.card.replaceChildren(head, shown(picture));
  }
}

function shown(picture) {
  const { name, result, files } = picture;
  const load = (view) => (view === "original" ? picture.file : files.get(`${view}.png`));
  picture.viewer = viewer(name, result, load);
  const stem = name.split("/").pop().replace(/\.[^.]*$/, "");
  const saveOne = (file) => save(files.get(file), safePath(`${stem}-${file}`));
  const side = element(
    "div", { className: "side" },
    remark(result), reviewReasons(result), warnings(result), instances(result),
    downloads([...files.keys()], name, saveOne),
  );
  return element("div", { className: "body" }, picture.viewer.element, side);
}

/** Whether running it again may give another result. */
function canRunAgain({ state, options: past }) {
  if (!past || state === "waiting") return false;
  return state === "failed" || JSON.stringify(past) !== JSON.stringify(options());
}

function refresh() {
  const done = pictures.filter(({ files }) => files).length;
  const pending = pictures.some(({ state }) => ["waiting", "working"].includes(state));
  const text = `${pictures.length} ${pictures.length === 1 ? "picture" : "pictures"}: ${counts()}`;
  if (byId("summary").textContent !== text) byId("summary").textContent = text;
  byId("bar").hidden = pictures.length === 0;
  byId("zip").disabled = saving || done === 0;
  byId("zip").textContent = pending && done ? `Download the ${done} done so far (.zip)` : "Download all (.zip)";
  byId("again").hidden = !pictures.some(canRunAgain);
}

function counts() {
  const states = new Map();
  for (const { state } of pictures) states.set(state, (states.get(state) ?? 0) + 1);
  const toReview = pictures.filter(({ result }) => needsReview(result)).length;
  if (toReview) states.set("to review", toReview);
  return [...states].map(([state, count]) => `${count} ${state}`).join(", ");
}

function runAgain() {
  pictures.filter(canRunAgain).forEach(queue);
}

function drop(picture) {
  stop(picture);
  picture.card.remove();
  pictures = pictures.filter((other) => other !== picture);
  refresh();
}

function clear() {
  [...pictures].forEach(drop);
  byId("files").focus();
}

async function saveAll() {
  saving = true;
  refresh();
  const files = pictures.filter((picture) => picture.files).flatMap((picture) =>
    [...picture.files].map(([name, blob]) => [`${picture.folder}/${name}`, blob]));
  try {
    save(await archive(files), "toonmask.zip");
  } catch (error) {
    byId("drop-note").textContent = `The archive could not be made: ${error.message}`;
  } finally {
    saving = false;
    refresh();
  }
}
