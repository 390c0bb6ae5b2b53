// The entry point: tabs of the two views, and the description of the service.

import { getJson } from "./client.js";
import * as bucket from "./bucket/view.js";
import { insertTexts } from "./dom.js";
import * as exportForm from "./export_form.js";
import * as pictures from "./pictures/view.js";
import * as dialog from "./result/dialog.js";

const VIEWS = ["pictures", "bucket"];
const tab = (view) => document.getElementById(`tab-${view}`);
const isShown = (view) => !document.getElementById(view).hidden;

function show(view) {
  for (const other of VIEWS) {
    const isSelected = other === view;
    document.getElementById(other).hidden = !isSelected;
    tab(other).setAttribute("aria-selected", isSelected);
    tab(other).tabIndex = isSelected ? 0 : -1;
  }
  history.replaceState(null, "", view === "bucket" ? bucket.address() : location.pathname);
  if (view === "bucket") bucket.refreshIfShown();
}

/** Arrow keys select the next tab: https://www.w3.org/WAI/ARIA/apg/patterns/tabs/. */
function selectByKey(event) {
  const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (!step) return;
  const visible = VIEWS.filter((view) => !tab(view).hidden);
  const index = visible.indexOf(event.target.getAttribute("aria-controls"));
  const next = visible[(index + step + visible.length) % visible.length];
  show(next);
  tab(next).focus();
}

for (const view of VIEWS) {
  tab(view).addEventListener("click", () => show(view));
  tab(view).addEventListener("keydown", selectByKey);
}

async function start() {
  insertTexts();
  dialog.begin();
  exportForm.begin();
  const about = await getJson("v1/about");
  pictures.begin(about, () => isShown("pictures"));
  if (about.input_bucket) {
    bucket.begin(about, () => isShown("bucket"));
    tab("bucket").hidden = false;
    const showByAddress = () => show(bucket.openAddress() ? "bucket" : "pictures");
    showByAddress();
    addEventListener("hashchange", showByAddress); // a link to a folder, or the browser's Back
  }
  document.documentElement.dataset.ready = "";
}

try {
  await start();
} catch (error) {
  const alert = document.getElementById("start-error");
  alert.textContent = error.message;
  alert.hidden = false;
}
