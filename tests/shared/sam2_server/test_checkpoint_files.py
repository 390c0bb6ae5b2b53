"""Checkpoints are named with a commit, which cannot move."""

import re

import pytest

from shared.sam2_server.checkpoint_files import PINS, Pin, pinned
from shared.sam2_server.settings import Sam2Settings

COMMIT = "0123456789abcdef0123456789abcdef01234567"
TINY = "facebook/sam2.1-hiera-tiny"
LARGE = "facebook/sam2.1-hiera-large"


def test_the_default_checkpoint_needs_no_commit() -> None:
    assert pinned(Sam2Settings().sam2_checkpoint) == (TINY, PINS[TINY])


@pytest.mark.parametrize("pin", PINS.values(), ids=list(PINS))
def test_pins_are_complete(pin: Pin) -> None:
    assert re.fullmatch("[0-9a-f]{40}", pin.commit)
    assert re.fullmatch("[0-9a-f]{64}", pin.sha256 or "")


def test_any_model_can_be_named_with_a_commit() -> None:
    assert pinned(f"someone/cartoons@{COMMIT}") == ("someone/cartoons", Pin(COMMIT))
    assert pinned(f"{LARGE}@{COMMIT}") == (LARGE, Pin(COMMIT)), "its digest is not known"
    assert pinned(f"{LARGE}@{PINS[LARGE].commit}") == (LARGE, PINS[LARGE])


@pytest.mark.parametrize("commit", ["", "@", "@main", "@v1.0", "@0123abc", f"@{COMMIT}0"])
def test_what_can_move_is_refused_and_the_message_says_what_to_give(commit: str) -> None:
    with pytest.raises(ValueError, match="NAME@COMMIT") as refused:
        pinned(f"someone/cartoons{commit}")
    assert f"someone/cartoons{commit}" in str(refused.value)
    assert "https://huggingface.co/someone/cartoons/commits" in str(refused.value)
    assert LARGE in str(refused.value)
