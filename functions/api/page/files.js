// Taking files: chosen, dropped or pasted, one by one or whole folders of them.

import { element } from "./dom.js";

const PICTURE = /\.(png|jpe?g|webp|avif|gif|bmp|tiff?)$/i;

class TooMany extends Error {}

/**
 * Hands on what is chosen, dropped into the window or pasted while the view is active, as
 * { file, name }; the name of a file in a folder is its path. In folders, what is hidden or no
 * picture by its name is left out. Of more than `most()` files none is taken. `note` is a paragraph
 * that says so.
 */
export function takeFiles({ zone, input, note, active, most, take }) {
  const tell = (text, className = "quiet") => note.replaceChildren(element("span", { className }, text));
  const accept = async (sources) => {
    const found = { files: [], skipped: 0, most: most() };
    tell(sources.some(({ isDirectory }) => isDirectory) ? "Looks through the folder …" : "");
    try {
      for (const source of sources) await visit(source, [], found);
    } catch (error) {
      tell(error instanceof TooMany ? error.message : `Not all of it can be read: ${error.message}`, "wrong");
      return;
    }
    tell(summary(found));
    take(found.files);
  };
  input.addEventListener("change", () => {
    accept([...input.files]);
    input.value = "";
  });
  const inside = (event) => active() && event.dataTransfer?.types.includes("Files");
  let depth = 0;
  const shade = (change) => {
    depth = Math.max(0, depth + change);
    zone.classList.toggle("over", depth > 0);
  };
  addEventListener("dragenter", (event) => inside(event) && shade(1));
  addEventListener("dragleave", (event) => inside(event) && shade(-1));
  addEventListener("dragover", (event) => inside(event) && event.preventDefault());
  addEventListener("drop", (event) => {
    if (!inside(event)) return;
    event.preventDefault();
    shade(-depth);
    accept(sources(event.dataTransfer));
  });
  addEventListener("paste", (event) => {
    if (active() && event.clipboardData?.files.length) accept(sources(event.clipboardData));
  });
}

/** Files and folders; to be asked for at once, for later the browser has none of them any more. */
function sources(transfer) {
  const items = [...transfer.items].filter(({ kind }) => kind === "file");
  return items.map((item) => item.webkitGetAsEntry() ?? item.getAsFile()).filter(Boolean);
}

async function visit(source, folders, found) {
  const inFolder = folders.length > 0;
  if (inFolder && source.name.startsWith(".")) return;
  if (source.isDirectory) {
    for await (const entry of entries(source)) await visit(entry, [...folders, source.name], found);
    return;
  }
  if (inFolder && !PICTURE.test(source.name)) {
    found.skipped += 1;
    return;
  }
  if (found.files.length >= found.most) throw new TooMany(tooMany(found.most));
  const file = source instanceof File ? source : await new Promise((...ends) => source.file(...ends));
  const path = [...folders, file.name || "pasted.png"].map((part) => part.replaceAll("/", "_"));
  found.files.push({ file, name: path.join("/") });
}

/** What lies in a folder; the browser tells of a hundred at a time. */
async function* entries(folder) {
  const reader = folder.createReader();
  for (;;) {
    const some = await new Promise((...ends) => reader.readEntries(...ends));
    if (!some.length) return;
    yield* some;
  }
}

function tooMany(most) {
  return most > 0
    ? `That is more than the ${most.toLocaleString("en")} files that can be taken now. None was; try fewer, or a script (below).`
    : "There is no room for more: download what is here and clear it, or use a script (below).";
}

function summary({ files, skipped }) {
  const others = skipped === 1 ? "1 file that is no picture" : `${skipped} files that are no pictures`;
  if (!files.length && !skipped) return "There are no pictures in it.";
  return skipped ? `${files.length} taken; left out ${others}.` : "";
}
