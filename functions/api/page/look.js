// A look at one upload of the bucket: its result in a dialog.

import { getBlob, getJson } from "./client.js";
import { byId, element, save } from "./dom.js";
import { safePath } from "./names.js";
import { badge, reviewReasons, downloads, instances, needsReview, remark, reviewBadge } from "./results.js";
import { viewer } from "./viewer.js";

const SIDE = 1_600;

/** What is looked at: null, or the upload's name and, if it has pictures, their viewer. */
let shown = null;

/** A picture of an upload, or the upload itself, as a Blob; with `side` small. */
export function picture({ name, generation }, file, side = "") {
  return getBlob("v1/uploads/picture", { name, generation, picture: file, side });
}

/** Begins. */
export function begin() {
  byId("look").addEventListener("close", () => replace(null));
}

/** Shows an upload that has changed again, if it is the one that is looked at. */
export function lookAgain(upload) {
  if (shown?.name === upload.name) look(upload);
}

/** Opens the dialog. */
export async function look(upload) {
  const mine = { name: upload.name, viewer: null };
  replace(mine);
  byId("look-title").textContent = upload.name;
  byId("look-body").replaceChildren(badges(upload), element("p", {}, "Fetches the result …"));
  if (!byId("look").open) byId("look").showModal();
  const parts = await described(upload, mine);
  if (shown === mine) byId("look-body").replaceChildren(...parts);
  else mine.viewer?.release();
}

function replace(next) {
  shown?.viewer?.release();
  shown = next;
}

async function described(upload, mine) {
  if (upload.state === "working") return [badges(upload), element("p", {}, "It is being worked on.")];
  try {
    const result = await getJson("v1/uploads/result", { name: upload.name });
    const told = [remark(result), reviewReasons(result), instances(result)];
    if (!result.outputs) return [badges(upload), ...told].filter(Boolean);
    const load = (view) => picture(upload, view === "original" ? view : `${view}.png`, SIDE);
    mine.viewer = viewer(upload.name, result, load);
    return [badges(upload, result), mine.viewer.element, ...told, files(upload, result)].filter(Boolean);
  } catch (error) {
    return [badges(upload), element("p", { className: "wrong", role: "alert" }, error.message)];
  }
}

function badges(upload, result = null) {
  return element("p", { className: "badges" }, badge(upload.state), reviewBadge(needsReview(result)));
}

function files(upload, result) {
  const single = result.instances.flatMap((one) => Object.values(one.files));
  const names = [...Object.values(result.outputs), ...single].filter(Boolean); // preview may be null
  return downloads(names, upload.name, async (name) => {
    const file = `${upload.name.split("/").pop()}-${name.replaceAll("/", "-")}`;
    save(await picture(upload, name), safePath(file));
  });
}
