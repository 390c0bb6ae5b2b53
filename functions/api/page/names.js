// Names of files: numbered where they are taken, and as every system takes them.

/** "a/cat.png" and 2 as "a/cat (2).png". */
export const numbered = (name, number) => name.replace(/(\.[^./]*)?$/, ` (${number})$1`);

/** What Windows forbids, controls, ends of lines, what changes the direction of text, half characters. */
const FORBIDDEN = /[\\:*?"<>|\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Cs}]/gu;
const DEVICES = /^(con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[\d¹²³])(?= *(?:\.|$))/i;

/**
 * A path that Windows unpacks, too, and inside the folder that it is unpacked to.
 * https://learn.microsoft.com/windows/win32/fileio/naming-a-file
 */
export function safePath(path) {
  const safe = (part) =>
    part.replace(FORBIDDEN, "_").replace(/[. ]+$/, (end) => "_".repeat(end.length)).replace(DEVICES, "_$1") || "_";
  return path.split("/").map(safe).join("/");
}

/** The same for two paths that are one where letters' case, or how their accents are written, is none. */
export const sameness = (path) => path.normalize("NFC").toLowerCase();
