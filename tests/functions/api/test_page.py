"""The page in a real browser: pictures go in, masks come out."""

import base64
import contextlib
import hashlib
import io
import json
import mimetypes
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import requests
from PIL import Image as PillowImage
from playwright.sync_api import Browser, FilePayload, Locator, Page, Route, expect
from playwright.sync_api import Error as PlaywrightError

from local.stack import Stack
from tests.conftest import EXAMPLES, ROOT
from tests.functions.api.browsing import SOON, check_accessibility, drop, keep, save
from tests.functions.api.service import PATH, served
from tests.pipeline import png

AVATAR = EXAMPLES / "avataaars_05.png"
SCENE = EXAMPLES / "scenes" / "scene_03.png"
APPLE = EXAMPLES / "apple.png"


def _choose(page: Page, *files: Path | FilePayload) -> None:
    """By the file chooser."""
    chosen = [_file(one.name, one.read_bytes()) if isinstance(one, Path) else one for one in files]
    page.locator("#files").set_input_files(chosen)


def _file(name: str, content: bytes) -> FilePayload:
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return {"name": name, "mimeType": kind, "buffer": content}


def _card(page: Page, name: str) -> Locator:
    return page.locator(".card", has=page.get_by_role("heading", name=name, exact=True))


def _finished(page: Page, name: str, state: str) -> Locator:
    """The card of a picture that has come to its end."""
    card = _card(page, name)
    expect(card.locator(".badge:not(.review)")).to_have_text(state, timeout=SOON)
    return card


def _colour(image: Locator) -> list[int]:
    """RGBA of the middle of a picture as the browser has decoded it."""
    return list(
        image.evaluate(
            """async (image) => {
              await image.decode();
              const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight);
              const context = canvas.getContext("2d");
              context.drawImage(image, 0, 0);
              const [x, y] = [image.naturalWidth / 2, image.naturalHeight / 2];
              return [...context.getImageData(x, y, 1, 1).data];
            }"""
        )
    )


def test_a_picture_becomes_a_cutout_and_its_mask_is_the_apis(page: Page, system: Stack) -> None:
    _choose(page, AVATAR)
    card = _finished(page, AVATAR.name, "segmented")
    (found,) = _result(page, card)["instances"]
    expect(card.get_by_role("row", name="face-1")).to_contain_text(found["segmenter"])
    expect(card).to_contain_text(f"Every mask was cut by {found['segmenter']}.")
    over = card.locator("img.over")
    assert _colour(over)[3] == 255, "the face's middle is in the cutout"
    keep(page, "page.png")
    card.get_by_label("Mask", exact=True).check()
    expect(over).to_have_attribute("alt", f"{AVATAR.name}, mask")
    assert _colour(over) == [255, 255, 255, 255]
    mask = save(page, card.get_by_role("button", name="Download mask.png"))
    with AVATAR.open("rb") as picture:
        answer = requests.post(
            f"{system.page.rstrip('/')}{PATH}?output=mask",
            files={"image": picture},
            headers={"Accept": "image/png"},
            timeout=60,
        )
    assert mask == answer.content


def test_many_pictures_end_each_in_its_state_and_go_into_one_archive(page: Page) -> None:
    twin = _file(APPLE.name, AVATAR.read_bytes())
    _choose(page, APPLE, SCENE, _file("notes.txt", b"no picture"), twin)
    card = _finished(page, "notes.txt", "rejected")
    expect(card.get_by_role("alert")).to_contain_text("not an image of a type that is taken")
    _finished(page, "apple.png", "empty")
    _finished(page, "apple (2).png", "segmented")
    scene = _finished(page, SCENE.name, "segmented")
    expect(scene.get_by_role("row")).to_have_count(3)
    expect(page.locator("#summary")).to_contain_text("4 pictures: ")
    archive = zipfile.ZipFile(
        io.BytesIO(save(page, page.get_by_role("button", name="Download all")))
    )
    assert archive.testzip() is None
    names = ("mask.png", "overlay.png", "cutout.png", "result.json")
    pictures = ("apple.png", "apple (2).png", SCENE.name)
    assert set(archive.namelist()) == {f"{one}/{name}" for one in pictures for name in names}
    mask = np.asarray(PillowImage.open(archive.open(f"{SCENE.name}/mask.png")))
    single = save(page, scene.get_by_role("button", name="Download mask.png"))
    assert (mask == np.asarray(PillowImage.open(io.BytesIO(single)))).all()


DOT = png(np.zeros((1, 1, 3), np.uint8))


