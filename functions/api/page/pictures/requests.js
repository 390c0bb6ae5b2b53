// Requests the masks of pictures, a few at a time, the oldest picture first.

import { fieldsOf, requestMasks } from "../result/response.js";
import { texts } from "../texts.js";

/** Parallel requests: the default of the service's MAX_PARALLEL. More would only wait there. */
const PARALLEL_REQUESTS = 2;
/** Statuses for unsupported images and invalid options. After any other error, a retry may succeed. */
const REJECTED = [400, 413, 415, 422];

/**
 * Returns a queue. `pictures()` returns all pictures, `options(picture)` the fields of the next request for one.
 * `changed(picture)` is called when the picture has changed.
 */
export function requestQueue({ pictures, options, maxBytes, changed }) {
  let running = 0;

  function startRequests() {
    for (const picture of pictures()) {
      if (running >= PARALLEL_REQUESTS) break;
      if (picture.state === "waiting") run(picture);
    }
  }

  /** Queues pictures. Their running requests are cancelled; their old results stay until the new ones arrive. */
  function add(...added) {
    for (const picture of added) {
      cancel(picture);
      if (!picture.rejectIfLarger(maxBytes)) picture.wait();
      changed(picture);
    }
    startRequests();
  }

  function cancel(picture) {
    picture.abort?.abort();
    picture.abort = null;
  }

  async function run(picture) {
    running += 1;
    const abort = new AbortController();
    Object.assign(picture, { options: options(picture), abort });
    const { isCorrected } = picture;
    const fields = isCorrected ? promptFields(picture, picture.corrections.current) : picture.options;
    const update = (change) => {
      if (picture.abort !== abort) return; // a newer request, or the picture was removed
      change();
      changed(picture);
    };
    update(() => picture.work(texts.activity.sending, 0));
    try {
      const response = await requestMasks(picture.original, picture.name, fields, {
        onProgress: (share) => update(() =>
          (share < 1 ? picture.work(texts.activity.sending, share) : picture.work(texts.activity.processing, NaN))),
        onWait: () => update(() => picture.work(texts.activity.busy, NaN)),
        signal: abort.signal,
      });
      update(() => (isCorrected ? picture.acceptCorrected(response) : picture.accept(response)));
    } catch (error) {
      update(() => picture.fail(REJECTED.includes(error.status) ? "rejected" : "failed", error.message));
    } finally {
      running -= 1;
      startRequests();
    }
  }

  /** Gets the masks of prompts. A newer correction cancels this one. */
  async function correct(picture, prompts) {
    cancel(picture);
    const abort = new AbortController();
    picture.abort = abort;
    const fields = promptFields(picture, prompts);
    const response = await requestMasks(picture.original, picture.name, fields, { signal: abort.signal });
    if (picture.abort !== abort) throw abort.signal.reason;
    picture.acceptCorrected(response);
    changed(picture);
  }

  /** Draws the present masks in another way. `ownDrawing` is that of this picture alone, or null. */
  async function redraw(picture, drawing, ownDrawing) {
    const { options: past, ownDrawing: before } = picture;
    Object.assign(picture, { options: { ...past, ...drawing }, ownDrawing });
    try {
      await correct(picture, picture.corrections.current);
    } catch (error) {
      if (error.name === "AbortError") return; // a newer request draws in this way
      Object.assign(picture, { options: past, ownDrawing: before });
      throw error;
    }
  }

  return { add, cancel, correct, redraw };
}

/** Returns the fields for the masks of prompts. The limit is for what is found, not for what a person adds. */
function promptFields({ options: { max_instances: _, ...fields } }, prompts) {
  return { ...fields, ...fieldsOf(prompts) };
}
