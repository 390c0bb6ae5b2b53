// One archive of all results, with the pictures of each instance.

import { archive, MOST_FILES } from "../archive.js";
import { save } from "../dom.js";
import { selectedFile } from "../result/selection.js";
import { texts } from "../texts.js";

/** Saves an archive of the results of pictures that are finished. */
export async function saveAll(pictures) {
  const files = pictures.flatMap((picture) => fileNames(picture).map((name) => ({ picture, name })));
  if (files.length > MOST_FILES) throw new Error(texts.pictures.tooManyFiles(MOST_FILES));
  save(await archive(contents(files)), "toonmask.zip");
}

/** Without those of instances that are left out, and then without the overlay, which shows them. */
function fileNames(picture) {
  const { leftOut, fileNames: names } = picture;
  const isKept = (name) => !leftOut.has(name.split("/")[0]) && !(leftOut.size && name === "overlay.png");
  return names.filter(isKept);
}

/** Yields one file at a time: what is drawn for the archive is not in memory all at once. */
async function* contents(files) {
  for (const { picture, name } of files) {
    yield [`${picture.folder}/${name}`, await selectedFile(picture, picture.result(), name)];
  }
}
