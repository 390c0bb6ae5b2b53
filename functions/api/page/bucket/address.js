// The folder of the view in the address of the page, as #bucket/album/2026/.

const START = "#bucket";

/** Returns the part of the address behind the path. */
export const addressOf = (folder) => (folder ? `${START}/${folder.split("/").map(encodeURIComponent).join("/")}` : START);

/** Whether the address is that of this view. */
export const isOfBucket = (hash) => hash === START || hash.startsWith(`${START}/`);

/** Returns the folder of an address, with a slash at its end; "" is the top of the bucket. */
export function folderOf(hash) {
  try {
    return decodeURIComponent(hash.slice(START.length + 1)).replace(/(?<=[^/])$/, "/");
  } catch {
    return ""; // edited by hand
  }
}
