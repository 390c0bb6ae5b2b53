// The pictures of a result without the instances that the user has left out.

import { texts } from "../texts.js";
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
  const files = kept(source, result).map(({ files }) => files[DRAWN[name]]);
  if (files.length === 1) return source.file(files[0]); // it is exact, as the function drew it
  return combined(await Promise.all(files.map((file) => source.file(file))), sizeOf(result), name);
}

/** Returns a view of a result as a promise of a Blob, without the instances that are left out. */
export function selectedView(source, result, view) {
  const name = `${view}.png`;
  return source.leftOut.size && DRAWN[name] ? selectedFile(source, result, name) : source.view(view);
}

/** Returns the result without the instances that are left out, and without their files. */
function selectedResult(source, result) {
  const instances = kept(source, result);
  const boxes = result.boxes?.filter((_, index) => !source.leftOut.has(result.instances[index].id));
  return { ...result, instances, ...(boxes && { boxes }) };
}

export const json = (result) => new Blob([JSON.stringify(result, null, 1)], { type: "application/json" });

/**
 * Returns the union of pictures of the same size. Masks of instances never overlap, so their cutouts meet
 * only in the soft edge. Canvas colours are premultiplied, which rounds those of nearly transparent pixels.
 */
async function combined(blobs, { width, height }, name) {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d");
  if (name === "mask.png") {
    context.fillRect(0, 0, width, height); // black
    context.globalCompositeOperation = "lighten";
  }
  for (const blob of blobs) {
    const bitmap = await createImageBitmap(blob);
    if (bitmap.width !== width || bitmap.height !== height) throw new Error(texts.instances.different);
    context.drawImage(bitmap, 0, 0);
    bitmap.close();
  }
  return canvas.convertToBlob({ type: "image/png" });
}
