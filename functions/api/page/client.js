// Calls to the service: its key, its errors, its "come back later".

const KEY = "toonmask-key";
const MOST_TRIES = 8;
const UNREACHABLE =
  "The service cannot be reached. See that it is running and that you are online, then try again.";
const NO_BUCKET = "The bucket cannot be reached. See that you are online, then upload it again.";
const CAME_LATE =
  "Another upload of this name came first, and was not replaced. Upload it again to choose what to do.";

/** What the service answered instead; `message` is for people. */
export class Refusal extends Error {
  constructor(status, problem) {
    super(problem.detail ?? `The service answered ${status}.`);
    this.status = status;
    this.code = problem.code ?? "";
  }
}

/** The JSON that a GET is answered with. */
export const getJson = async (path, query) => JSON.parse(await asked(path, query, "text"));

/** The file that a GET is answered with, as a Blob. */
export const getBlob = (path, query) => asked(path, query, "blob");

/** A page of uploads. */
export const listUploads = (query) => getJson("v1/uploads", query);

function asked(path, query = {}, kind) {
  const fields = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== ""));
  return persistently(() => fetched(fields.size ? `${path}?${fields}` : path, {}, kind));
}

/** The JSON that a POST of JSON is answered with. */
export async function post(path, body) {
  const headers = { "Content-Type": "application/json" };
  const request = { method: "POST", headers, body: JSON.stringify(body) };
  return JSON.parse(await persistently(() => fetched(path, request, "text")));
}

async function fetched(url, request, kind) {
  try {
    const answer = await fetch(url, { ...request, headers: { ...request.headers, ...keyHeader() } });
    return answer.ok ? await answer[kind]() : refused(answer.status, answer.headers, await answer.text());
  } catch (error) {
    throw error instanceof TypeError ? new Error(UNREACHABLE) : error; // which is how fetch says it
  }
}

/** The JSON that a form with a picture is answered with; tells how much of it has been sent, 0..1. */
export async function sendForm(path, form, { onSent, onWait, signal }) {
  return persistently(async () => {
    const request = await sent("POST", path, form, keyHeader(), onSent, UNREACHABLE, signal);
    const headers = { get: (name) => request.getResponseHeader(name) };
    return request.status === 200
      ? JSON.parse(request.responseText)
      : refused(request.status, headers, request.responseText);
  }, onWait, signal);
}

/** Puts a file to an address that takes it; the generation of the new object. */
export async function put(url, file, type, onSent) {
  const request = await sent("PUT", url, file, { "Content-Type": type }, onSent, NO_BUCKET);
  if (request.status === 412) throw new Error(CAME_LATE);
  if (request.status >= 300) throw new Error(`The bucket answered ${request.status}. Upload it again.`);
  try {
    return BigInt(JSON.parse(request.responseText).generation);
  } catch {
    return 0n; // it does not say
  }
}

function sent(method, url, body, headers, onSent, unreachable, signal) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest(); // fetch tells nothing of what was sent
    request.open(method, url);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.onprogress = (event) => onSent(event.total ? event.loaded / event.total : 0);
    request.upload.onload = () => onSent(1);
    request.onload = () => resolve(request);
    request.onerror = () => reject(new Error(unreachable));
    request.onabort = () => reject(signal.reason);
    signal?.addEventListener("abort", () => request.abort());
    request.send(body);
  });
}

function refused(status, headers, text) {
  let problem = {};
  try {
    problem = JSON.parse(text);
  } catch {
    // not ours: a proxy's page
  }
  const refusal = new Refusal(status, problem);
  refusal.retryAfter = Number(headers.get("Retry-After")) || null;
  throw refusal;
}

/** Asks for the key where one is wanted, and comes back when the service says so. */
async function persistently(call, onWait = () => {}, signal = undefined) {
  for (let tries = 1; ; tries += 1) {
    signal?.throwIfAborted();
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof Refusal) || tries >= MOST_TRIES) throw error;
      if (error.status === 401) await askForKey();
      else if (error.retryAfter) {
        onWait(error);
        await waited(error.retryAfter * 1000, signal);
      } else throw error;
    }
  }
}

/** Ends early where it is given up; whoever waits looks at the signal anyway. */
function waited(milliseconds, signal) {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
    signal?.addEventListener("abort", resolve);
  });
}

const keyHeader = () => {
  const key = sessionStorage.getItem(KEY);
  return key ? { "X-API-Key": key } : {};
};

let asking = null;

function askForKey() {
  asking ??= new Promise((resolve) => {
    const dialog = document.getElementById("ask");
    dialog.addEventListener("close", () => {
      sessionStorage.setItem(KEY, document.getElementById("key").value.trim());
      asking = null;
      resolve();
    }, { once: true });
    dialog.showModal();
  });
  return asking;
}
