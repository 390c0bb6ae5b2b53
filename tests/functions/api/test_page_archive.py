"""The archive of all results: its names on every system, and its size."""

import hashlib
import io
import zipfile
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.functions.api.browsing import drop, save
from tests.functions.api.pictures_view import DOT, api_response, choose, dot_file
from tests.functions.api.service import PATH
from tools.support.examples import EXAMPLES, ROOT

APPLE = EXAMPLES / "apple.png"


def test_names_in_the_archive_are_valid_on_every_system(page: Page, tmp_path: Path) -> None:
    page.route(f"**{PATH}", lambda route: route.fulfill(json=api_response()))
    names = (
        "..\\up:1.png", "up\u00001.png", "CON.png", "a?.png", "a*.png", "..", "ünü.png",
        "u\u0308nu\u0308.PNG",
    )  # fmt: skip
    choose(page, *map(dot_file, names))
    (tmp_path / "trip").mkdir()
    (tmp_path / "trip" / "a.png").write_bytes(DOT)
    drop(page, tmp_path / "trip")
    button = page.get_by_role("button", name="Download all")
    expect(button).to_be_enabled()
    expect(page.locator("#summary")).to_contain_text(f"{len(names) + 1} nothing found")
    archive = zipfile.ZipFile(io.BytesIO(save(page, button)))
    assert archive.testzip() is None
    folders = {name.rpartition("/")[0] for name in archive.namelist()}
    assert folders == {
        ".._up_1.png", "up_1.png", "_CON.png", "a_.png", "a_ (2).png", "__", "ünü.png",
        "u\u0308nu\u0308 (2).PNG", "trip/a.png",
    }  # fmt: skip
    assert len(archive.namelist()) == 4 * (len(names) + 1)


SAFE = """async (paths) => {
  const { safePath } = await import("./page/file_names.js");
  return [...paths, "\\ud800"].map(safePath);
}"""


def test_no_path_leads_out_of_the_folder_or_to_a_windows_device(page: Page) -> None:
    paths = {
        "../../up.png": "__/__/up.png",
        "/etc//passwd": "_/etc/_/passwd",
        ".": "_",
        "a/": "a/_",
        "..\\..\\evil.png": ".._.._evil.png",
        "C:\\a": "C__a",
        "a. ./b ": "a___/b_",
        "bell\a.png\x9b": "bell_.png_",
        "\u202egnp.exe": "_gnp.exe",
        "a\u2066b\u200ec\u061cd\u2028e": "a_b_c_d_e",
        "aux": "_aux",
        "NUL.tar.gz": "_NUL.tar.gz",
        "com1 .png": "_com1 .png",
        "LPT\u00b3": "_LPT\u00b3",
        "conin$.png": "_conin$.png",
        "console.png": "console.png",
        "COM10.png": "COM10.png",
        "\U0001f469\u200d\U0001f3a8 e\u0301 漢": "\U0001f469\u200d\U0001f3a8 e\u0301 漢",
        ".. ....png": ".. ....png",
    }
    assert page.evaluate(SAFE, list(paths)) == [*paths.values(), "_"]


ZIP64 = """async () => {
  const { makeZip } = await import("./page/vendor/client-zip.js");
  const lengths = [0, 2 ** 32]; // the checksum of 4 GiB would take half a minute
  const piece = Object.defineProperty(new Uint8Array(0), "length", {
    get: () => (lengths.length > 1 ? lengths.shift() : lengths[0]),
  });
  async function* large() { yield piece; }
  const files = [{ name: "large", input: large() }, { name: "small", input: "end" }];
  let [size, last] = [0, []];
  for await (const part of makeZip(files)) {
    size += part.length;
    if (part !== piece) last.push(...part);
  }
  return [size, last.slice(-400)];
}"""


def test_an_archive_beyond_four_gigabytes_can_be_read(page: Page, tmp_path: Path) -> None:
    size, last = page.evaluate(ZIP64)
    with (tmp_path / "large.zip").open("wb") as file:  # a sparse file: all bytes before are zeros
        file.seek(size - len(last))
        file.write(bytes(last))
    with zipfile.ZipFile(tmp_path / "large.zip") as archive:
        large, small = archive.infolist()
    assert (large.file_size, small.file_size) == (2**32, 3)
    assert small.header_offset > 2**32


def test_the_vendored_library_is_unchanged() -> None:
    content = (ROOT / "functions/api/page/vendor/client-zip.js").read_bytes()
    assert hashlib.sha256(content).hexdigest() in (ROOT / "docs/attribution.md").read_text()
