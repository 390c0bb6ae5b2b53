// Masks as a dataset: the API writes the annotation files, the page adds the pictures.

import { archive } from "./archive.js";
import { postText } from "./client.js";
import { save } from "./dom.js";
import { safePath } from "./file_names.js";
import { sizeOf } from "./result/describe.js";
import { kept } from "./result/selection.js";
import { texts } from "./texts.js";

/** Limit of the API for the JSON of a request, in bytes: _MOST_BODY_BYTES in shared/api/export_routes.py. */
const MOST_BYTES = 16 * 2 ** 20;

/**
 * Saves an archive with the annotation files of sources and, if `options.images`, with their pictures. `options` are the
 * fields of the API: format, split, empty, images. Nothing is saved if `isWanted()` is false in the end.
 */
export async function saveDataset(sources, options, isWanted) {
  const annotations = await annotationsOf(sources.map((source) => [source, source.result()]), options);
  const content = await archive(files(sources, annotations, options));
  if (isWanted()) save(content, `${options.format}.zip`);
}

/** Saves the only annotation file of one result: as "svg", "labelme" or "coco". */
export async function saveAnnotations(source, result, format) {
  const { files: made } = await annotationsOf([[source, result]], { format, split: 1, empty: true, images: false });
  const [[path, text]] = Object.entries(made);
  const name = path.split("/").pop();
  const stem = source.name.split("/").pop().replace(/\.[^.]*$/, "");
  save(new Blob([text]), safePath(format === "coco" ? `${stem}-coco.json` : name));
}

async function annotationsOf(results, options) {
  const pictures = results.map(([source, result]) => ({
    name: source.name,
    ...sizeOf(result),
    instances: kept(source, result).map(({ id, label, score, rle }) => ({ id, label, score, rle })),
  }));
  const body = JSON.stringify({ ...options, pictures });
  const { size } = new Blob([body]);
  if (size > MOST_BYTES) throw new Error(texts.exporting.tooLarge(size, MOST_BYTES));
  return postText("v1/export", body);
}

/** Yields [path, Blob] of each file. The pictures are files of the user: they are read while the archive is written. */
function* files(sources, annotations, options) {
  for (const [path, text] of Object.entries(annotations.files)) yield [path, new Blob([text])];
  if (!options.images) return;
  for (const [index, path] of annotations.images.entries()) if (path) yield [path, sources[index].original];
}
