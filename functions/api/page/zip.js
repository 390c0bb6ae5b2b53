// ZIP archives of files as they are, uncompressed: PNGs do not get smaller.
// https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, 4.3.7, 4.3.12 and 4.3.16.

const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
const VERSION = 20;
const UTF8 = 0x0800;
const NEW_YEAR_1980 = 0x21; // no file has a date worth keeping

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value;
});

/** CRC-32 of a Uint8Array, as ZIP and PNG have it. */
export function crc32(data) {
  let sum = 0xffffffff;
  for (const byte of data) sum = TABLE[(sum ^ byte) & 0xff] ^ (sum >>> 8);
  return ~sum >>> 0;
}

/** An archive, as a Blob, of [path, Blob] pairs. */
export async function archive(files) {
  const parts = [];
  const directory = [];
  let offset = 0;
  for (const [path, blob] of files) {
    const name = new TextEncoder().encode(path);
    const sum = crc32(new Uint8Array(await blob.arrayBuffer()));
    const common = [
      [2, VERSION], [2, UTF8], [2, 0], [2, 0], [2, NEW_YEAR_1980], [4, sum], [4, blob.size],
      [4, blob.size], [2, name.length], [2, 0],
    ];
    const local = packed([[4, LOCAL], ...common]);
    parts.push(local, name, blob);
    directory.push(
      packed([[4, CENTRAL], [2, VERSION], ...common, [2, 0], [2, 0], [2, 0], [4, 0], [4, offset]]),
      name,
    );
    offset += local.length + name.length + blob.size;
  }
  const size = directory.reduce((total, part) => total + part.length, 0);
  const count = files.length;
  const end = packed([
    [4, END], [2, 0], [2, 0], [2, count], [2, count], [4, size], [4, offset], [2, 0],
  ]);
  return new Blob([...parts, ...directory, end], { type: "application/zip" });
}

/** Little-endian numbers of so many bytes each. */
function packed(numbers) {
  const out = [];
  for (const [size, value] of numbers) {
    for (let byte = 0; byte < size; byte += 1) out.push((value >>> (8 * byte)) & 0xff);
  }
  return Uint8Array.from(out);
}
