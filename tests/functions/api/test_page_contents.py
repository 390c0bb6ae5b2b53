"""The files of the page: its texts, its examples, the limit of its archive."""

import gzip
import re

from flask.testing import FlaskClient
from playwright.sync_api import Page, expect

from tests.functions.api.service import client
from tools.support.examples import EXAMPLES, ROOT

FOLDER = ROOT / "functions" / "api" / "page"
MODULES = [file for file in FOLDER.rglob("*.js") if file.parent.name != "vendor"]
SENTENCE = re.compile(r"""["'`][A-Z][a-z]+ [a-z]+ [^"'`]*["'`]""")
"""A string literal of three words that begins like a sentence."""


def test_every_text_is_in_one_file() -> None:
    for module in MODULES:
        code = re.sub(r"(^|\s)//.*|/\*(.|\n)*?\*/", "", module.read_text())
        assert bool(SENTENCE.search(code)) == (module.name == "texts.js"), module.name
    html = re.sub(r"<(title|noscript)>.*?</\1>", "", (FOLDER / "index.html").read_text())
    assert re.sub(r"<[^>]*>|\s", "", html) == "toonmaskopenapi.json"


USED = """async () => {
  const { texts } = await import("./page/texts.js");
  const isGroup = (value) => Object.getPrototypeOf(value) === Object.prototype;
  const paths = (group, prefix) => Object.entries(group).flatMap(([key, value]) =>
    isGroup(value) ? paths(value, `${prefix}${key}.`) : `${prefix}${key}`);
  return paths(texts, "");
}"""


def test_every_text_is_used(page: Page) -> None:
    code = "\n".join(file.read_text() for file in (*MODULES, FOLDER / "index.html"))
    chosen = (
        "states.",
        "result.file.",
        "stage.views.",
        "stage.grounds.",
        "pictures.orders.",
        "edit.labels.",
        "edit.signs.",
        "bucket.orders.",
        "actions.",
        "result.annotations.",
        "exporting.formats.",
        "exporting.explanations.",
        "choice.orders.",
        "drawing.shapes.",
    )
    expect(page.locator("html")).not_to_contain_text("undefined")
    for path in page.evaluate(USED):
        if path.startswith(chosen) or path.split(".")[0] == "options":
            continue  # the name of a state, a view or an option chooses the text
        assert re.search(rf"\b{re.escape(path)}\b", code), path


def test_examples_are_those_of_the_repository() -> None:
    api: FlaskClient = client()
    names = [file.name.removesuffix(".base64") for file in (FOLDER / "examples").iterdir()]
    assert len(names) == 4
    size = 0
    for name in names:
        (original,) = EXAMPLES.rglob(name)
        response = api.get(f"/page/examples/{name}")
        assert response.data == original.read_bytes()
        assert response.mimetype in {"image/png", "image/jpeg"}
        assert name in (FOLDER / "texts.js").read_text()
        assert name in (ROOT / "docs" / "attribution.md").read_text()
        size += len(response.data)
    assert size < 300_000, "users load them with the page"


TOO_MANY = """async () => {
  const { MOST_FILES } = await import("./page/archive.js");
  const { saveAll } = await import("./page/pictures/download_all.js");
  const fileNames = Array.from({ length: MOST_FILES + 1 }, (_, index) => `face-${index}/mask.png`);
  try {
    await saveAll([{ leftOut: new Set(), fileNames }]);
  } catch (error) {
    return error.message;
  }
}"""


def test_an_archive_of_too_many_files_is_refused(page: Page) -> None:
    assert "more than 65,535 files" in page.evaluate(TOO_MANY)


def test_texts_are_compressed_for_clients_that_can_read_it() -> None:
    api = client()
    plain = api.get("/page/texts.js")
    small = api.get("/page/texts.js", headers={"Accept-Encoding": "br, gzip;q=0.5"})
    assert gzip.decompress(small.data) == plain.data == (FOLDER / "texts.js").read_bytes()
    assert len(small.data) < len(plain.data) / 2
    for response, encoding in ((plain, None), (small, "gzip")):
        assert response.headers.get("Content-Encoding") == encoding
        assert response.headers["Vary"] == "Accept-Encoding"
        assert response.headers["Cache-Control"] == "no-cache"
    assert plain.headers["ETag"] != small.headers["ETag"]
    picture = api.get("/page/examples/astronaut.jpg", headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in picture.headers
    headers = {"Accept-Encoding": "gzip", "If-None-Match": small.headers["ETag"]}
    assert api.get("/page/texts.js", headers=headers).status_code == 304


LOADED = """performance.getEntriesByType("resource").map(({ name }) => new URL(name).pathname)
  .filter((path) => path.endsWith(".js"))"""


def test_all_modules_are_preloaded_and_no_others(page: Page) -> None:
    named = re.findall(r"<(\S+)>; rel=modulepreload", client().get("/").headers["Link"])
    loaded = page.evaluate(LOADED)
    assert sorted(f"/{path}" for path in named) == sorted(loaded)
    reached, waiting = set(), ["main.js"]
    while waiting:
        module = waiting.pop()
        reached.add(f"/page/{module}")
        imports = re.findall(r'^import .*?"(.*?)";$', (FOLDER / module).read_text(), re.M | re.S)
        paths = ((FOLDER / module).parent / path for path in imports)
        names = [path.resolve().relative_to(FOLDER).as_posix() for path in paths]
        waiting += [name for name in names if f"/page/{name}" not in reached]
    assert reached == set(loaded)
