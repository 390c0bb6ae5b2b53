// Where the page begins: its views, and what the service says of itself.

import { getJson } from "./client.js";
import * as bucket from "./bucket.js";
import * as pictures from "./pictures.js";

const VIEWS = ["pictures", "bucket"];
const tab = (view) => document.getElementById(`tab-${view}`);
const isShown = (view) => !document.getElementById(view).hidden;

function show(view) {
  for (const other of VIEWS) {
    const chosen = other === view;
    document.getElementById(other).hidden = !chosen;
    tab(other).setAttribute("aria-selected", chosen);
    tab(other).tabIndex = chosen ? 0 : -1;
  }
  history.replaceState(null, "", view === VIEWS[0] ? location.pathname : `#${view}`);
  if (view === "bucket") bucket.shown();
}

/** Arrow keys move between tabs, as https://www.w3.org/WAI/ARIA/apg/patterns/tabs/ asks for. */
function moved(event) {
  const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (!step) return;
  const open = VIEWS.filter((view) => !tab(view).hidden);
  const here = open.indexOf(event.target.getAttribute("aria-controls"));
  const next = open[(here + step + open.length) % open.length];
  show(next);
  tab(next).focus();
}

for (const view of VIEWS) {
  tab(view).addEventListener("click", () => show(view));
  tab(view).addEventListener("keydown", moved);
}

async function start() {
  const about = await getJson("v1/about");
  pictures.begin(about, () => isShown("pictures"));
  if (about.input_bucket) {
    bucket.begin(about, () => isShown("bucket"));
    tab("bucket").hidden = false;
    if (location.hash === "#bucket") show("bucket");
  }
  document.documentElement.dataset.ready = "";
}

try {
  await start();
} catch (error) {
  const trouble = document.getElementById("trouble");
  trouble.textContent = error.message;
  trouble.hidden = false;
}
