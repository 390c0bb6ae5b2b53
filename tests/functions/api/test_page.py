"""The page's view of pictures, in a real browser: from a file to its masks and its archive."""

import contextlib
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import requests
from PIL import Image as PillowImage
from playwright.sync_api import Browser, Locator, Page, Route, expect
from playwright.sync_api import Error as PlaywrightError

from local.stack import Stack
from tests.functions.api.browsing import SOON, keep, save
from tests.functions.api.pictures_view import (
    api_response,
    choose,
    dot_file,
    file_named,
    finished_tile,
    opened,
    tile_of,
)
from tests.functions.api.service import PATH, decoded, pixels, served
from tools.support.examples import EXAMPLES

AVATAR = EXAMPLES / "avataaars_05.png"
SCENE = EXAMPLES / "scenes" / "scene_03.png"
APPLE = EXAMPLES / "apple.png"


def _picture_of_the_api(system: Stack, image: Path, output: str) -> bytes:
    """Returns a picture as the API gives it to other clients."""
    with image.open("rb") as file:
        response = requests.post(
            f"{system.page.rstrip('/')}{PATH}?output={output}",
            files={"image": file},
            headers={"Accept": "image/png"},
            timeout=60,
        )
    return response.content


def _instance_pictures(system: Stack, image: Path) -> dict[str, npt.NDArray[np.uint8]]:
    """Returns the pictures of all instances by their names, as the API gives them."""
    with image.open("rb") as file:
        response = requests.post(
            f"{system.page.rstrip('/')}{PATH}",
            files={"image": file},
            data={"instance_pictures": "true"},
            timeout=60,
        )
    return {name: decoded(png) for name, png in response.json()["instance_png_base64"].items()}


def _saved(page: Page, dialog: Locator, file: str) -> bytes:
    """Returns a file that the menu of the dialog downloads."""
    dialog.get_by_role("button", name="More files").click()
    return save(page, dialog.get_by_role("button", name=f"Download {file} of"))


def _result(page: Page, name: str) -> Any:
    """Returns the result.json of a picture."""
    dialog = opened(page, name)
    result = json.loads(_saved(page, dialog, "result.json"))
    page.keyboard.press("Escape")
    return result


def test_a_picture_gets_the_files_of_the_api(page: Page, system: Stack) -> None:
    choose(page, AVATAR)
    tile = finished_tile(page, AVATAR.name, "segmented")
    expect(tile.locator("canvas")).to_be_visible()
    keep(page, "page.png")
    cutout = save(page, tile.get_by_role("button", name="Download the cutout"))
    assert cutout == _picture_of_the_api(system, AVATAR, "cutout")
    dialog = opened(page, AVATAR.name)
    assert save(page, dialog.get_by_role("button", name="Download cutout")) == cutout
    assert _saved(page, dialog, "mask.png") == _picture_of_the_api(system, AVATAR, "mask")
    assert _saved(page, dialog, "overlay.png") == _picture_of_the_api(system, AVATAR, "overlay")


def test_many_pictures_get_their_states_and_one_archive(page: Page, system: Stack) -> None:
    twin = file_named(APPLE.name, AVATAR.read_bytes())
    choose(page, APPLE, SCENE, file_named("notes.txt", b"no picture"), twin)
    tile = finished_tile(page, "notes.txt", "rejected")
    expect(tile.get_by_role("alert")).to_contain_text("This isn't a supported image format")
    for name, state in (
        ("apple.png", "empty"),
        ("apple (2).png", "segmented"),
        (SCENE.name, "segmented"),
    ):
        finished_tile(page, name, state)
    expect(page.locator("#pictures-grid .name")).to_have_text(
        ["apple.png", SCENE.name, "notes.txt", "apple (2).png"]
    )
    expect(page.locator("#summary")).to_contain_text("4 pictures: ")
    archive = zipfile.ZipFile(
        io.BytesIO(save(page, page.get_by_role("button", name="Download all")))
    )
    assert archive.testzip() is None
    kinds = ("mask.png", "cutout.png")
    faces = {"apple.png": 0, "apple (2).png": 1, SCENE.name: 2}
    assert set(archive.namelist()) == {
        f"{picture}/{name}"
        for picture, count in faces.items()
        for name in (
            *kinds,
            "overlay.png",
            "result.json",
            *(f"face-{number + 1}/{kind}" for number in range(count) for kind in kinds),
        )
    }
    for output in ("mask", "face-2/mask", "face-2/cutout"):
        stored = archive.read(f"{SCENE.name}/{output}.png")
        assert stored == _picture_of_the_api(system, SCENE, output)


