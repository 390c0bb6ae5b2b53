"""PNGs that are assembled from blocks decode like those of any encoder."""

import io
import math
import zlib

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as PillowImage

from shared.imaging import png
from shared.imaging.sparse_image import SparseImage, Tile
from shared.schemas.box import Box

MODES = {(): "L", (3,): "RGB", (4,): "RGBA"}


@st.composite
def sparse_images(draw: st.DrawFn) -> SparseImage:
    """Images of any shape, with noise, flat areas and empty areas side by side."""
    image = Box(0, 0, draw(st.integers(1, 60)), draw(st.integers(1, 60)))
    channels: tuple[int, ...] = draw(st.sampled_from([(), (3,), (4,)]))
    noise = np.random.default_rng(draw(st.integers(0, 99)))

    def pixels(box: Box) -> npt.NDArray[np.uint8]:
        levels = draw(st.sampled_from([2, 5, 256]))
        size = box.height, box.width, *channels
        return (noise.integers(0, levels, size) * (255 // (levels - 1))).astype(np.uint8)

    columns = sorted(draw(st.integers(0, image.x1)) for _ in range(4))
    rows = [sorted(draw(st.integers(0, image.y1)) for _ in range(2)) for _ in range(2)]
    windows = (
        Box(x0, y0, x1, y1)
        for (x0, x1), (y0, y1) in zip((columns[:2], columns[2:]), rows, strict=True)
    )
    tiles = [Tile(window, pixels(window)) for window in windows if window.area]
    background = pixels(image) if draw(st.booleans()) else None
    return SparseImage(image, channels, tiles, background)


@given(sparse_images())
@settings(max_examples=300)
def test_it_reads_as_the_whole_picture(picture: SparseImage) -> None:
    encoded = png.encode(picture)
    read = PillowImage.open(io.BytesIO(encoded))
    read.load()
    assert read.mode == MODES[picture.channels]
    assert (np.asarray(read) == picture.to_array()).all()
    by_opencv = cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_UNCHANGED)
    if picture.channels:
        swap = cv2.COLOR_BGR2RGB if picture.channels == (3,) else cv2.COLOR_BGRA2RGBA
        by_opencv = cv2.cvtColor(by_opencv, swap)
    assert (by_opencv == picture.to_array()).all()


@given(sparse_images())
def test_a_part_is_the_background_with_the_tiles_on_it(picture: SparseImage) -> None:
    whole = np.zeros((picture.image.height, picture.image.width, *picture.channels), np.uint8)
    if picture.background is not None:
        whole[:] = picture.background
    for tile in picture.tiles:
        whole[tile.window.slices] = tile.pixels
    assert (picture.to_array() == whole).all()
    lower = Box(0, picture.image.height // 2, picture.image.width, picture.image.height)
    assert (picture.part(lower) == whole[lower.slices]).all()


@given(sparse_images())
@settings(max_examples=100)
def test_every_checksum_is_right(picture: SparseImage) -> None:
    """Readers tolerate errors, and each one tolerates other errors."""
    chunks = _chunks(png.encode(picture))
    rows = zlib.decompress(b"".join(content for kind, content in chunks if kind == b"IDAT"))
    stride = 1 + picture.image.width * math.prod(picture.channels)
    assert len(rows) == picture.image.height * stride  # Adler-32 was checked above


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
    window = Box(300, 700, 2300, 2500)
    size = (window.height, window.width, *shape[2:])
    noise = np.random.default_rng(0).integers(0, 255, size, np.uint8)
    picture = SparseImage(Box(0, 0, shape[1], shape[0]), shape[2:], [Tile(window, noise)])
    encoded = png.encode(picture)
    assert (np.asarray(PillowImage.open(io.BytesIO(encoded))) == picture.to_array()).all()
    assert max(len(content) for _, content in _chunks(encoded)) <= 2**20


def test_an_array_is_written_as_it_is() -> None:
    noise = np.random.default_rng(0).integers(0, 255, (1, 4_000_000, 3), np.uint8)
    encoded = png.encode_array(noise[:, ::2])
    assert (np.asarray(PillowImage.open(io.BytesIO(encoded))) == noise[:, ::2]).all()
    assert max(len(content) for _, content in _chunks(encoded)) <= 2**20
