// Requests to the API and to Cloud Storage: API key, errors, retries.

import { texts } from "./texts.js";

const KEY = "toonmask-key";
/** Attempts for a request, the first included. Chosen by hand: more keep the user waiting longer. */
const MOST_ATTEMPTS = 8;
/** An error response; `message` is for people. */
export class ResponseError extends Error {
  constructor(status, problem) {
    super(problem.detail ?? texts.errors.status(status));
    this.status = status;
    this.code = problem.code ?? "";
  }
}

/** Returns the JSON response to a GET. */
export const getJson = async (path, query) => JSON.parse(await get(path, query, "text"));

/** Returns the response to a GET as a Blob. */
export const getBlob = (path, query) => get(path, query, "blob");

/** Returns the response to a POST of JSON as a Blob. */
export const postForBlob = (path, body) => sendJson(path, JSON.stringify(body), "blob");

/** Returns a page of uploads. */
export const listUploads = (query) => getJson("v1/uploads", query);

function get(path, query = {}, type) {
  const fields = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== undefined));
  return withRetries(() => fetchBody(fields.size ? `${path}?${fields}` : path, {}, type));
}

/** Sends JSON by POST and returns the JSON response. */
export const post = (path, body) => postText(path, JSON.stringify(body));

/** Sends the text of JSON by POST and returns the JSON response. */
export const postText = async (path, body) => JSON.parse(await sendJson(path, body, "text"));

function sendJson(path, body, type) {
  const headers = { "Content-Type": "application/json" };
  return withRetries(() => fetchBody(path, { method: "POST", headers, body }, type));
}

async function fetchBody(url, request, type) {
  try {
    const response = await fetch(url, { ...request, headers: { ...request.headers, ...keyHeader() } });
    if (response.ok) return await response[type]();
    throw responseError(response.status, response.headers, await response.text());
  } catch (error) {
    throw error instanceof TypeError ? new Error(texts.errors.unreachable) : error; // fetch reports network errors so
  }
}

/**
 * Sends a form by POST and returns the JSON response. `onProgress` gets the share that is sent, 0..1, and `onWait` an
 * error after which the request is repeated; both are optional.
 */
export async function sendForm(path, form, { onProgress = () => {}, onWait, signal }) {
  return withRetries(async () => {
    const request = await send("POST", path, form, keyHeader(), onProgress, texts.errors.unreachable, signal);
    const headers = { get: (name) => request.getResponseHeader(name) };
    if (request.status === 200) return JSON.parse(request.responseText);
    throw responseError(request.status, headers, request.responseText);
  }, onWait, signal);
}

/** Sends a file to the URL of an upload session and returns the generation of the new object. */
export async function put(url, file, type, onProgress) {
  const request = await send("PUT", url, file, { "Content-Type": type }, onProgress, texts.errors.storageUnreachable);
  if (request.status === 412) throw new Error(texts.errors.existsNow);
  if (request.status >= 300) {
    throw new Error(texts.errors.storageStatus(request.status));
  }
  try {
    return BigInt(JSON.parse(request.responseText).generation);
  } catch {
    return 0n; // the response has no generation
  }
}

function send(method, url, body, headers, onProgress, unreachable, signal) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest(); // fetch does not report the progress of a request
    request.open(method, url);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.onprogress = (event) => onProgress(event.total ? event.loaded / event.total : 0);
    request.upload.onload = () => onProgress(1);
    request.onload = () => resolve(request);
    request.onerror = () => reject(new Error(unreachable));
    request.onabort = () => reject(signal.reason);
    const abort = () => request.abort();
    signal?.addEventListener("abort", abort);
    request.onloadend = () => signal?.removeEventListener("abort", abort); // else the signal keeps the response
    request.send(body);
  });
}

function responseError(status, headers, text) {
  let problem = {};
  try {
    problem = JSON.parse(text);
  } catch {
    // not from this API: the error page of a proxy
  }
  const error = new ResponseError(status, problem);
  error.retryAfter = Number(headers.get("Retry-After")) || null;
  return error;
}

/** Repeats a request after Retry-After, or once the user has entered the API key. */
async function withRetries(call, onWait = () => {}, signal = undefined) {
  for (let attempt = 1; ; attempt += 1) {
    signal?.throwIfAborted();
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof ResponseError) || attempt >= MOST_ATTEMPTS) throw error;
      if (error.status === 401) await requestKey();
      else if (error.retryAfter) {
        onWait(error);
        await delay(error.retryAfter * 1000, signal);
      } else throw error;
    }
  }
}

/** Resolves early if the signal is aborted; the caller checks the signal. */
function delay(milliseconds, signal) {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
    signal?.addEventListener("abort", resolve);
  });
}

const keyHeader = () => {
  const key = sessionStorage.getItem(KEY);
  return key ? { "X-API-Key": key } : {};
};

let keyRequest = null;

/** Asks the user for the API key. Parallel requests share one dialog. */
function requestKey() {
  keyRequest ??= new Promise((resolve) => {
    const dialog = document.getElementById("key-dialog");
    dialog.addEventListener("close", () => {
      sessionStorage.setItem(KEY, document.getElementById("key").value.trim());
      keyRequest = null;
      resolve();
    }, { once: true });
    dialog.showModal();
  });
  return keyRequest;
}
