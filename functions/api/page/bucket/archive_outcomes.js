// Reads what an archive says about its uploads. The API streams it, so it knows that only at the end.

const NAME = "outcomes.json";

/** Sizes of the fixed parts of a ZIP: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT. */
const END = 22;
const DIRECTORY_ENTRY = 46;
const LOCAL_HEADER = 30;

/** Returns the outcomes in an archive of the API; an empty list if it is one of more than 4 GiB, which has another directory. */
export async function outcomesOf(archive) {
  const end = await view(archive.slice(-END));
  const directory = await view(archive.slice(end.getUint32(16, true), -END));
  for (let at = 0; at + DIRECTORY_ENTRY <= directory.byteLength; ) {
    const [nameLength, extra, comment] = [28, 30, 32].map((field) => directory.getUint16(at + field, true));
    const name = new TextDecoder().decode(new Uint8Array(directory.buffer, at + DIRECTORY_ENTRY, nameLength));
    if (name === NAME) {
      const file = await content(archive, directory.getUint32(at + 42, true), directory.getUint32(at + 20, true));
      return JSON.parse(file).outcomes;
    }
    at += DIRECTORY_ENTRY + nameLength + extra + comment;
  }
  return [];
}

const view = async (blob) => new DataView(await blob.arrayBuffer());

/** Returns the text of a deflated file with its local header at `start`. */
async function content(archive, start, size) {
  const header = await view(archive.slice(start, start + LOCAL_HEADER));
  const begin = start + LOCAL_HEADER + header.getUint16(26, true) + header.getUint16(28, true);
  const deflated = archive.slice(begin, begin + size);
  return new Response(deflated.stream().pipeThrough(new DecompressionStream("deflate-raw"))).text();
}