def _answer(**fields: Any) -> dict[str, Any]:
    """As the API answers about a picture with nothing in it, but for some fields."""
    picture = base64.b64encode(DOT).decode()
    pictures = ("mask_png_base64", "overlay_png_base64", "face_rgba_png_base64")
    told = {"width": 1, "height": 1, "boxes": [], "status": "empty", "reason": None}
    return {**told, "instances": [], **dict.fromkeys(pictures, picture), **fields}


def _dot(name: str) -> FilePayload:
    return _file(name, DOT)


def _told(page: Page, **fields: Any) -> Locator:
    """The card of a picture about which the API answers that."""
    page.route(f"**{PATH}", lambda route: route.fulfill(json=_answer(**fields)))
    _choose(page, _dot("told.png"))
    return _finished(page, "told.png", fields.get("status", "empty"))


def _instance(number: int, segmenter: str) -> dict[str, Any]:
    numbers = {"score": 0.9, "quality": 0.8, "area": 1}
    return {"id": f"face-{number}", "side": None, "segmenter": segmenter, **numbers}


def test_who_cut_is_told_as_it_was(page: Page) -> None:
    found = [_instance(1, "grabcut"), _instance(2, "oval"), _instance(3, "grabcut")]
    card = _told(page, status="segmented", instances=found)
    expect(card).to_contain_text("Every mask was cut by grabcut and oval.")
    expect(card).not_to_contain_text("SAM2")
    expect(card.get_by_role("row", name="face-2")).to_contain_text("oval")


def test_what_is_doubtful_does_not_look_perfect(page: Page) -> None:
    sentence = "face-1 has a score of 0.52: it may be no face."
    doubt = {"code": "low-score", "message": sentence, "instance": "face-1"}
    found = [_instance(1, "grabcut")]
    card = _told(page, status="segmented", instances=found, review=[doubt])
    expect(card.locator(".badge")).to_have_text(["segmented", "to review"])
    expect(card.get_by_role("list", name="To review")).to_have_text(sentence)
    expect(page.locator("#summary")).to_contain_text("1 to review")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        check_accessibility(page)
        keep(page, f"review-{scheme}.png")


def test_warnings_are_shown_where_there_are_any(page: Page) -> None:
    sentence = "The field `expnad` is not known and was ignored."
    card = _told(page, warnings=[sentence])
    expect(card.get_by_role("list", name="Warnings")).to_have_text(sentence)
    expect(card.locator(".badge")).to_have_text(["empty"])


class _Held:
    """Requests for masks, which wait until they are answered."""

    def __init__(self, page: Page) -> None:
        self.routes: list[Route] = []
        self._page = page
        page.route(f"**{PATH}", self._hold)

    def _hold(self, route: Route) -> None:
        self.routes.append(route)

    def answer(self, index: int, status: str) -> None:
        """Answers one of them, once there is one."""
        while len(self.routes) <= index:
            self._page.wait_for_timeout(20)
        self.routes[index].fulfill(json=_answer(status=status))


def test_an_older_answer_never_wins(page: Page) -> None:
    held, given_up = _Held(page), list[str]()
    page.on("requestfailed", lambda request: given_up.append(request.url))
    again = page.get_by_role("button", name="Run again")
    _choose(page, _dot("a.png"))
    held.answer(0, "empty")
    _finished(page, "a.png", "empty")
    page.get_by_label("hands").check()
    again.click()
    page.get_by_label("faces").uncheck()
    again.click()
    held.answer(2, "degraded")
    _finished(page, "a.png", "degraded")
    with contextlib.suppress(PlaywrightError):  # given up, there is nobody to be answered
        held.answer(1, "empty")
    page.get_by_role("tab", name="Pictures").click()
    expect(_card(page, "a.png").locator(".badge")).to_have_text("degraded")
    assert len(given_up) == 1


def test_outdated_results_are_not_offered(page: Page) -> None:
    held = _Held(page)
    everything = page.get_by_role("button", name="Download all (.zip)")
    expect(everything).to_be_hidden()
    _choose(page, _dot("a.png"), _dot("b.png"))
    for index in range(2):
        held.answer(index, "empty")
    expect(everything).to_be_enabled()
    page.get_by_label("hands").check()
    page.get_by_role("button", name="Run again").click()
    expect(everything).to_be_disabled()
    held.answer(2, "degraded")
    some = page.get_by_role("button", name="Download the 1 done so far (.zip)")
    archive = zipfile.ZipFile(io.BytesIO(save(page, some)))
    folders = {name.partition("/")[0] for name in archive.namelist()}
    assert [json.loads(archive.read(f"{one}/result.json"))["status"] for one in folders] == [
        "degraded"
    ]
    held.answer(3, "degraded")
    expect(everything).to_be_enabled()


