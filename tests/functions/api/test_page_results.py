"""How the page describes a result: segmenters, reasons to check it, warnings."""

from playwright.sync_api import Page, expect

from tests.functions.api.browsing import check_accessibility, keep
from tests.functions.api.pictures_view import (
    choose,
    dot_file,
    finished_tile,
    instance,
    opened,
    respond_with,
    tile_with,
)


def test_the_actual_segmenters_are_displayed(page: Page) -> None:
    found = [instance(1), instance(2, "oval"), instance(3)]
    tile_with(page, status="segmented", instances=found)
    dialog = opened(page, "response.png")
    expect(dialog.get_by_text("All masks were created by")).to_be_hidden()
    dialog.get_by_text("Details").click()
    expect(dialog).to_contain_text("All masks were created by grabcut and oval.")
    expect(dialog).not_to_contain_text("SAM2")
    expect(dialog.get_by_role("row", name="face-2").last).to_contain_text("oval")


def test_responses_are_not_kept_in_memory(page: Page) -> None:
    """Their pictures are Blobs, which the browser keeps outside of the heap of JavaScript."""
    session = page.context.new_cdp_session(page)

    def heap() -> int:
        session.send("HeapProfiler.collectGarbage")
        return int(session.send("Runtime.getHeapUsage")["usedSize"])

    respond_with(page, mask_png_base64="A" * 2**20)
    before = heap()
    choose(page, *(dot_file(f"{number}.png") for number in range(8)))
    for number in range(8):
        finished_tile(page, f"{number}.png", "empty")
    while heap() - before > 4 * 2**20:  # the last response may still be in use
        page.wait_for_timeout(100)


def test_reasons_to_check_a_result_are_displayed(page: Page) -> None:
    sentence = "face-1 has a score of 0.52: it may be no face."
    doubt = {"code": "low-score", "message": sentence, "instance": "face-1"}
    tile = tile_with(page, status="segmented", instances=[instance(1)], review=[doubt])
    expect(tile.locator(".badge")).to_have_text(["Done", "Check this"])
    expect(page.locator("#summary")).to_contain_text("1 check this")
    dialog = opened(page, "response.png")
    expect(dialog.get_by_role("list", name="Reasons to check this result")).to_have_text(sentence)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        check_accessibility(page)
        keep(page, f"review-{scheme}.png")


def test_warnings_are_displayed(page: Page) -> None:
    sentence = "The field `expnad` is not known and was ignored."
    tile = tile_with(page, warnings=[sentence])
    expect(tile.locator(".badge")).to_have_text(["Nothing found"])
    dialog = opened(page, "response.png")
    expect(dialog.get_by_role("list", name="Warnings")).to_have_text(sentence)
