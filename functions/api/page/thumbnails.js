// Thumbnails: made when they come near the screen, a few at a time, and kept small in memory.

import { element } from "./dom.js";
import { texts } from "./texts.js";

/** Distance from the screen at which a thumbnail is made. Chosen by hand: about one row of tiles. */
const MARGIN = "240px";

/** Thumbnails that are made at a time. Chosen by hand: each decodes a picture of up to 50 megapixels. */
const PARALLEL = 2;

const visibility = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) {
    if (!isIntersecting) continue;
    visibility.unobserve(target);
    waiting.push(target);
  }
  makeNext();
}, { rootMargin: MARGIN });

const waiting = [];
let running = 0;

function makeNext() {
  while (running < PARALLEL && waiting.length) {
    running += 1;
    waiting.shift().make().finally(() => {
      running -= 1;
      makeNext();
    });
  }
}

/**
 * Returns an element, and a function `show(load, side)` that displays a picture in it: `load` returns a Blob
 * or a promise of one, `side` is the longest side in pixels. The earlier picture stays until the new one is
 * there.
 */
export function thumbnail() {
  const frame = element("span", { className: "thumb secondary", "aria-hidden": true });
  const show = (load, side) => {
    const make = async () => {
      const content = await picture(load, side);
      if (frame.make === make) frame.replaceChildren(content); // else another one was requested
    };
    frame.make = make;
    visibility.unobserve(frame); // so that the observer reports it again, even if it is on screen
    visibility.observe(frame);
  };
  return { element: frame, show };
}

async function picture(load, side) {
  try {
    const bitmap = await scaled(await load(), side);
    const canvas = element("canvas", { width: bitmap.width, height: bitmap.height });
    canvas.getContext("bitmaprenderer").transferFromImageBitmap(bitmap);
    return canvas;
  } catch {
    return texts.tile.noPreview; // no image, a format of which the browser has no decoder, or replaced
  }
}

/** Returns an ImageBitmap. The browser decodes the picture in the background, and keeps only this size. */
async function scaled(blob, side) {
  const image = new Image();
  image.src = URL.createObjectURL(blob);
  try {
    await new Promise((...callbacks) => { [image.onload, image.onerror] = callbacks; });
    const scale = Math.min(1, side / Math.max(image.naturalWidth, image.naturalHeight));
    return await createImageBitmap(blob, {
      resizeWidth: Math.max(1, Math.round(image.naturalWidth * scale)),
      resizeHeight: Math.max(1, Math.round(image.naturalHeight * scale)),
      resizeQuality: "medium",
    });
  } finally {
    URL.revokeObjectURL(image.src);
  }
}
