// The stored result of an upload. It is a source of the dialog (result/dialog.js).

import { getBlob, getJson, post } from "../client.js";
import { drawingOf } from "../drawing.js";
import { Edits } from "../edit/edits.js";
import { hasPictures } from "../result/describe.js";
import { fieldsOf, readResponse, requestMasks } from "../result/response.js";
import { json } from "../result/selection.js";
import { texts } from "../texts.js";

/** Longest side of the pictures in the dialog, in pixels. Chosen by hand: about the width of a screen. */
const SIDE = 1_600;
/** Milliseconds between two requests for the result of a correction. Chosen by hand. */
const POLL = 1_000;

let savesCorrections = false;

/** Initialises the module with the description of the service. */
export function begin(about) {
  savesCorrections = about.corrections;
}

/**
 * Returns a picture of an upload, or the upload itself, as a Blob. With `side`, it is scaled down. The API ignores
 * `result`: the pictures of another result have another address, so the browser does not take them from its cache.
 */
export function storedPicture({ name, generation, revision, frame, result }, picture, side) {
  const ofResult = picture === "original" ? {} : { revision: revision ?? 0, result: result ?? undefined };
  return getBlob("v1/uploads/picture", { name, generation, picture, side, frame, ...ofResult });
}

/**
 * The result of an upload, or of one of its frames. It is requested once, when it is needed. `changed()` is called
 * after a correction, and `reopened()` after another frame is chosen.
 */
export class StoredResult {
  #loading = null;
  #original = null;
  #abort = null;
  #preview = null; // the result of a correction that is not saved, and its files
  #revision = 0; // that of the prompts
  #corrections = null;
  #picture; // the upload or its frame, as storedPicture() takes it

  constructor(upload, changed, reopened) {
    const { name, state } = upload;
    Object.assign(this, { upload: { ...upload }, name, state, changed, reopened, error: null, leftOut: new Set() });
    this.frames = null; // the number of frames and the one that is shown
    this.#picture = upload;
    this.activity = state === "working" ? texts.activity.upload : null;
  }

  result() {
    if (this.#preview) return this.#preview.result;
    return this.state === "working" ? null : (this.#loading ??= this.#load());
  }

  async #load() {
    try {
      const result = await this.#stored("result");
      if (result.frames?.length) {
        this.frames = { count: result.frames.length, shown: 1 };
        return await this.#load();
      }
      this.#picture = { ...this.upload, frame: this.#frame, revision: result.revision };
      if (savesCorrections && hasPictures(result.status)) await this.#loadPrompts();
      return result;
    } catch (error) {
      this.#loading = null; // opening it again requests it again
      throw error;
    }
  }

  /** Shows another frame. */
  chooseFrame(shown) {
    this.frames = { ...this.frames, shown };
    this.#loading = this.#original = this.#corrections = null;
    this.leftOut.clear();
    this.reopened();
  }

  get #frame() {
    return this.frames?.shown;
  }

  /** Returns a document of the upload or its frame: "result" or "prompts". */
  #stored(document) {
    return getJson(`v1/uploads/${document}`, { name: this.name, frame: this.#frame });
  }

  async #loadPrompts() {
    const { instances, revision } = await this.#stored("prompts");
    this.#revision = revision;
    this.#corrections = new Edits(instances, []);
  }

  async view(view) {
    if (view === "original") return storedPicture(this.#picture, view, SIDE);
    return this.#preview ? this.file(`${view}.png`) : storedPicture(this.#picture, `${view}.png`, SIDE);
  }

  async file(file) {
    if (this.#preview) return this.#preview.files.get(file);
    if (file !== "result.json") return storedPicture(this.#picture, file);
    return json(await this.#loading);
  }

  edits() {
    return this.activity ? null : this.#corrections;
  }

  /** Whether there is a correction that is not saved: it must not be lost when the listing changes. */
  get isEdited() {
    return Boolean(this.#corrections?.isEdited);
  }

  /** Shows the masks of these prompts. They are not saved. */
  async correct(prompts) {
    this.#abort?.abort();
    const abort = new AbortController();
    this.#abort = abort;
    const original = await (this.#original ??= storedPicture(this.#picture, "original"));
    const { drawing } = await this.#loading; // results of earlier versions have none
    const fields = { ...fieldsOf(prompts), ...(drawing && drawingOf(drawing)) };
    const response = await requestMasks(original, "upload", fields, { signal: abort.signal });
    if (this.#abort !== abort) throw abort.signal.reason;
    this.#corrections.settle(response.prompts);
    this.leftOut.clear();
    this.#preview = readResponse(response);
    this.changed();
  }

  /** Saves the corrected prompts, and waits until the upload has been segmented with them. */
  async save() {
    const { name, upload } = this;
    const { current: instances } = this.#corrections;
    const { revision } = await post("v1/uploads/prompts", {
      name, generation: upload.generation, frame: this.#frame, revision: this.#revision, instances,
    });
    this.activity = texts.activity.saved;
    this.changed();
    const result = await this.#resultOf(revision);
    const ofUpload = this.frames ? await getJson("v1/uploads/result", { name }) : result;
    Object.assign(this, { activity: null, state: ofUpload.status });
    Object.assign(upload, { revision: ofUpload.revision, result: null }); // the next listing has it
    this.#picture = { ...upload, frame: this.#frame, revision: result.revision };
    this.#loading = Promise.resolve(result);
    this.#preview = null;
    await this.#loadPrompts();
    this.changed();
  }

  /** Polls until there is the result of a revision, or a note that it failed. */
  async #resultOf(revision) {
    for (;;) {
      const result = await this.#stored("result");
      const hasFailed = result.review?.some(({ code }) => code === "correction-failed");
      if ((result.revision ?? 0) >= revision || hasFailed) return result;
      await new Promise((resolve) => { setTimeout(resolve, POLL); });
    }
  }

  /** Whether a person has checked the result. */
  get isChecked() {
    return Boolean(this.upload.checked);
  }

  /** Marks the result as checked, or not: that of the upload, with all its frames. */
  async check(checked) {
    const { name, upload } = this;
    const { revision = 0 } = await (this.frames ? getJson("v1/uploads/result", { name }) : this.#loading);
    await post("v1/uploads/checked", { name, generation: upload.generation, revision, checked });
    upload.checked = checked;
    this.changed();
  }
}
