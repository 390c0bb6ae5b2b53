// A picture of the user, and its result. It is a source of the dialog (result/dialog.js).

import { bytes, texts } from "../texts.js";
import { Edits } from "../edit/edits.js";
import { json } from "../result/selection.js";

/** The pictures in a response, by their file names: PICTURES in shared/api/responses.py. */
const FIELDS = {
  "mask.png": "mask_png_base64",
  "overlay.png": "overlay_png_base64",
  "cutout.png": "face_rgba_png_base64",
};
/** The pictures of instances in a response, by their file names. */
const INSTANCE_FIELD = "instance_png_base64";

export class Picture {
  /** `original` is the File, `name` is displayed, `folder` is the name in the archive. */
  constructor(original, name, folder) {
    Object.assign(this, { original, name, folder });
    this.leftOut = new Set();
    this.options = null; // those of the newest request
    this.abort = null; // cancels the running request
    this.finished = null; // the newest result and its files; it is kept while the picture is run again
    this.corrections = null; // those of the newest result
    this.wait();
  }

  /** The picture waits for its request. */
  wait() {
    Object.assign(this, { state: "waiting", activity: texts.states.waiting, error: null, progress: null });
  }

  /** The request is running. */
  work(activity, progress) {
    Object.assign(this, { state: "working", activity, progress });
  }

  /** The request has failed, or there was none: "rejected" or "failed". */
  fail(state, error) {
    Object.assign(this, { state, error, activity: null, progress: null, finished: null });
  }

  /** Whether the file is too large. If so, the picture is rejected. */
  rejectIfLarger(limit) {
    const isLarger = this.original.size > limit;
    if (isLarger) this.fail("rejected", texts.pictures.tooLarge(this.original.size, limit));
    return isLarger;
  }

  /** The response has arrived. */
  accept(response) {
    this.corrections = response.prompts ? new Edits(response.prompts, response.candidates ?? []) : null;
    this.#finish(response);
  }

  /** The response to a correction has arrived. */
  acceptCorrected(response) {
    this.corrections.settle(response.prompts);
    this.#finish(response);
  }

  #finish(response) {
    const result = { ...response };
    const files = new Map();
    for (const [name, field] of Object.entries(FIELDS)) {
      files.set(name, decode(response[field]));
      delete result[field];
    }
    for (const [name, base64] of Object.entries(response[INSTANCE_FIELD] ?? {})) files.set(name, decode(base64));
    delete result[INSTANCE_FIELD];
    files.set("result.json", json(result));
    this.leftOut.clear();
    Object.assign(this, { state: result.status, activity: null, error: null, progress: null, finished: { result, files } });
  }

  /** Whether the result is that of the newest request. */
  get isFinished() {
    return this.finished !== null && this.activity === null;
  }

  get isPending() {
    return this.activity !== null;
  }

  result() {
    return this.finished?.result ?? null;
  }

  edits() {
    return this.isFinished ? this.corrections : null;
  }

  /** The names of all files of the result. */
  get fileNames() {
    return [...this.finished.files.keys()];
  }

  async view(view) {
    return view === "original" ? this.original : this.file(`${view}.png`);
  }

  async file(name) {
    return this.finished.files.get(name);
  }

  /** One line for the tile. */
  get description() {
    const isInBadge = this.activity === texts.states[this.state];
    return this.activity && !isInBadge ? this.activity : bytes(this.original.size);
  }
}

function decode(base64) {
  const binary = atob(base64);
  const data = new Uint8Array(binary.length);
  for (let index = 0; index < binary.length; index += 1) data[index] = binary.charCodeAt(index);
  return new Blob([data], { type: "image/png" });
}
