// The first view: pictures that are dropped here, and what was cut out of them.

import { sendForm } from "./client.js";
import { byId, bytes, element, save, takeFiles } from "./dom.js";
import { badge, downloads, instances, remark } from "./results.js";
import { viewer } from "./viewer.js";
import { archive } from "./zip.js";

const AT_A_TIME = 2;
const FIELDS = {
  "mask.png": "mask_png_base64",
  "overlay.png": "overlay_png_base64",
  "cutout.png": "face_rgba_png_base64",
};

let limits = { max_bytes: Infinity };
let pictures = [];
let running = 0;

/** Begins; `isShown` tells whether this view is the one on screen. */
export function begin(about, isShown) {
  limits = about;
  byId("takes").textContent += `, up to ${bytes(about.max_bytes)} and ${about.max_pixels / 1e6} megapixels`;
  byId("curl").textContent =
    `curl -F image=@cartoon.png -H 'Accept: image/png' '${new URL("v1/face-mask-sam2", document.baseURI)}?output=cutout' > cutout.png`;
  takeFiles(byId("drop"), byId("files"), isShown, (files) => files.forEach(add));
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

const sameChoice = (picture) =>
  picture.options && JSON.stringify(picture.options) === JSON.stringify(options());

function add(file) {
  const card = element("li", { className: "card" });
  const picture = { file, name: freeName(file.name || "pasted.png"), card, state: "waiting" };
  pictures.push(picture);
  byId("cards").prepend(card);
  queue(picture);
}

/** The file's name, with a number if another one has it: names are folders in the archive. */
function freeName(name) {
  const taken = new Set(pictures.map((picture) => picture.name));
  for (let number = 1; ; number += 1) {
    const tried = number === 1 ? name : name.replace(/(\.[^.]*)?$/, ` (${number})$1`);
    if (!taken.has(tried)) return tried;
  }
}

function queue(picture) {
  if (picture.file.size > limits.max_bytes) {
    const error = `It has ${bytes(picture.file.size)}; at most ${bytes(limits.max_bytes)} are taken.`;
    end(picture, "rejected", { error });
    return;
  }
  picture.state = "waiting";
  draw(picture, "Waits for its turn …");
  pump();
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
  picture.state = "working";
  picture.options = options();
  picture.abort = new AbortController();
  const form = new FormData();
  form.append("image", picture.file, picture.name);
  for (const [name, value] of Object.entries(picture.options)) form.append(name, value);
  try {
    const answer = await sendForm("v1/face-mask-sam2", form, {
      onSent: (share) => draw(picture, share < 1 ? "Sending …" : "Looking and cutting …", share),
      onWait: () => draw(picture, "The service is busy; tries again shortly …"),
      signal: picture.abort.signal,
    });
    accept(picture, answer);
  } catch (error) {
    if (error.name !== "AbortError") end(picture, error.status < 500 ? "rejected" : "failed", { error: error.message });
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
  forget(picture);
  Object.assign(picture, { result: null, files: null, error: null }, outcome, { state });
  draw(picture);
  refresh();
}

/** Gives back the memory of a result that is not shown any more. */
function forget(picture) {
  picture.urls?.forEach((url) => URL.revokeObjectURL(url));
  picture.urls = [];
}

function draw(picture, doing = null, sent = null) {
  const head = element("div", { className: "head" }, element("h2", {}, picture.name), badge(picture.state));
  const remove = element("button", {
    type: "button", className: "plain", "aria-label": `Remove ${picture.name}`, onclick: () => drop(picture),
  }, "×");
  head.append(remove);
  if (doing) {
    const bar = element("progress", { "aria-label": doing });
    if (sent !== null && sent < 1) bar.value = sent;
    picture.card.replaceChildren(head, element("p", { className: "quiet" }, doing), bar);
  } else if (picture.error) {
    picture.card.replaceChildren(head, element("p", { className: "wrong", role: "alert" }, picture.error));
  } else {
    picture.card.replaceChildren(head, ...shown(picture));
  }
}

function shown(picture) {
  const address = (blob) => {
    const url = URL.createObjectURL(blob);
    picture.urls.push(url);
    return url;
  };
  const load = (view) => address(view === "original" ? picture.file : picture.files.get(`${view}.png`));
  const stem = picture.name.replace(/\.[^.]*$/, "");
  const saveOne = (name) => save(picture.files.get(name), `${stem}-${name}`);
  const side = element(
    "div", { className: "side" },
    remark(picture.result), instances(picture.result),
    downloads([...picture.files.keys()], picture.name, saveOne),
  );
  return [element("div", { className: "body" }, viewer(picture.name, picture.result, load), side)];
}

function refresh() {
  const done = pictures.filter((picture) => picture.files);
  const counts = new Map();
  for (const { state } of pictures) counts.set(state, (counts.get(state) ?? 0) + 1);
  const told = [...counts].map(([state, count]) => `${count} ${state}`).join(", ");
  const text = `${pictures.length} ${pictures.length === 1 ? "picture" : "pictures"}: ${told}`;
  if (byId("summary").textContent !== text) byId("summary").textContent = text;
  byId("bar").hidden = pictures.length === 0;
  byId("zip").disabled = done.length === 0;
  byId("again").hidden = done.length === 0 || done.every(sameChoice);
}

function runAgain() {
  pictures.filter((picture) => picture.files && !sameChoice(picture)).forEach(queue);
}

function drop(picture) {
  picture.abort?.abort();
  forget(picture);
  picture.card.remove();
  pictures = pictures.filter((other) => other !== picture);
  refresh();
}

function clear() {
  [...pictures].forEach(drop);
  byId("files").focus();
}

async function saveAll() {
  byId("zip").disabled = true;
  const files = pictures.filter((picture) => picture.files).flatMap((picture) =>
    [...picture.files].map(([name, blob]) => [`${picture.name}/${name}`, blob]));
  save(await archive(files), "toonmask.zip");
  refresh();
}
