// Names of files: numbered where they are taken, and as every system takes them.

/** "a/cat.png" and 2 as "a/cat (2).png". */
export const numbered = (name, number) => name.replace(/(\.[^./]*)?$/, ` (${number})$1`);

const FORBIDDEN = /[\\:*?"<>|\u0000-\u001f\u007f]/g;
const DEVICES = /^(con|prn|aux|nul|com\d|lpt\d)(?=\.|$)/i;

/**
 * A path that Windows unpacks, too, and inside the folder that it is unpacked to.
 * https://learn.microsoft.com/windows/win32/fileio/naming-a-file
 */
export function safePath(path) {
  const safe = (part) =>
    part.replace(FORBIDDEN, "_").replace(/[. ]+$/, (end) => "_".repeat(end.length)).replace(DEVICES, "_$1") || "_";
  return path.split("/").map(safe).join("/");
}