def test_a_face_that_is_left_out_is_in_no_file(page: Page, system: Stack) -> None:
    choose(page, EXAMPLES / "scenes" / "scene_22.png")
    finished_tile(page, "scene_22.png", "segmented")
    dialog = opened(page, "scene_22.png")
    dialog.get_by_role("checkbox", name="Keep face-2").uncheck()
    expect(dialog).to_contain_text("1 instance is left out")
    pictures = _instance_pictures(system, EXAMPLES / "scenes" / "scene_22.png")
    cutouts = {number: pictures[f"face-{number}/cutout.png"] for number in range(1, 7)}
    wanted = np.max([picture for number, picture in cutouts.items() if number != 2], axis=0)
    cutout = pixels(save(page, dialog.get_by_role("button", name="Download cutout")))
    assert (cutout[..., 3] == wanted[..., 3]).all()
    opaque = wanted[..., 3] == 255
    assert (cutout[opaque] == wanted[opaque]).all()
    assert not cutout[cutouts[2][..., 3] > 0].any()
    masks = [pictures[f"face-{number}/mask.png"] for number in (1, 3, 4, 5, 6)]
    mask = pixels(_saved(page, dialog, "mask.png"))[..., 0]
    assert (mask == np.max(masks, axis=0)).all()
    kept = [item["id"] for item in json.loads(_saved(page, dialog, "result.json"))["instances"]]
    assert kept == ["face-1", "face-3", "face-4", "face-5", "face-6"]
    page.keyboard.press("Escape")
    archive = zipfile.ZipFile(
        io.BytesIO(save(page, page.get_by_role("button", name="Download all")))
    )
    names = [name.partition("/")[2] for name in archive.namelist()]
    assert {"overlay.png", "face-2/mask.png", "face-2/cutout.png"}.isdisjoint(names)
    assert {"mask.png", "cutout.png", "face-1/mask.png", "face-6/cutout.png"} <= set(names)
    assert (np.asarray(PillowImage.open(archive.open("scene_22.png/cutout.png"))) == cutout).all()


def test_the_only_face_that_is_kept_is_exact(page: Page, system: Stack) -> None:
    choose(page, SCENE)
    finished_tile(page, SCENE.name, "segmented")
    dialog = opened(page, SCENE.name)
    dialog.get_by_role("checkbox", name="Keep face-1").uncheck()
    cutout = save(page, dialog.get_by_role("button", name="Download cutout"))
    assert cutout == _picture_of_the_api(system, SCENE, "face-2/cutout")
    dialog.get_by_role("checkbox", name="Keep face-2").uncheck()
    assert not pixels(save(page, dialog.get_by_role("button", name="Download cutout"))).any()
    dialog.get_by_role("checkbox", name="Keep face-1").check()
    assert save(page, dialog.get_by_role("button", name="Save the mask of face-1")) == (
        _picture_of_the_api(system, SCENE, "face-1/mask")
    )


class _Held:
    """Holds requests for masks until `answer` is called."""

    def __init__(self, page: Page) -> None:
        self.routes: list[Route] = []
        self._page = page
        page.route(f"**{PATH}", self._hold)

    def _hold(self, route: Route) -> None:
        self.routes.append(route)

    def answer(self, index: int, status: str) -> None:
        """Waits for a request, and responds to it."""
        while len(self.routes) <= index:
            self._page.wait_for_timeout(20)
        self.routes[index].fulfill(json=api_response(status=status))


def test_an_older_response_never_replaces_a_newer_one(page: Page) -> None:
    held, cancelled = _Held(page), list[str]()
    page.on("requestfailed", lambda request: cancelled.append(request.url))
    again = page.get_by_role("button", name="Run again")
    choose(page, dot_file("a.png"))
    held.answer(0, "empty")
    finished_tile(page, "a.png", "empty")
    page.get_by_label("Hands").check()
    again.click()
    page.get_by_label("Faces", exact=True).uncheck()
    again.click()
    held.answer(2, "degraded")
    finished_tile(page, "a.png", "degraded")
    with contextlib.suppress(PlaywrightError):  # the request is cancelled
        held.answer(1, "empty")
    page.get_by_role("tab", name="Pictures").click()
    finished_tile(page, "a.png", "degraded")
    assert len(cancelled) == 1


def test_the_oldest_picture_is_worked_on_first(page: Page) -> None:
    held = _Held(page)
    choose(page, *(dot_file(f"{number}.png") for number in range(4)))
    held.answer(1, "empty")
    held.answer(2, "empty")
    for number, state in enumerate(("working", "empty", "empty", "working")):
        finished_tile(page, f"{number}.png", state)


