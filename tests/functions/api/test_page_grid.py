"""The grid of pictures: keyboard, filters, order, size."""

from collections.abc import Sequence
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.functions.api.browsing import check_accessibility, keep
from tests.functions.api.pictures_view import (
    answer_by_name,
    api_response,
    choose,
    dot_file,
    file_named,
    finished_tile,
    instance,
    opened,
    respond_with,
    tile_of,
)
from tests.functions.api.service import PATH
from tools.support.examples import EXAMPLES, ROOT

DOUBT = {"code": "low-score", "message": "face-1 may be no face.", "instance": "face-1"}
FOUND = api_response(status="segmented", instances=[instance(1)])
RESPONSES: dict[str, dict[str, Any]] = {
    "sure.png": FOUND,
    "doubtful.png": {**FOUND, "review": [DOUBT]},
    "nothing.png": api_response(),
    "vague.png": {**FOUND, "review": [DOUBT]},
}


def _open(tile: Locator) -> Locator:
    return tile.locator(".open")


def _names(page: Page) -> list[str]:
    """Returns the names of the tiles that are shown, in their order."""
    return page.locator("#pictures-grid .tile:not([hidden]) .name").all_text_contents()


@pytest.fixture
def numbered(page: Page) -> Page:
    """The page with ten pictures, 0.png to 9.png, in rows of five."""
    respond_with(page)
    choose(page, *(dot_file(f"{number}.png") for number in range(10)))
    finished_tile(page, "9.png", "empty")
    return page


def _row_length(page: Page) -> int:
    tops = [tile.bounding_box() for tile in page.locator("#pictures-grid .tile").all()]
    return sum(1 for box in tops if box and tops[0] and box["y"] == tops[0]["y"])


def test_keys_move_the_focus_in_the_grid(numbered: Page) -> None:
    row = _row_length(numbered)
    assert 1 < row < 9
    _open(tile_of(numbered, "0.png")).focus()
    for key, number in (
        ("ArrowRight", 1),
        ("ArrowLeft", 0),
        ("ArrowLeft", 0),
        ("ArrowDown", row),
        ("ArrowUp", 0),
        ("End", 9),
        ("ArrowRight", 9),
        ("ArrowUp", 9 - row),
        ("Home", 0),
    ):
        numbered.keyboard.press(key)
        expect(_open(tile_of(numbered, f"{number}.png"))).to_be_focused()


def test_the_grid_is_one_stop_in_the_order_of_tabs(numbered: Page) -> None:
    _open(tile_of(numbered, "3.png")).focus()
    numbered.keyboard.press("Tab")
    expect(tile_of(numbered, "3.png").get_by_role("button", name="Download")).to_be_focused()
    numbered.keyboard.press("Tab")
    expect(tile_of(numbered, "3.png").get_by_role("button", name="Remove")).to_be_focused()
    numbered.keyboard.press("Tab")
    expect(numbered.get_by_text("From a script")).to_be_focused()
    for _ in range(3):
        numbered.keyboard.press("Shift+Tab")
    expect(_open(tile_of(numbered, "3.png"))).to_be_focused()


def test_enter_enlarges_a_picture_and_escape_returns_to_its_tile(numbered: Page) -> None:
    _open(tile_of(numbered, "4.png")).focus()
    numbered.keyboard.press("Enter")
    expect(numbered.get_by_role("dialog", name="4.png")).to_be_visible()
    numbered.keyboard.press("ArrowRight")
    expect(numbered.get_by_role("dialog", name="5.png")).to_contain_text("6 of 10")
    numbered.keyboard.press("Escape")
    expect(numbered.get_by_role("dialog")).to_be_hidden()
    expect(_open(tile_of(numbered, "5.png"))).to_be_focused()


def test_removing_a_tile_moves_the_focus_to_the_next(numbered: Page) -> None:
    tile_of(numbered, "4.png").get_by_role("button", name="Remove 4.png").click()
    expect(_open(tile_of(numbered, "5.png"))).to_be_focused()
    numbered.keyboard.press("Delete")
    expect(_open(tile_of(numbered, "6.png"))).to_be_focused()
    numbered.keyboard.press("End")
    numbered.keyboard.press("Delete")
    expect(_open(tile_of(numbered, "8.png"))).to_be_focused()
    assert _names(numbered) == [f"{number}.png" for number in (0, 1, 2, 3, 6, 7, 8)]
    for _ in range(7):
        numbered.keyboard.press("Delete")
    expect(numbered.locator("#files")).to_be_focused()


