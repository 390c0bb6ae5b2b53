// The pictures of a result without the instances that the user has left out.

import { texts } from "../texts.js";
import { cutoutBox } from "./cutout_box.js";
import { sizeOf } from "./describe.js";

/** The pictures that are drawn again without the instances that are left out, by their key in `files`. */
const DRAWN = { "mask.png": "mask", "cutout.png": "cutout" };

/** Returns the instances that are not left out. */
export const kept = ({ leftOut }, result) => result.instances.filter(({ id }) => !leftOut.has(id));

/** Returns a file of a result as a promise of a Blob, without the instances that are left out. */
export async function selectedFile(source, result, name) {
  if (!source.leftOut.size) return source.file(name);
  if (name === "result.json") return json(selectedResult(source, result));
  if (!DRAWN[name]) return source.file(name);
  const instances = kept(source, result);
  const files = instances.map(({ files: each }) => each[DRAWN[name]]);
  if (files.length === 1) return source.file(files[0]); // it is exact, as the function drew it
  const blobs = await Promise.all(files.map((file) => source.file(file)));
  return name === "mask.png" ? combinedMask(blobs, result) : combinedCutout(blobs, instances, boxOf(source, result));
}

/**
 * Returns a view of a result, without the instances that are left out: a promise of a `blob` and of the `box` of the
 * picture that it shows.
 */
export async function selectedView(source, result, view) {
  const name = `${view}.png`;
  const blob = await (source.leftOut.size && DRAWN[name] ? selectedFile(source, result, name) : source.view(view));
  return { blob, box: view === "cutout" ? boxOf(source, result) : wholeOf(result) };
}

const wholeOf = (result) => {
  const { width, height } = sizeOf(result);
  return [0, 0, width, height];
};

/** Returns the box of the cutout. Results of earlier versions have none: it is that of the picture. */
function boxOf(source, result) {
  if (!source.leftOut.size) return result.cutout_box ?? wholeOf(result);
  return cutoutBox(result.drawing, kept(source, result).map(({ box }) => box), sizeOf(result));
}

/** Returns the result without the instances that are left out, and without their files. */
function selectedResult(source, result) {
  const isKept = (_, index) => !source.leftOut.has(result.instances[index].id);
  const selected = { ...result, instances: result.instances.filter(isKept) };
  for (const name of ["boxes", "prompts"]) if (result[name]) selected[name] = result[name].filter(isKept);
  if (result.cutout_box) selected.cutout_box = boxOf(source, result);
  return selected;
}

export const json = (result) => new Blob([JSON.stringify(result, null, 1)], { type: "application/json" });

/** Returns the union of masks of the picture's size. */
function combinedMask(blobs, result) {
  const box = wholeOf(result);
  return combined(blobs.map((blob) => ({ blob, box })), box, true);
}

/** Returns the union of cutouts, each at its place. */
function combinedCutout(blobs, instances, box) {
  return combined(blobs.map((blob, index) => ({ blob, box: instances[index].cutout_box ?? box })), box, false);
}

/**
 * Returns a picture of a box with others in it, each with the box that it shows. Masks of instances never overlap, but
 * the soft edges of their cutouts do: their alphas are added, as in a cutout of all of them. Canvas colours are
 * premultiplied, which rounds those of nearly transparent pixels.
 */
async function combined(parts, [x0, y0, x1, y1], isOpaque) {
  const canvas = new OffscreenCanvas(x1 - x0, y1 - y0);
  const context = canvas.getContext("2d");
  if (isOpaque) context.fillRect(0, 0, canvas.width, canvas.height); // black
  context.globalCompositeOperation = "lighter"; // adds
  for (const { blob, box } of parts) {
    const bitmap = await createImageBitmap(blob);
    const [width, height] = [box[2] - box[0], box[3] - box[1]];
    if (bitmap.width !== width || bitmap.height !== height) throw new Error(texts.instances.different);
    context.drawImage(bitmap, box[0] - x0, box[1] - y0);
    bitmap.close();
  }
  return canvas.convertToBlob({ type: "image/png" });
}
