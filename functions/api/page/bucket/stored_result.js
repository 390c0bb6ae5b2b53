// The stored result of an upload. It is a source of the dialog (result/dialog.js).

import { getBlob, getJson, post } from "../client.js";
import { Edits } from "../edit/edits.js";
import { fieldsOf, readResponse, requestMasks } from "../result/response.js";
import { texts } from "../texts.js";

/** Longest side of the pictures in the dialog, in pixels. Chosen by hand: about the width of a screen. */
const SIDE = 1_600;
/** Milliseconds between two requests for the result of a correction. Chosen by hand. */
const POLL = 1_000;
const WITH_PICTURES = ["segmented", "degraded", "empty"];

let savesCorrections = false;

/** Initialises the module with the description of the service. */
export function begin(about) {
  savesCorrections = about.corrections;
}

/**
 * Returns a picture of an upload, or the upload itself, as a Blob. With `side`, it is scaled down. The API ignores
 * `result`: the pictures of another result have another address, so the browser does not take them from its cache.
 */
export function storedPicture({ name, generation, revision, result }, picture, side) {
  const ofResult = picture === "original" ? {} : { revision: revision ?? 0, result: result ?? undefined };
  return getBlob("v1/uploads/picture", { name, generation, picture, side, ...ofResult });
}

/** The result of an upload. It is requested once, when it is needed. `changed()` is called after a correction. */
export class StoredResult {
  #loading = null;
  #original = null;
  #abort = null;
  #preview = null; // the result of a correction that is not saved, and its files
  #revision = 0; // that of the prompts
  #corrections = null;

  constructor(upload, changed) {
    const { name, state } = upload;
    Object.assign(this, { upload: { ...upload }, name, state, changed, error: null, leftOut: new Set() });
    this.activity = state === "working" ? texts.activity.upload : null;
  }

  result() {
    if (this.#preview) return this.#preview.result;
    return this.state === "working" ? null : (this.#loading ??= this.#load());
  }

  async #load() {
    const { name } = this;
    try {
      const result = await getJson("v1/uploads/result", { name });
      if (savesCorrections && WITH_PICTURES.includes(result.status)) await this.#loadPrompts();
      return result;
    } catch (error) {
      this.#loading = null; // opening it again requests it again
      throw error;
    }
  }

  async #loadPrompts() {
    const { instances, revision } = await getJson("v1/uploads/prompts", { name: this.name });
    this.#revision = revision;
    this.#corrections = new Edits(instances, []);
  }

  async view(view) {
    if (view === "original") return storedPicture(this.upload, view, SIDE);
    return this.#preview ? this.file(`${view}.png`) : storedPicture(this.upload, `${view}.png`, SIDE);
  }

  async file(file) {
    if (this.#preview) return this.#preview.files.get(file);
    if (file !== "result.json") return storedPicture(this.upload, file);
    return new Blob([JSON.stringify(await this.#loading, null, 1)], { type: "application/json" });
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
    const original = await (this.#original ??= storedPicture(this.upload, "original"));
    const response = await requestMasks(original, "upload", fieldsOf(prompts), {
      onProgress: () => {},
      onWait: () => {},
      signal: abort.signal,
    });
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
      name, generation: upload.generation, revision: this.#revision, instances,
    });
    this.activity = texts.activity.saved;
    this.changed();
    const result = await this.#resultOf(revision);
    Object.assign(this, { activity: null, state: result.status });
    Object.assign(upload, { revision: result.revision, result: null }); // the next listing has it
    this.#loading = Promise.resolve(result);
    this.#preview = null;
    await this.#loadPrompts();
    this.changed();
  }

  /** Polls until there is the result of a revision, or a note that it failed. */
  async #resultOf(revision) {
    for (;;) {
      const result = await getJson("v1/uploads/result", { name: this.name });
      const hasFailed = result.review?.some(({ code }) => code === "correction-failed");
      if ((result.revision ?? 0) >= revision || hasFailed) return result;
      await new Promise((resolve) => { setTimeout(resolve, POLL); });
    }
  }

  /** Whether a person has checked the result. */
  get isChecked() {
    return Boolean(this.upload.checked);
  }

  /** Marks the result as checked, or not. */
  async check(checked) {
    const { name, upload } = this;
    const { revision = 0 } = await this.#loading;
    await post("v1/uploads/checked", { name, generation: upload.generation, revision, checked });
    upload.checked = checked;
    this.changed();
  }
}
