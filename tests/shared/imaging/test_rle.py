import time
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pycocotools import mask as coco

from shared.imaging import rle
from shared.imaging.geometry import BoolMask, image_box

_REFUSED = "do not add up|negative|malformed"

masks = hnp.arrays(bool, st.tuples(st.integers(1, 20), st.integers(1, 20)), elements=st.booleans())


def _runs(mask: BoolMask) -> list[int]:
    """Returns column-major runs that start with zeros, by a simple implementation."""
    runs, value, length = [], False, 0
    for pixel in mask.ravel(order="F").tolist():
        if pixel == value:
            length += 1
        else:
            runs.append(length)
            value, length = pixel, 1
    return [*runs, length]


@given(masks)
def test_what_is_encoded_comes_back(mask: BoolMask) -> None:
    encoded = rle.encode(mask)
    assert encoded.size == mask.shape
    assert (rle.decode(encoded.counts, encoded.size) == mask).all()


@given(masks, st.data())
def test_a_part_of_a_mask_is_encoded_as_the_mask_that_is_zero_around_it(
    mask: BoolMask, data: st.DataObject
) -> None:
    above, below, left, right = (data.draw(st.integers(0, 3)) for _ in range(4))
    whole = np.pad(mask, ((above, below), (left, right)))
    window = image_box(mask).shifted(left, above)
    theirs: Any = coco.encode(np.asfortranarray(whole, np.uint8))
    assert rle.encode_part(mask, window, image_box(whole)).counts == theirs["counts"].decode()


@given(masks)
def test_a_decoded_part_is_the_mask_and_has_no_column_in_vain(mask: BoolMask) -> None:
    encoded = rle.encode(mask)
    pixels, window = rle.decode_part(encoded.counts, encoded.size)
    whole = np.zeros_like(mask)
    whole[window.slices] = pixels
    assert (whole == mask).all()
    filled = np.flatnonzero(mask.any(axis=0))
    assert (window.x0, window.x1) == ((filled[0], filled[-1] + 1) if filled.size else (0, 1))


@pytest.mark.parametrize("counts", ["", "05", "junk", "0" * 500])
def test_a_malformed_part_is_refused(counts: str) -> None:
    with pytest.raises(ValueError, match=_REFUSED):
        rle.decode_part(counts, (9, 9))


@given(masks)
def test_plain_runs_give_the_same_mask(mask: BoolMask) -> None:
    assert (rle.decode(_runs(mask), (mask.shape[0], mask.shape[1])) == mask).all()


@given(masks)
def test_runs_that_do_not_add_up_are_refused(mask: BoolMask) -> None:
    size = (mask.shape[0], mask.shape[1])
    runs = _runs(mask)
    for wrong in ([*runs[:-1], runs[-1] + 1], [*runs[:-1], runs[-1] - 1]):
        with pytest.raises(ValueError, match=_REFUSED):
            rle.decode(wrong, size)


@given(masks)
def test_a_string_for_another_size_is_refused(mask: BoolMask) -> None:
    height, width = mask.shape
    counts = rle.encode(mask).counts
    for size in ((height + 1, width), (height, width + 1)):
        with pytest.raises(ValueError, match=_REFUSED):
            rle.decode(counts, size)


def test_a_character_beyond_ascii_is_no_run() -> None:
    with pytest.raises(ValueError, match="ascii"):
        rle.decode("é", (3, 5))


@given(st.text(max_size=30), st.tuples(st.integers(1, 9), st.integers(1, 9)))
def test_any_text_is_a_mask_of_the_size_or_an_error(text: str, size: tuple[int, int]) -> None:
    try:
        mask = rle.decode(text, size)
    except ValueError:
        return
    assert mask.shape == size


@pytest.mark.parametrize("counts", [[-1, 5], [2**33], []])
def test_absurd_runs_are_refused(counts: list[int]) -> None:
    with pytest.raises(ValueError, match=_REFUSED):
        rle.decode(counts, (2, 2))


@given(masks)
def test_pycocotools_reads_the_same_mask(mask: BoolMask) -> None:
    encoded = rle.encode(mask)
    theirs = coco.decode({"size": list(encoded.size), "counts": encoded.counts.encode()})
    assert (theirs.astype(bool) == rle.decode(encoded.counts, encoded.size)).all()


def test_a_large_mask_comes_back() -> None:
    mask = np.zeros((3000, 4000), bool)
    mask[17:2900, 40:3999] = True
    mask[1000:1100, 900:950] = False
    encoded = rle.encode(mask)
    assert (rle.decode(encoded.counts, encoded.size) == mask).all()


@pytest.mark.parametrize("runs", ["0" * 2**24, [0] * 2**24])
def test_runs_without_end_are_refused_at_once(runs: str | list[int]) -> None:
    start = time.monotonic()
    with pytest.raises(ValueError, match=_REFUSED):
        rle.decode(runs, (1024, 1024))
    assert time.monotonic() - start < 1


def test_a_string_of_as_many_runs_as_may_be_is_read_in_a_moment() -> None:
    start = time.monotonic()
    mask = rle.decode("0" * 2**21 + "PPPP1", (1024, 1024))
    assert mask.shape == (1024, 1024)
    assert time.monotonic() - start < 2
