"""The page in a real browser: pictures go in, masks come out."""

import contextlib
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import requests
from PIL import Image as PillowImage
from playwright.sync_api import Browser, Locator, Page, Route, expect
from playwright.sync_api import Error as PlaywrightError

from local.stack import Stack
from tests.functions.api.browsing import SOON, check_accessibility, keep, save
from tests.functions.api.pictures_view import (
    api_answer,
    card_of,
    choose,
    dot_file,
    file_named,
    finished_card,
)
from tests.functions.api.service import PATH, served
from tools.support.examples import EXAMPLES, ROOT

AVATAR = EXAMPLES / "avataaars_05.png"
SCENE = EXAMPLES / "scenes" / "scene_03.png"
APPLE = EXAMPLES / "apple.png"


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
    choose(page, AVATAR)
    card = finished_card(page, AVATAR.name, "segmented")
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
    twin = file_named(APPLE.name, AVATAR.read_bytes())
    choose(page, APPLE, SCENE, file_named("notes.txt", b"no picture"), twin)
    card = finished_card(page, "notes.txt", "rejected")
    expect(card.get_by_role("alert")).to_contain_text("This isn't a supported image format")
    finished_card(page, "apple.png", "empty")
    finished_card(page, "apple (2).png", "segmented")
    scene = finished_card(page, SCENE.name, "segmented")
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
        self.routes[index].fulfill(json=api_answer(status=status))


def test_an_older_answer_never_wins(page: Page) -> None:
    held, given_up = _Held(page), list[str]()
    page.on("requestfailed", lambda request: given_up.append(request.url))
    again = page.get_by_role("button", name="Run again")
    choose(page, dot_file("a.png"))
    held.answer(0, "empty")
    finished_card(page, "a.png", "empty")
    page.get_by_label("hands").check()
    again.click()
    page.get_by_label("faces").uncheck()
    again.click()
    held.answer(2, "degraded")
    finished_card(page, "a.png", "degraded")
    with contextlib.suppress(PlaywrightError):  # given up, there is nobody to be answered
        held.answer(1, "empty")
    page.get_by_role("tab", name="Pictures").click()
    expect(card_of(page, "a.png").locator(".badge")).to_have_text("degraded")
    assert len(given_up) == 1


def test_outdated_results_are_not_offered(page: Page) -> None:
    held = _Held(page)
    everything = page.get_by_role("button", name="Download all (.zip)")
    expect(everything).to_be_hidden()
    choose(page, dot_file("a.png"), dot_file("b.png"))
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


def test_choices_shape_what_is_found_and_can_be_made_anew(page: Page) -> None:
    choose(page, AVATAR)
    card = finished_card(page, AVATAR.name, "segmented")
    ((left, *_),) = _result(page, card)["boxes"]
    again = page.get_by_role("button", name="Run again")
    expect(again).to_be_hidden()
    page.get_by_label("hands").check()
    page.get_by_label("faces").uncheck()
    again.click()
    finished_card(page, AVATAR.name, "empty")
    page.get_by_label("hands").uncheck()
    expect(page.get_by_label("faces")).to_be_checked()
    page.get_by_label("Room around each").fill("0.4")
    expect(page.locator("#expand")).to_have_text("40%")
    again.click()
    card = finished_card(page, AVATAR.name, "segmented")
    ((farther_left, *_),) = _result(page, card)["boxes"]
    assert farther_left < left
    expect(again).to_be_hidden()


def _result(page: Page, card: Locator) -> Any:
    return json.loads(save(page, card.get_by_role("button", name="Download result.json")))


def test_all_of_it_works_by_keyboard(page: Page) -> None:
    choose(page, AVATAR)
    card = finished_card(page, AVATAR.name, "segmented")
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
    choose(page, APPLE)
    expect(card_of(page, APPLE.name)).to_contain_text("tries again", timeout=SOON)
    finished_card(page, APPLE.name, "empty")


def test_a_service_that_is_gone_is_told(page: Page) -> None:
    page.route(f"**{PATH}", lambda route: route.abort())
    choose(page, APPLE)
    card = finished_card(page, APPLE.name, "failed")
    expect(card.get_by_role("alert")).to_contain_text("The service cannot be reached.")
    page.unroute(f"**{PATH}")
    page.get_by_role("button", name="Run again").click()
    finished_card(page, APPLE.name, "empty")


def test_a_service_that_is_gone_from_the_start_is_told(page: Page) -> None:
    page.route("**/v1/about", lambda route: route.abort())
    page.reload()
    expect(page.get_by_role("alert")).to_contain_text("The service cannot be reached.")


def test_names_are_shown_as_they_are(page: Page) -> None:
    name = "<img src=x onerror=alert(1)>.png"
    choose(page, file_named(name, APPLE.read_bytes()))
    expect(finished_card(page, name, "empty").get_by_role("heading")).to_have_text(name)


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
        choose(page, APPLE)
        finished_card(page, APPLE.name, "empty")


def test_a_phone_shows_all_of_it(page: Page) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    choose(page, AVATAR, SCENE)
    finished_card(page, AVATAR.name, "segmented")
    finished_card(page, SCENE.name, "segmented")
    keep(page, "phone.png")
    for _ in range(2):
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        page.get_by_role("tab", name="Bucket").click()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everybody_can_read_it(page: Page, scheme: Any) -> None:
    page.emulate_media(color_scheme=scheme)
    check_accessibility(page)
    choose(page, AVATAR, ROOT / "README.md")
    finished_card(page, AVATAR.name, "segmented")
    finished_card(page, "README.md", "rejected")
    check_accessibility(page)
