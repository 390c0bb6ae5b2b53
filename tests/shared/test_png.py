"""PNGs that are put together from blocks read as what any encoder would have written."""

import io
import zlib

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as PillowImage

from shared import png
from shared.geometry import Box, Patch

FLAGS = {1: "L", 3: "RGB", 4: "RGBA"}


@st.composite
def patches(draw: st.DrawFn) -> Patch:
    """Of noise, of flat areas, and of nothing, anywhere in images of any shape."""
    image = Box(0, 0, draw(st.integers(1, 60)), draw(st.integers(1, 60)))
    x0, x1 = sorted((draw(st.integers(0, image.x1)), draw(st.integers(0, image.x1))))
    y0, y1 = sorted((draw(st.integers(0, image.y1)), draw(st.integers(0, image.y1))))
    channels = draw(st.sampled_from([(), (3,), (4,)]))
    levels = draw(st.sampled_from([2, 5, 256]))
    noise = np.random.default_rng(draw(st.integers(0, 99)))
    pixels = noise.integers(0, levels, (y1 - y0, x1 - x0, *channels)) * (255 // (levels - 1))
    return Patch(pixels.astype(np.uint8), Box(x0, y0, x1, y1), image)


@given(patches())
@settings(deadline=None, max_examples=300)
def test_it_reads_as_the_whole_picture(patch: Patch) -> None:
    encoded = png.encode(patch)
    read = PillowImage.open(io.BytesIO(encoded))
    read.load()
    assert read.mode == FLAGS[1 if patch.pixels.ndim == 2 else patch.pixels.shape[2]]
    assert (np.asarray(read) == patch.whole).all()
    by_opencv = cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_UNCHANGED)
    if patch.pixels.ndim == 3:
        swap = cv2.COLOR_BGR2RGB if patch.pixels.shape[2] == 3 else cv2.COLOR_BGRA2RGBA
        by_opencv = cv2.cvtColor(by_opencv, swap)
    assert (by_opencv == patch.whole).all()


@given(patches())
@settings(deadline=None, max_examples=100)
def test_every_checksum_is_right(patch: Patch) -> None:
    """Readers are lenient, and differ in what they forgive."""
    stream = b"".join(content for kind, content in _chunks(png.encode(patch)) if kind == b"IDAT")
    channels = 1 if patch.pixels.ndim == 2 else patch.pixels.shape[2]
    rows = zlib.decompress(stream)  # checks Adler-32
    assert len(rows) == patch.image.height * (1 + patch.image.width * channels)


def _chunks(encoded: bytes) -> list[tuple[bytes, bytes]]:
    assert encoded[:8] == b"\x89PNG\r\n\x1a\n"
    found, place = [], 8
    while place < len(encoded):
        length = int.from_bytes(encoded[place : place + 4], "big")
        kind, content = encoded[place + 4 : place + 8], encoded[place + 8 : place + 8 + length]
        check = int.from_bytes(encoded[place + 8 + length : place + 12 + length], "big")
        assert check == zlib.crc32(kind + content)
        found.append((kind, content))
        place += 12 + length
    assert [kind for kind, _ in found if kind != b"IDAT"] == [b"IHDR", b"IEND"]
    return found


@pytest.mark.parametrize("shape", [(3000, 4000, 4), (6000, 8000)])
def test_large_pictures_go_through_in_bands_and_pieces(shape: tuple[int, ...]) -> None:
    image = Box(0, 0, shape[1], shape[0])
    window = Box(300, 700, 2300, 2500)
    size = (window.height, window.width, *shape[2:])
    noise = np.random.default_rng(0).integers(0, 255, size, np.uint8)
    patch = Patch(noise, window, image)
    encoded = png.encode(patch)
    assert (np.asarray(PillowImage.open(io.BytesIO(encoded))) == patch.whole).all()
    assert max(len(content) for _, content in _chunks(encoded)) <= 2**20