def test_names_in_the_archive_are_taken_by_every_system(page: Page, tmp_path: Path) -> None:
    page.route(f"**{PATH}", lambda route: route.fulfill(json=_answer()))
    names = ("..\\up:1.png", "up\u00001.png", "CON.png", "a?.png", "a*.png", "..", "ünü.png")
    _choose(page, *map(_dot, names))
    (tmp_path / "trip").mkdir()
    (tmp_path / "trip" / "a.png").write_bytes(DOT)
    drop(page, tmp_path / "trip")
    button = page.get_by_role("button", name="Download all")
    expect(button).to_be_enabled()
    expect(page.locator("#summary")).to_contain_text(f"{len(names) + 1} empty")
    archive = zipfile.ZipFile(io.BytesIO(save(page, button)))
    assert archive.testzip() is None
    folders = {name.rpartition("/")[0] for name in archive.namelist()}
    assert folders == {
        ".._up_1.png", "up_1.png", "_CON.png", "a_.png", "a_ (2).png", "__", "ünü.png",
        "trip/a.png",
    }  # fmt: skip
    assert len(archive.namelist()) == 4 * (len(names) + 1)


ZIP64 = """async () => {
  const { makeZip } = await import("./page/vendor/client-zip.js");
  const lengths = [0, 2 ** 32]; // of nothing its checksum is made, which would take half a minute
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
    with (tmp_path / "large.zip").open("wb") as file:  # all between is zeros, and takes no room
        file.seek(size - len(last))
        file.write(bytes(last))
    with zipfile.ZipFile(tmp_path / "large.zip") as archive:
        large, small = archive.infolist()
    assert (large.file_size, small.file_size) == (2**32, 3)
    assert small.header_offset > 2**32


def test_the_library_of_others_is_as_it_was_published() -> None:
    content = (ROOT / "functions/api/page/vendor/client-zip.js").read_bytes()
    assert hashlib.sha256(content).hexdigest() in (ROOT / "docs/attribution.md").read_text()


def test_a_folder_is_taken_with_the_pictures_in_it(page: Page, tmp_path: Path) -> None:
    page.route(f"**{PATH}", lambda _: None)
    (tmp_path / "trip" / "day 1" / ".cache").mkdir(parents=True)
    (tmp_path / "trip" / "many").mkdir()
    inside = ["a.png", "day 1/b.JPG", *(f"many/{number}.png" for number in range(120))]
    for place in (*inside, ".hidden.png", "day 1/.cache/c.png", "notes.txt", "day 1/d.mp4"):
        (tmp_path / "trip" / place).write_bytes(DOT)
    (tmp_path / "single.txt").write_bytes(DOT)
    drop(page, tmp_path / "trip", tmp_path / "single.txt")
    expect(page.locator("#drop-note")).to_have_text(
        "123 taken; left out 2 files that are no pictures."
    )
    shown = set(page.locator(".card h2").all_text_contents())
    assert shown == {"single.txt", *(f"trip/{place}" for place in inside)}


def test_a_folder_without_pictures_is_told(page: Page, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    drop(page, tmp_path / "empty")
    expect(page.locator("#drop-note")).to_have_text("There are no pictures in it.")


def test_more_than_the_page_holds_is_refused_as_a_whole(page: Page, tmp_path: Path) -> None:
    (tmp_path / "all").mkdir()
    for number in range(1_001):
        (tmp_path / "all" / f"{number}.png").touch()
    drop(page, tmp_path / "all")
    expect(page.locator("#drop-note")).to_contain_text("more than the 1,000 files")
    expect(page.locator(".card")).to_have_count(0)
    check_accessibility(page)


DROP = """([kind, type, data]) => {
  const files = new DataTransfer();
  files.items.add(new File([Uint8Array.from(data)], kind === "paste" ? "" : "dropped.png", {type}));
  const event = kind === "paste"
    ? new ClipboardEvent("paste", {clipboardData: files, bubbles: true})
    : new DragEvent("drop", {dataTransfer: files, bubbles: true, cancelable: true});
  document.body.dispatchEvent(event);
}"""


@pytest.mark.parametrize(("kind", "name"), [("drop", "dropped.png"), ("paste", "pasted.png")])
def test_pictures_can_be_dropped_and_pasted(page: Page, kind: str, name: str) -> None:
    page.evaluate(DROP, [kind, "image/png", list(APPLE.read_bytes())])
    _finished(page, name, "empty")


def test_choices_shape_what_is_found_and_can_be_made_anew(page: Page) -> None:
    _choose(page, AVATAR)
    card = _finished(page, AVATAR.name, "segmented")
    ((left, *_),) = _result(page, card)["boxes"]
    again = page.get_by_role("button", name="Run again")
    expect(again).to_be_hidden()
    page.get_by_label("hands").check()
    page.get_by_label("faces").uncheck()
    again.click()
    _finished(page, AVATAR.name, "empty")
    page.get_by_label("hands").uncheck()
    expect(page.get_by_label("faces")).to_be_checked()
    page.get_by_label("Room around each").fill("0.4")
    expect(page.locator("#expand")).to_have_text("40%")
    again.click()
    card = _finished(page, AVATAR.name, "segmented")
    ((farther_left, *_),) = _result(page, card)["boxes"]
    assert farther_left < left
    expect(again).to_be_hidden()


def _result(page: Page, card: Locator) -> Any:
    return json.loads(save(page, card.get_by_role("button", name="Download result.json")))


def test_all_of_it_works_by_keyboard(page: Page) -> None:
    _choose(page, AVATAR)
    card = _finished(page, AVATAR.name, "segmented")
    slider = card.get_by_role("slider")
    slider.focus()
    before = card.locator(".stage").evaluate("stage => stage.style.getPropertyValue('--cut')")
    page.keyboard.press("ArrowRight")
    after = card.locator(".stage").evaluate("stage => stage.style.getPropertyValue('--cut')")
    assert (before, after) == ("10%", "11%")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowLeft")
    expect(card.get_by_label("Mask", exact=True)).to_be_checked()
    page.get_by_role("tab", name="Pictures").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tabpanel", name="Bucket")).to_be_visible()
    expect(page.get_by_role("tab", name="Bucket")).to_be_focused()


def test_a_busy_service_is_asked_again(page: Page) -> None:
    refusals = iter([429, 503])

    def refuse(route: Route) -> None:
        status = next(refusals, None)
        if status is None:
            route.continue_()
        else:
            problem = '{"detail": "busy", "code": "busy"}'
            route.fulfill(status=status, headers={"Retry-After": "1"}, body=problem)

    page.route(f"**{PATH}", refuse)
    _choose(page, APPLE)
    expect(_card(page, APPLE.name)).to_contain_text("tries again", timeout=SOON)
    _finished(page, APPLE.name, "empty")


def test_a_service_that_is_gone_is_told(page: Page) -> None:
    page.route(f"**{PATH}", lambda route: route.abort())
    _choose(page, APPLE)
    card = _finished(page, APPLE.name, "failed")
    expect(card.get_by_role("alert")).to_contain_text("The service cannot be reached.")
    page.unroute(f"**{PATH}")
    page.get_by_role("button", name="Run again").click()
    _finished(page, APPLE.name, "empty")


def test_a_service_that_is_gone_from_the_start_is_told(page: Page) -> None:
    page.route("**/v1/about", lambda route: route.abort())
    page.reload()
    expect(page.get_by_role("alert")).to_contain_text("The service cannot be reached.")


def test_names_are_shown_as_they_are(page: Page) -> None:
    name = "<img src=x onerror=alert(1)>.png"
    _choose(page, _file(name, APPLE.read_bytes()))
    expect(_finished(page, name, "empty").get_by_role("heading")).to_have_text(name)


def test_a_key_is_asked_for_where_one_is_wanted(browser: Browser, tmp_path: Path) -> None:
    with (
        served(tmp_path / "logs", {"API_KEY": "open sesame"}) as url,
        browser.new_context() as context,
    ):
        page = context.new_page()
        page.goto(url)
        for key in ("wrong", "open sesame"):
            page.get_by_label("API key").fill(key)
            page.get_by_role("button", name="Continue").click()
        page.wait_for_selector("html[data-ready]", state="attached")
        expect(page.get_by_role("tab", name="Bucket")).to_be_hidden()
        _choose(page, APPLE)
        _finished(page, APPLE.name, "empty")


def test_a_phone_shows_all_of_it(page: Page) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    _choose(page, AVATAR, SCENE)
    _finished(page, AVATAR.name, "segmented")
    _finished(page, SCENE.name, "segmented")
    keep(page, "phone.png")
    for _ in range(2):
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        page.get_by_role("tab", name="Bucket").click()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everybody_can_read_it(page: Page, scheme: Any) -> None:
    page.emulate_media(color_scheme=scheme)
    check_accessibility(page)
    _choose(page, AVATAR, ROOT / "README.md")
    _finished(page, AVATAR.name, "segmented")
    _finished(page, "README.md", "rejected")
    check_accessibility(page)
