// File names: numbered copies, and names that are safe on every system.

/** Returns "a/cat (2).png" for "a/cat.png" and 2. */
export const numbered = (name, number) => name.replace(/(\.[^./]*)?$/, ` (${number})$1`);

/**
 * Characters that Windows forbids, control characters, line separators, characters that change the
 * direction of text, and lone surrogates.
 */
const FORBIDDEN = /[\\:*?"<>|\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Cs}]/gu;
const DEVICES = /^(con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[\d¹²³])(?= *(?:\.|$))/i;

/**
 * Returns a path that Windows can unpack, too, and that does not lead out of the folder.
 * https://learn.microsoft.com/windows/win32/fileio/naming-a-file
 */
export function safePath(path) {
  const safe = (part) =>
    part.replace(FORBIDDEN, "_").replace(/[. ]+$/, (end) => "_".repeat(end.length)).replace(DEVICES, "_$1") || "_";
  return path.split("/").map(safe).join("/");
}

/**
 * Returns a key that is equal for two paths if a file system may treat them as the same. Some ignore
 * case, and some normalise Unicode.
 */
export const collisionKey = (path) => path.normalize("NFC").toLowerCase();
