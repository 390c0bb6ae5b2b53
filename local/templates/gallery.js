// Filters and orders the results. It is part of index.html: browsers load no modules from the file system.

const controls = document.getElementById("controls");
const sections = [...document.querySelectorAll("section")].map((section) => ({
  section,
  grid: section.querySelector(".grid"),
  results: [...section.querySelectorAll(".tile")], // in the order of their names
}));

function update() {
  const form = new FormData(controls);
  const only = form.get("only");
  const toCheck = ({ dataset }) => "review" in dataset;
  for (const { section, grid, results } of sections) {
    for (const result of results) {
      result.hidden = !(only === "all" || (only === "review" ? toCheck(result) : result.dataset.state === only));
    }
    section.hidden = results.every(({ hidden }) => hidden);
    const first = form.has("first") ? results.filter(toCheck) : [];
    grid.append(...first, ...results.filter((result) => !first.includes(result)));
  }
}

controls.addEventListener("input", update);
controls.hidden = false;
update(); // browsers restore the choices when a page is reloaded
