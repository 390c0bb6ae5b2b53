"""What the page tells of a result: who cut it, why to look at it again, what was ignored."""

from typing import Any

from playwright.sync_api import Page, expect

from tests.functions.api.browsing import check_accessibility, keep
from tests.functions.api.pictures_view import told_card


def _instance(number: int, segmenter: str) -> dict[str, Any]:
    numbers = {"score": 0.9, "quality": 0.8, "area": 1}
    return {"id": f"face-{number}", "side": None, "segmenter": segmenter, **numbers}


def test_who_cut_is_told_as_it_was(page: Page) -> None:
    found = [_instance(1, "grabcut"), _instance(2, "oval"), _instance(3, "grabcut")]
    card = told_card(page, status="segmented", instances=found)
    expect(card).to_contain_text("Every mask was cut by grabcut and oval.")
    expect(card).not_to_contain_text("SAM2")
    expect(card.get_by_role("row", name="face-2")).to_contain_text("oval")


def test_what_is_doubtful_does_not_look_perfect(page: Page) -> None:
    sentence = "face-1 has a score of 0.52: it may be no face."
    doubt = {"code": "low-score", "message": sentence, "instance": "face-1"}
    found = [_instance(1, "grabcut")]
    card = told_card(page, status="segmented", instances=found, review=[doubt])
    expect(card.locator(".badge")).to_have_text(["segmented", "to review"])
    expect(card.get_by_role("list", name="To review")).to_have_text(sentence)
    expect(page.locator("#summary")).to_contain_text("1 to review")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        check_accessibility(page)
        keep(page, f"review-{scheme}.png")


def test_warnings_are_shown_where_there_are_any(page: Page) -> None:
    sentence = "The field `expnad` is not known and was ignored."
    card = told_card(page, warnings=[sentence])
    expect(card.get_by_role("list", name="Warnings")).to_have_text(sentence)
    expect(card.locator(".badge")).to_have_text(["empty"])
