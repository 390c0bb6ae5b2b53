// The stored result of an upload. It is a source of the dialog (result/dialog.js).

import { getBlob, getJson } from "../client.js";
import { texts } from "../texts.js";

/** Longest side of the pictures in the dialog, in pixels. Chosen by hand: about the width of a screen. */
const SIDE = 1_600;

/** Returns a picture of an upload, or the upload itself, as a Blob. With `side`, it is scaled down. */
export function storedPicture({ name, generation }, picture, side = "") {
  return getBlob("v1/uploads/picture", { name, generation, picture, side });
}

/** Returns the source of an upload. Its result is requested once, when it is needed. */
export function storedResult(upload) {
  const { name, state } = upload;
  let result = null;
  const load = async () => {
    try {
      return await getJson("v1/uploads/result", { name });
    } catch (error) {
      result = null; // opening it again requests it again
      throw error;
    }
  };
  return {
    name,
    state,
    activity: state === "working" ? texts.activity.upload : null,
    error: null,
    leftOut: new Set(),
    edits: () => null,
    result: () => (state === "working" ? null : (result ??= load())),
    view: (view) => storedPicture(upload, view === "original" ? view : `${view}.png`, SIDE),
    file: async (file) =>
      file === "result.json"
        ? new Blob([JSON.stringify(await result, null, 1)], { type: "application/json" })
        : storedPicture(upload, file),
  };
}
