// The bar with the actions for the selected uploads.

import { getBlob, post, postForBlob, ResponseError } from "../client.js";
import { byId, element, save, setText } from "../dom.js";
import { openForm } from "../export_form.js";
import { texts } from "../texts.js";
import { outcomesOf } from "./archive_outcomes.js";
import { showError, showOutcomes, showProgress } from "./outcomes.js";

/** Names that the question before a deletion shows. Chosen by hand: more would fill the window. */
const MOST_NAMES = 5;

let allowed = [];
let bucket = "";
let selected = () => [];
let onDone = async () => {};
let isRunning = false;

/**
 * Initialises the bar. `chosen()` returns the selected uploads, `clear()` ends the selection, and `done(names)` is
 * called after an action that has changed uploads; `names` are those that are gone.
 */
export function begin(about, { chosen, clear, done }) {
  [allowed, bucket] = [about.actions, about.input_bucket];
  selected = chosen;
  onDone = done;
  const bar = byId("selection");
  for (const action of ["rerun", "archive", "delete"]) {
    const button = byId(`selected-${action}`);
    button.hidden = !allowed.includes(action);
    button.addEventListener("click", () => (action === "delete" ? askAndDelete(selected()) : run(action, selected())));
  }
  byId("selected-none").addEventListener("click", clear);
  bar.addEventListener("keydown", (event) => event.key === "Escape" && clear());
}

/** Shows the bar for so many uploads; it is hidden without any. */
export function showCount(count) {
  byId("selection").hidden = count === 0;
  setText(byId("selected-count"), count ? texts.selection.count(count) : "");
}

/** Deletes uploads if the user confirms it. */
export async function askAndDelete(uploads) {
  if (!uploads.length || isRunning || !allowed.includes("delete")) return;
  const dialog = byId("delete");
  const names = uploads.slice(0, MOST_NAMES).map(({ name }) => element("li", {}, element("code", {}, name)));
  const more = uploads.length - names.length;
  setText(byId("delete-title"), texts.actions.delete.question(uploads.length));
  byId("delete-names").replaceChildren(...names, ...(more ? [element("li", {}, texts.actions.delete.more(more))] : []));
  setText(byId("delete-confirm"), texts.actions.delete.confirm(uploads.length));
  dialog.returnValue = "";
  dialog.showModal();
  await new Promise((resolve) => { dialog.addEventListener("close", resolve, { once: true }); });
  if (dialog.returnValue === "delete") await run("delete", uploads);
}

async function run(action, uploads) {
  if (isRunning || !uploads.length) return;
  setRunning(true);
  showProgress(texts.actions[action].running(uploads.length));
  const body = { uploads: uploads.map(({ name, generation }) => ({ name, generation })) };
  try {
    const outcomes = await (action === "archive" ? download(body) : change(action, body));
    showOutcomes(action, outcomes);
  } catch (error) {
    showError(error.message);
  } finally {
    setRunning(false);
  }
}

async function change(action, body) {
  const { outcomes } = await post(`v1/uploads/${action}`, body);
  const isGone = ({ outcome }) => action === "delete" && ["done", "gone"].includes(outcome);
  await onDone(outcomes.filter(isGone).map(({ name }) => name));
  return outcomes;
}

async function download(body) {
  const archive = await loaded(postForBlob("v1/uploads/archive", body), texts.actions.archive.interrupted);
  save(archive, "results.zip");
  return outcomesOf(archive);
}

/** Opens the form that exports all results in a folder, also those in its sub-folders. */
export function openExport(folder) {
  openForm({
    text: texts.actions.export.what(`gs://${bucket}/${folder}`),
    save: async (options, isWanted) => {
      const dataset = getBlob("v1/uploads/export", { prefix: folder, ...options });
      const archive = await loaded(dataset, texts.actions.export.interrupted);
      if (isWanted()) save(archive, `${options.format}.zip`);
    },
  });
}

/** Returns an archive. Its connection is closed before its end if it takes too long, or if a file cannot be read. */
async function loaded(archive, interrupted) {
  try {
    return await archive;
  } catch (error) {
    throw error instanceof ResponseError ? error : new Error(interrupted);
  }
}

function setRunning(isOn) {
  isRunning = isOn;
  byId("selection").querySelectorAll("button").forEach((button) => { button.disabled = isOn; });
}
