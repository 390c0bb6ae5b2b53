// Creates ZIP archives.

import { downloadZip } from "./vendor/client-zip.js";

/**
 * Returns a Blob with an archive of [path, Blob] pairs. Files are stored uncompressed, because PNGs
 * are compressed already. An archive above 4 GiB is a ZIP64. A smaller one must have at most 65,535
 * files: client-zip does not write ZIP64 for a larger number.
 */
export function archive(files) {
  return downloadZip(files.map(([name, input]) => ({ name, input }))).blob();
}
