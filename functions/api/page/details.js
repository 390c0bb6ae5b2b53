// The dialog with the result of one upload.

import { getBlob, getJson } from "./client.js";
import { byId, element, save } from "./dom.js";
import { safePath } from "./file_names.js";
import { badge, reviewReasons, downloads, instances, needsReview, reason, reviewBadge } from "./results.js";
import { viewer } from "./viewer.js";

/** Longest side of the pictures in the dialog, in pixels. Chosen by hand: about the width of a screen. */
const SIDE = 1_600;

/** What the dialog shows: the upload's name and, if it has pictures, their viewer; null if it is closed. */
let shown = null;

/** Returns a picture of an upload, or the upload itself, as a Blob. With `side`, it is scaled down. */
export function picture({ name, generation }, file, side = "") {
  return getBlob("v1/uploads/picture", { name, generation, picture: file, side });
}

/** Initialises the dialog. */
export function begin() {
  byId("details").addEventListener("close", () => replace(null));
}

/** Updates the dialog if it shows this upload. */
export function updateDetails(upload) {
  if (shown?.name === upload.name) showDetails(upload);
}

/** Opens the dialog. */
export async function showDetails(upload) {
  const current = { name: upload.name, viewer: null };
  replace(current);
  byId("details-title").textContent = upload.name;
  byId("details-body").replaceChildren(badges(upload), element("p", {}, "Loading the result …"));
  if (!byId("details").open) byId("details").showModal();
  const parts = await describe(upload, current);
  if (shown === current) byId("details-body").replaceChildren(...parts);
  else current.viewer?.release();
}

function replace(next) {
  shown?.viewer?.release();
  shown = next;
}

async function describe(upload, current) {
  if (upload.state === "working") return [badges(upload), element("p", {}, "The upload is being processed.")];
  try {
    const result = await getJson("v1/uploads/result", { name: upload.name });
    const parts = [reason(result), reviewReasons(result), instances(result)];
    if (!result.outputs) return [badges(upload), ...parts].filter(Boolean);
    const load = (view) => picture(upload, view === "original" ? view : `${view}.png`, SIDE);
    current.viewer = viewer(upload.name, result, load);
    return [badges(upload, result), current.viewer.element, ...parts, files(upload, result)].filter(Boolean);
  } catch (error) {
    return [badges(upload), element("p", { className: "error", role: "alert" }, error.message)];
  }
}

function badges(upload, result = null) {
  return element("p", { className: "badges" }, badge(upload.state), reviewBadge(needsReview(result)));
}

function files(upload, result) {
  const ofInstances = result.instances.flatMap((instance) => Object.values(instance.files));
  const names = [...Object.values(result.outputs), ...ofInstances].filter(Boolean); // preview may be null
  return downloads(names, upload.name, async (name) => {
    const file = `${upload.name.split("/").pop()}-${name.replaceAll("/", "-")}`;
    save(await picture(upload, name), safePath(file));
  });
}
