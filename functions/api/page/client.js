// Calls to the service: its key, its errors, its "come back later".

const KEY = "toonmask-key";
const MOST_TRIES = 8;

/** What the service answered instead; `message` is for people. */
export class Refusal extends Error {
  constructor(status, problem) {
    super(problem.detail ?? `The service answered ${status}.`);
    this.status = status;
    this.code = problem.code ?? "";
  }
}

/** The answer to a GET, as a Response. */
export async function get(path, query = {}) {
  const asked = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== ""));
  const url = asked.size ? `${path}?${asked}` : path;
  return persistently(async () => {
    const answer = await fetch(url, { headers: keyHeader() });
    return answer.ok ? answer : refused(answer.status, answer.headers, await answer.text());
  });
}

/** The JSON that a POST of JSON is answered with. */
export async function post(path, body) {
  return persistently(async () => {
    const answer = await fetch(path, {
      method: "POST",
      headers: { "Content-Type": "application/json", ...keyHeader() },
      body: JSON.stringify(body),
    });
    const text = await answer.text();
    return answer.ok ? JSON.parse(text) : refused(answer.status, answer.headers, text);
  });
}

/** The JSON that a form with a picture is answered with; tells how much of it has been sent, 0..1. */
export async function sendForm(path, form, { onSent, onWait, signal }) {
  return persistently(async () => {
    const request = await sent("POST", path, form, keyHeader(), onSent, signal);
    const headers = { get: (name) => request.getResponseHeader(name) };
    return request.status === 200
      ? JSON.parse(request.responseText)
      : refused(request.status, headers, request.responseText);
  }, onWait, signal);
}

/** Puts a file to an address that takes it. */
export async function put(url, file, type, onSent) {
  const request = await sent("PUT", url, file, { "Content-Type": type }, onSent);
  if (request.status >= 300) throw new Error(`The bucket answered ${request.status}.`);
}

function sent(method, url, body, headers, onSent, signal) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest(); // fetch tells nothing of what was sent
    request.open(method, url);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.onprogress = (event) => onSent(event.total ? event.loaded / event.total : 0);
    request.upload.onload = () => onSent(1);
    request.onload = () => resolve(request);
    request.onerror = () => reject(new Error("The service cannot be reached."));
    request.onabort = () => reject(new DOMException("given up", "AbortError"));
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
        await new Promise((resolve) => setTimeout(resolve, error.retryAfter * 1000));
      } else throw error;
    }
  }
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
