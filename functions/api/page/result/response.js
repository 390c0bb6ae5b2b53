// Responses of the API to a picture: the result, and its files.

import { sendForm } from "../client.js";
import { json } from "./selection.js";

/** The pictures in a response, by their file names: PICTURES in shared/api/responses.py. */
const FIELDS = {
  "mask.png": "mask_png_base64",
  "overlay.png": "overlay_png_base64",
  "cutout.png": "face_rgba_png_base64",
};
/** The pictures of instances in a response, by their file names. */
const INSTANCE_FIELD = "instance_png_base64";

/**
 * Requests the masks of a picture and returns the response. `fields` are those of the form; `options` are
 * those of sendForm (client.js).
 */
export function requestMasks(picture, name, fields, options) {
  const form = new FormData();
  form.append("image", picture, name);
  form.append("instance_pictures", "true");
  for (const [field, value] of Object.entries(fields)) form.append(field, value);
  return sendForm("v1/face-mask-sam2", form, options);
}

/** Returns the form fields for the masks of these prompts, and of nothing else. */
export const fieldsOf = (prompts) => ({ targets: "none", prompts: JSON.stringify(prompts) });

/** Returns the result in a response without its pictures, and a Map of the files. */
export function readResponse(response) {
  const result = { ...response };
  const files = new Map();
  for (const [name, field] of Object.entries(FIELDS)) {
    files.set(name, decode(response[field]));
    delete result[field];
  }
  for (const [name, base64] of Object.entries(response[INSTANCE_FIELD] ?? {})) files.set(name, decode(base64));
  delete result[INSTANCE_FIELD];
  files.set("result.json", json(result));
  return { result, files };
}

function decode(base64) {
  const binary = atob(base64);
  const data = new Uint8Array(binary.length);
  for (let index = 0; index < binary.length; index += 1) data[index] = binary.charCodeAt(index);
  return new Blob([data], { type: "image/png" });
}