def test_a_removed_picture_frees_its_name(page: Page) -> None:
    respond_with(page)
    choose(page, dot_file("a.png"))
    tile_of(page, "a.png").get_by_role("button", name="Remove").click()
    choose(page, dot_file("a.png"), dot_file("A.png"))
    assert _names(page) == ["a.png", "A (2).png"]


@pytest.fixture
def mixed(page: Page) -> Page:
    """The page with pictures in several states; two of the results should be checked."""
    answer_by_name(page, RESPONSES)
    choose(page, *map(dot_file, RESPONSES), file_named("notes.txt", b"x"))
    finished_tile(page, "notes.txt", "rejected")
    finished_tile(page, "vague.png", "segmented")
    return page


def test_results_to_check_can_be_shown_first_or_alone(mixed: Page) -> None:
    expect(tile_of(mixed, "doubtful.png").locator(".badge.review")).to_have_text("Check this")
    filters = mixed.get_by_role("group", name="Show")
    expect(filters.get_by_role("button")).to_have_text(
        ["All 5", "Check this 2", "Done 3", "Nothing found 1", "Rejected 1"]
    )
    order = mixed.get_by_role("combobox", name="Order", exact=True)
    order.select_option("Check first")
    expect(mixed.locator("#pictures-grid .name").first).to_have_text("doubtful.png")
    assert _names(mixed) == ["doubtful.png", "vague.png", "sure.png", "nothing.png", "notes.txt"]
    filters.get_by_role("button", name="Check this").click()
    expect(tile_of(mixed, "sure.png")).to_be_hidden()
    assert _names(mixed) == ["doubtful.png", "vague.png"]
    expect(opened(mixed, "doubtful.png")).to_contain_text("1 of 2")
    mixed.keyboard.press("Escape")
    order.select_option("As added")
    for label, names in (
        ("Done", ["sure.png", "doubtful.png", "vague.png"]),
        ("Nothing found", ["nothing.png"]),
        ("Rejected", ["notes.txt"]),
        ("All", [*RESPONSES, "notes.txt"]),
    ):
        button = filters.get_by_role("button", name=label)
        button.click()
        expect(button).to_have_attribute("aria-pressed", "true")
        expect(mixed.locator("#pictures-grid .tile:not([hidden])")).to_have_count(len(names))
        assert _names(mixed) == names


def _doubtful(*numbers: tuple[float, float], candidates: Sequence[float] = ()) -> dict[str, Any]:
    """A response with a reason for each instance (score, quality), and one for the candidates."""
    found = [
        {**instance(index), "score": score, "quality": quality}
        for index, (score, quality) in enumerate(numbers, 1)
    ]
    reasons = [{"code": "low-score", "message": "Look.", "instance": item["id"]} for item in found]
    near = [{"code": "near-misses", "message": "Look.", "instance": None}] if candidates else []
    near_prompts = [{"score": score, "label": "face", "polygon": []} for score in candidates]
    return api_response(
        status="segmented", instances=found, review=[*reasons, *near], candidates=near_prompts
    )


