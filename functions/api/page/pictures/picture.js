// A picture of the user, and its result. It is a source of the dialog (result/dialog.js).

import { bytes, texts } from "../texts.js";
import { drawingOf } from "../drawing.js";
import { Edits } from "../edit/edits.js";
import { readResponse } from "../result/response.js";

export class Picture {
  /** `original` is the File, `name` is displayed, `folder` is the name in the archive. */
  constructor(original, name, folder) {
    Object.assign(this, { original, name, folder });
    this.leftOut = new Set();
    this.options = null; // those of the newest request
    this.abort = null; // cancels the running request
    this.finished = null; // the newest result and its files; it is kept while the picture is run again
    this.corrections = null; // those of the newest result
    this.ownDrawing = null; // how only this picture is drawn (drawing.js)
    this.isChecked = false; // whether a person has checked the newest result
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
    this.leftOut.clear();
    this.isChecked = false;
    this.#finish(response);
  }

  /** The response to prompts has arrived: to those of a correction, or to the same, which are drawn in another way. */
  acceptCorrected(response) {
    this.corrections.settle(response.prompts);
    const ids = new Set(response.instances.map(({ id }) => id));
    for (const id of this.leftOut) if (!ids.has(id)) this.leftOut.delete(id);
    this.#finish(response);
  }

  #finish(response) {
    Object.assign(this, { state: response.status, activity: null, error: null, progress: null, finished: readResponse(response) });
  }

  /** Whether a person has corrected the newest result, so that a new detection would lose something. */
  get isCorrected() {
    return Boolean(this.corrections?.isEdited);
  }

  /** Whether the result is that of the newest request. */
  get isFinished() {
    return this.finished !== null && this.activity === null;
  }

  get isPending() {
    return this.activity !== null;
  }

  /** How masks and cutout are drawn. */
  get drawing() {
    return drawingOf(this.options);
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
