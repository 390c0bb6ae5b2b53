// One ZIP archive of many files.

import { downloadZip } from "./vendor/client-zip.js";

/**
 * An archive, as a Blob, of [path, Blob] pairs: one file after the other, uncompressed, for PNGs do
 * not get smaller. Beyond 4 GiB it is a ZIP64; of more than 65,535 files client-zip makes none that
 * can be read unless it is as large as that, too.
 */
export function archive(files) {
  return downloadZip(files.map(([name, input]) => ({ name, input }))).blob();
}
