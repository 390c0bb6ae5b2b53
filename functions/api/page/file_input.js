// Files from the user: chosen, dropped or pasted, single files or folders.

import { element } from "./dom.js";
import { texts } from "./texts.js";

const PICTURE = /\.(png|jpe?g|webp|avif|gif|bmp|tiff?)$/i;

class TooManyFiles extends Error {}

/**
 * Calls `add` with a list of { file, name } when the user chooses files, drops them into the window, or
 * pastes them while `isActive()`. The name of a file in a folder is its path. Inside folders, hidden files
 * and files without the extension of a picture are ignored. If there are more than `limit()` files, none is
 * added. `note` is a paragraph for messages about it, `zone` the element that shows that a drop is possible.
 */
export function acceptFiles({ zone, input, note, isActive, limit, add }) {
  const showNote = (text, className = "secondary") => note.replaceChildren(element("span", { className }, text));
  const accept = async (sources) => {
    const found = { files: [], ignored: 0, limit: limit() };
    showNote(sources.some(({ isDirectory }) => isDirectory) ? texts.files.reading : "");
    try {
      for (const source of sources) await collect(source, [], found);
    } catch (error) {
      const text = error instanceof TooManyFiles ? error.message : texts.files.unreadable(error.message);
      showNote(text, "error");
      return;
    }
    showNote(summary(found));
    add(found.files);
  };
  input.addEventListener("change", () => {
    accept([...input.files]);
    input.value = "";
  });
  const hasFiles = (event) => isActive() && event.dataTransfer?.types.includes("Files");
  let depth = 0; // dragenter and dragleave are sent for nested elements, too
  const changeDepth = (change) => {
    depth = Math.max(0, depth + change);
    zone.classList.toggle("over", depth > 0);
  };
  addEventListener("dragenter", (event) => hasFiles(event) && changeDepth(1));
  addEventListener("dragleave", (event) => hasFiles(event) && changeDepth(-1));
  addEventListener("dragover", (event) => hasFiles(event) && event.preventDefault());
  addEventListener("drop", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    changeDepth(-depth);
    accept(sources(event.dataTransfer));
  });
  addEventListener("paste", (event) => {
    if (isActive() && event.clipboardData?.files.length) accept(sources(event.clipboardData));
  });
}

/** Returns files and folders. It must run in the event handler: afterwards, the browser drops them. */
function sources(transfer) {
  const items = [...transfer.items].filter(({ kind }) => kind === "file");
  return items.map((item) => item.webkitGetAsEntry() ?? item.getAsFile()).filter(Boolean);
}

async function collect(source, folders, found) {
  const inFolder = folders.length > 0;
  if (inFolder && source.name.startsWith(".")) return;
  if (source.isDirectory) {
    for await (const entry of entries(source)) await collect(entry, [...folders, source.name], found);
    return;
  }
  if (inFolder && !PICTURE.test(source.name)) {
    found.ignored += 1;
    return;
  }
  if (found.files.length >= found.limit) throw new TooManyFiles(texts.files.tooMany(found.limit));
  const file = source instanceof File ? source : await new Promise((...callbacks) => source.file(...callbacks));
  const path = [...folders, file.name || texts.files.pasted].map((part) => part.replaceAll("/", "_"));
  found.files.push({ file, name: path.join("/") });
}

/** Yields the entries of a folder. The browser returns about a hundred at a time. */
async function* entries(folder) {
  const reader = folder.createReader();
  for (;;) {
    const batch = await new Promise((...callbacks) => reader.readEntries(...callbacks));
    if (!batch.length) return;
    yield* batch;
  }
}

function summary({ files, ignored }) {
  if (!files.length && !ignored) return texts.files.none;
  return ignored ? texts.files.added(files.length, ignored) : "";
}