def test_the_most_doubtful_results_come_first_until_they_are_checked(page: Page) -> None:
    responses = {
        "mild.png": _doubtful((0.9, 0.85)),
        "missed.png": _doubtful(candidates=[0.2, 0.45]),
        "two.png": _doubtful((0.9, 0.3), (0.5, 0.9)),
        "bad.png": _doubtful((0.9, 0.3)),
    }
    answer_by_name(page, responses)
    choose(page, *map(dot_file, responses))
    finished_tile(page, "bad.png", "segmented")
    page.get_by_role("combobox", name="Order", exact=True).select_option("Check first")
    ordered = ["two.png", "bad.png", "missed.png", "mild.png"]
    expect(page.locator("#pictures-grid .name")).to_have_text(ordered)
    page.get_by_role("group", name="Show").get_by_role("button", name="Check this 4").click()
    opened(page, "two.png")
    dialog, badge = page.locator("#picture"), page.locator("#picture .badge.review")
    page.keyboard.press("c")
    expect(badge).to_have_count(0)
    page.keyboard.press("c")
    expect(badge).to_have_count(1)
    dialog.get_by_role("button", name="Mark as checked").click()
    expect(badge).to_have_count(0)
    page.keyboard.press("ArrowRight")
    expect(dialog.get_by_role("heading")).to_have_text("bad.png")
    page.keyboard.press("ArrowLeft")
    expect(dialog.get_by_role("heading")).to_have_text("two.png")
    page.keyboard.press("Escape")
    show = page.get_by_role("group", name="Show")
    expect(show.get_by_role("button", name="Check this 3")).to_be_focused()
    assert _names(page) == ordered[1:]


def test_a_filter_that_matches_nothing_any_more_says_so(mixed: Page) -> None:
    mixed.get_by_role("group", name="Show").get_by_role("button", name="Rejected").click()
    tile_of(mixed, "notes.txt").get_by_role("button", name="Remove").click()
    expect(mixed.get_by_text("No picture matches this filter.")).to_be_visible()
    mixed.get_by_role("button", name="All 4").click()
    expect(mixed.get_by_text("No picture matches this filter.")).to_be_hidden()


def test_keys_skip_tiles_that_are_not_shown(mixed: Page) -> None:
    mixed.get_by_role("group", name="Show").get_by_role("button", name="Check this").click()
    _open(tile_of(mixed, "doubtful.png")).focus()
    mixed.keyboard.press("ArrowRight")
    expect(_open(tile_of(mixed, "vague.png"))).to_be_focused()


def test_a_single_picture_is_large(page: Page) -> None:
    choose(page, EXAMPLES / "micah_01.png")
    tile = finished_tile(page, "micah_01.png", "segmented")
    expect(tile.locator("canvas")).to_have_js_property("width", 512)
    alone = tile.locator(".thumb").bounding_box()
    choose(page, EXAMPLES / "apple.png")
    finished_tile(page, "apple.png", "empty")
    among_others = tile.locator(".thumb").bounding_box()
    assert alone
    assert among_others
    assert alone["height"] > 400 > among_others["height"]


def test_results_shift_nothing(page: Page) -> None:
    held: list[Route] = []
    page.route(f"**{PATH}", lambda route, _: held.append(route))
    choose(page, dot_file("a.png"), dot_file("b.png"), dot_file("c.png"))
    while len(held) < 2:
        page.wait_for_timeout(20)
    before = page.locator("#pictures-grid .tile").last.bounding_box()
    held[0].fulfill(json=RESPONSES["doubtful.png"])
    held[1].fulfill(status=400, json={"detail": "A long sentence. " * 20, "code": "x"})
    finished_tile(page, "b.png", "rejected")
    finished_tile(page, "a.png", "segmented")
    assert page.locator("#pictures-grid .tile").last.bounding_box() == before


def test_thumbnails_off_screen_are_made_only_when_they_come_near(page: Page) -> None:
    respond_with(page)
    choose(page, *(dot_file(f"{number:03}.png") for number in range(200)))
    finished_tile(page, "199.png", "empty")
    expect(tile_of(page, "000.png").locator("canvas")).to_be_visible()
    assert page.locator("#pictures-grid canvas").count() < 60
    _open(tile_of(page, "000.png")).focus()
    page.keyboard.press("End")
    expect(tile_of(page, "199.png").locator("canvas")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_grid_is_accessible(page: Page, scheme: Any) -> None:
    page.emulate_media(color_scheme=scheme)
    check_accessibility(page)
    choose(page, EXAMPLES / "avataaars_05.png", ROOT / "README.md", *sorted(EXAMPLES.glob("*.png")))
    finished_tile(page, "openPeeps_01.png", "segmented")
    finished_tile(page, "README.md", "rejected")
    check_accessibility(page)
    keep(page, f"grid-{scheme}.png")