def test_outdated_results_stay_on_screen_but_out_of_the_archive(page: Page) -> None:
    held = _Held(page)
    everything = page.get_by_role("button", name="Download all")
    expect(everything).to_be_hidden()
    choose(page, dot_file("a.png"), dot_file("b.png"))
    for index in range(2):
        held.answer(index, "empty")
    expect(everything).to_be_enabled()
    dialog = opened(page, "a.png")
    expect(dialog.locator("img.over")).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_label("Hands").check()
    page.get_by_role("button", name="Run again").click()
    expect(everything).to_be_disabled()
    expect(tile_of(page, "a.png").locator("canvas")).to_be_visible()
    opened(page, "a.png")
    expect(dialog).to_contain_text("This is the earlier result.")
    expect(dialog.locator("img.over")).to_be_visible()
    page.keyboard.press("Escape")
    held.answer(2, "degraded")
    some = page.get_by_role("button", name="Download 1 finished")
    archive = zipfile.ZipFile(io.BytesIO(save(page, some)))
    folders = {name.partition("/")[0] for name in archive.namelist()}
    assert [
        json.loads(archive.read(f"{picture}/result.json"))["status"] for picture in folders
    ] == ["degraded"]
    held.answer(3, "degraded")
    expect(everything).to_be_enabled()


def test_options_change_the_result_and_can_be_changed_again(page: Page) -> None:
    choose(page, AVATAR)
    finished_tile(page, AVATAR.name, "segmented")
    ((left, *_),) = _result(page, AVATAR.name)["boxes"]
    again = page.get_by_role("button", name="Run again")
    expect(again).to_be_hidden()
    page.get_by_label("Hands").check()
    page.get_by_label("Faces", exact=True).uncheck()
    again.click()
    finished_tile(page, AVATAR.name, "empty")
    page.get_by_label("Hands").uncheck()
    expect(page.get_by_label("Faces", exact=True)).to_be_checked()
    page.get_by_label("Search margin (affects the mask)").fill("0.4")
    expect(page.locator("#expand")).to_have_text("40%")
    again.click()
    finished_tile(page, AVATAR.name, "segmented")
    ((farther_left, *_),) = _result(page, AVATAR.name)["boxes"]
    assert farther_left < left
    expect(again).to_be_hidden()


def test_an_example_can_be_tried(page: Page) -> None:
    examples = page.locator("#example-list button")
    expect(examples).to_have_count(4)
    expect(page.locator("#example-attribution")).to_contain_text("Micah Lanier (CC BY 4.0)")
    keep(page, "empty.png")
    for image in examples.locator("img").all():
        expect(image).not_to_have_js_property("naturalWidth", 0)
    examples.first.click()
    finished_tile(page, "micah_01.png", "segmented")
    expect(examples.first).to_be_hidden()
    page.get_by_role("button", name="Clear").click()
    expect(examples.first).to_be_visible()


def test_an_example_that_cannot_be_loaded_is_reported(page: Page) -> None:
    page.route("**/examples/*", lambda route: route.fulfill(status=503, body=""))
    page.locator("#example-list button").first.click()
    expect(page.locator("#drop-note")).to_have_text("The example could not be loaded.")


def test_requests_to_a_busy_service_are_repeated(page: Page) -> None:
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
    expect(tile_of(page, APPLE.name)).to_contain_text("Trying again", timeout=SOON)
    finished_tile(page, APPLE.name, "empty")


def test_an_unreachable_service_is_reported(page: Page) -> None:
    page.route(f"**{PATH}", lambda route: route.abort())
    choose(page, APPLE)
    tile = finished_tile(page, APPLE.name, "failed")
    expect(tile.get_by_role("alert")).to_contain_text("The service cannot be reached.")
    expect(opened(page, APPLE.name).get_by_role("alert")).to_contain_text("cannot be reached")
    page.keyboard.press("Escape")
    page.unroute(f"**{PATH}")
    page.get_by_role("button", name="Run again").click()
    finished_tile(page, APPLE.name, "empty")


def test_an_unreachable_service_is_reported_at_the_start(page: Page) -> None:
    page.route("**/v1/about", lambda route: route.abort())
    page.reload()
    expect(page.get_by_role("alert")).to_contain_text("The service cannot be reached.")


def test_names_are_displayed_as_text(page: Page) -> None:
    name = "<img src=x onerror=alert(1)>.png"
    choose(page, file_named(name, APPLE.read_bytes()))
    finished_tile(page, name, "empty")
    expect(opened(page, name).get_by_role("heading")).to_have_text(name)


def test_the_page_asks_for_a_required_key(browser: Browser, tmp_path: Path) -> None:
    with (
        served(tmp_path / "logs", {"API_KEY": "open sesame"}) as url,
        browser.new_context() as context,
    ):
        page = context.new_page()
        page.goto(url)
        expect(page.get_by_role("dialog", name="API key required")).to_be_visible()
        for key in ("wrong", "open sesame"):
            page.get_by_role("textbox", name="API key").fill(key)
            page.get_by_role("button", name="Continue").click()
        page.wait_for_selector("html[data-ready]", state="attached")
        expect(page.get_by_role("tab", name="Uploads")).to_be_hidden()
        choose(page, APPLE)
        finished_tile(page, APPLE.name, "empty")
