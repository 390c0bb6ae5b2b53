// Requests the masks of pictures, a few at a time, the oldest picture first.

import { sendForm } from "../client.js";
import { texts } from "../texts.js";

/** Parallel requests: the default of the service's MAX_PARALLEL. More would only wait there. */
const PARALLEL_REQUESTS = 2;
/** Statuses for unsupported images and invalid options. After any other error, a retry may succeed. */
const REJECTED = [400, 413, 415, 422];

/**
 * Returns a queue. `pictures()` returns all pictures, `options()` the fields of a request. `changed(picture)`
 * is called when the picture has changed.
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
    Object.assign(picture, { options: options(), abort });
    const update = (change) => {
      if (picture.abort !== abort) return; // a newer request, or the picture was removed
      change();
      changed(picture);
    };
    const form = formOf(picture, picture.options);
    update(() => picture.work(texts.activity.sending, 0));
    try {
      const response = await sendForm("v1/face-mask-sam2", form, {
        onProgress: (share) => update(() =>
          (share < 1 ? picture.work(texts.activity.sending, share) : picture.work(texts.activity.processing, NaN))),
        onWait: () => update(() => picture.work(texts.activity.busy, NaN)),
        signal: abort.signal,
      });
      update(() => picture.accept(response));
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
    const fields = { ...picture.options, targets: "none", prompts: JSON.stringify(prompts) };
    const response = await sendForm("v1/face-mask-sam2", formOf(picture, fields), {
      onProgress: () => {},
      onWait: () => {},
      signal: abort.signal,
    });
    if (picture.abort !== abort) throw abort.signal.reason;
    picture.acceptCorrected(response);
    changed(picture);
  }

  return { add, cancel, correct };
}

function formOf(picture, fields) {
  const form = new FormData();
  form.append("image", picture.original, picture.name);
  form.append("instance_pictures", "true");
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  return form;
}
