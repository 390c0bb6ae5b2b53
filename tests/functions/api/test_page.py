"""The page in a real browser: pictures go in, masks come out."""

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

from local.stack import Stack
from tests.conftest import EXAMPLES, ROOT
from tests.functions.api.browsing import SOON, check_accessibility, keep, save
from tests.functions.api.service import PATH, served

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
    expect(card.locator(".badge")).to_have_text(state, timeout=SOON)
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
    expect(card.get_by_role("row", name="face-1")).to_contain_text("sam2")
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
    expect(card.get_by_role("alert")).to_contain_text("cannot be reached")


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
