// Creates ZIP archives.

import { downloadZip } from "./vendor/client-zip.js";

/** Limit for the files of an archive: client-zip does not write ZIP64 for a larger number. */
export const MOST_FILES = 65_535;

/**
 * Returns a Blob with an archive of [path, Blob] pairs from an async iterable. Files are stored uncompressed,
 * because PNGs are compressed already. An archive above 4 GiB is a ZIP64.
 */
export function archive(files) {
  return downloadZip(entries(files)).blob();
}

async function* entries(files) {
  for await (const [name, input] of files) yield { name, input };
}
