"""The frames of animations and the pages of TIFFs, as the sandbox decodes them."""

import io
import struct
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from PIL import Image as PillowImage
from PIL import ImageDraw, ImageSequence
from PIL.TiffImagePlugin import AppendingTiffWriter

from shared.decoding.sandbox import Sandbox
from shared.imaging.geometry import Image
from shared.schemas.errors import Rejected

WIDTH, HEIGHT = 48, 32
LIMIT = 2_000_000


def _frames(mode: str = "RGB") -> list[PillowImage.Image]:
    """A square that moves over a ground, which is transparent if the mode allows that."""
    frames = []
    for number in range(5):
        frame = PillowImage.new(mode, (WIDTH, HEIGHT), (250, 240, 20, 0)[: len(mode)])
        corner = (6 * number, 3 * number)
        box = (corner, (corner[0] + 9, corner[1] + 9))
        ImageDraw.Draw(frame).rectangle(box, fill=(200, 40 * number, 30, 255)[: len(mode)])
        frames.append(frame)
    return frames


def _saved(frames: Sequence[PillowImage.Image], kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    first, *others = frames
    first.save(file, kind, save_all=True, append_images=others, **options)
    return file.getvalue()


def _decoded(data: bytes, *numbers: int, most: int = 100) -> list[Image]:
    with Sandbox(LIMIT).opened(data, most_frames=most) as file:
        found = []
        for number in numbers or range(1, file.frames + 1):
            file.seek(number)
            found.append(file.decode().copy())
        return found


def _over_white(frame: PillowImage.Image) -> Image:
    layered = frame.convert("RGBA")
    white = PillowImage.new("RGBA", layered.size, "white")
    return np.asarray(PillowImage.alpha_composite(white, layered).convert("RGB"))


ANIMATIONS = {
    "GIF": _saved(_frames(), "GIF", duration=100),
    "GIF, frames restore the ground": _saved(_frames("RGBA"), "GIF", duration=100, disposal=2),
    "GIF, frames restore what was before": _saved(_frames("RGBA"), "GIF", disposal=[1, 3, 3, 3, 3]),
    "WEBP": _saved(_frames(), "WEBP", duration=100, lossless=True),
    "WEBP, transparent": _saved(_frames("RGBA"), "WEBP", duration=100, lossless=True),
    "PNG": _saved(_frames(), "PNG", duration=100),
    "PNG, blended": _saved(_frames("RGBA"), "PNG", duration=100, disposal=1, blend=1),
    "PNG, frames restore what was before": _saved(_frames("RGBA"), "PNG", disposal=2, blend=1),
    "AVIF": _saved(_frames(), "AVIF", duration=100, quality=100),
    "TIFF": _saved(_frames(), "TIFF"),
}


@pytest.mark.parametrize("name", ANIMATIONS)
def test_every_frame_is_decoded_as_it_is_displayed(name: str) -> None:
    data = ANIMATIONS[name]
    displayed = PillowImage.open(io.BytesIO(data))
    expected = [_over_white(frame.copy()) for frame in ImageSequence.Iterator(displayed)]
    assert len(expected) == 5
    for found, frame in zip(_decoded(data), expected, strict=True):
        assert (found == frame).all()


@pytest.mark.parametrize("name", ANIMATIONS)
def test_a_frame_is_the_same_if_those_before_it_are_left_out(name: str) -> None:
    frames = _decoded(ANIMATIONS[name])
    for number, frame in zip((2, 5), _decoded(ANIMATIONS[name], 2, 5), strict=True):
        assert (frame == frames[number - 1]).all()


def test_the_first_frame_is_that_of_the_file_without_a_choice() -> None:
    for data in ANIMATIONS.values():
        assert (Sandbox(LIMIT).decode(data) == _decoded(data, 1)[0]).all()


def test_pages_of_a_tiff_have_sizes_and_modes_of_their_own() -> None:
    pages = [
        PillowImage.new("L", (30, 50), 7),
        PillowImage.new("RGB", (200, 100), (1, 2, 3)),
        PillowImage.new("RGBA", (10, 20), (9, 9, 9, 0)),
    ]
    found = _decoded(_saved(pages, "TIFF", compression="tiff_lzw"))
    assert [frame.shape for frame in found] == [(50, 30, 3), (100, 200, 3), (20, 10, 3)]
    assert [tuple(frame[0, 0]) for frame in found] == [(7, 7, 7), (1, 2, 3), (255, 255, 255)]


def test_small_versions_of_a_page_are_no_pages() -> None:
    pages = io.BytesIO()
    with AppendingTiffWriter(pages) as file:
        for size, colour, subfile_type in ((64, "red", 0), (16, "red", 1), (64, "blue", 0)):
            page = PillowImage.new("RGB", (size, size), colour)
            page.save(file, "TIFF", tiffinfo={254: subfile_type})
            file.newFrame()
    assert [tuple(page[0, 0]) for page in _decoded(pages.getvalue())] == [
        (255, 0, 0),
        (0, 0, 255),
    ]


def test_a_jpeg_has_one_frame_whatever_previews_it_has() -> None:
    with Sandbox(LIMIT).opened(_saved(_frames(), "MPO"), most_frames=100) as file:
        assert file.frames == 1
        assert file.decode().shape == (HEIGHT, WIDTH, 3)


def _refusal(data: bytes, most: int = 100) -> Rejected:
    with pytest.raises(Rejected) as caught:
        _decoded(data, most=most)
    return caught.value


def _many(kind: str, count: int) -> bytes:
    dots = [PillowImage.new("RGB", (2, 2), (n % 250, n // 250, 0)) for n in range(count)]
    return _saved(dots, kind, **({} if kind == "TIFF" else {"duration": 20, "lossless": True}))


@pytest.mark.parametrize(
    ("kind", "count"), [("GIF", 10_000), ("PNG", 1100), ("TIFF", 1100), ("WEBP", 1100)]
)
def test_very_many_tiny_frames_are_refused(kind: str, count: int) -> None:
    refusal = _refusal(_many(kind, count), most=1000)
    assert refusal.code == "too-many-frames"
    assert "1,000 frames" in str(refusal)


def test_all_frames_together_have_a_limit_for_pixels() -> None:
    frames = [PillowImage.new("RGB", (1000, 1000), (n, 0, 0)) for n in range(21)]
    refusal = _refusal(_saved(frames, "GIF", duration=20))
    assert refusal.code == "too-many-pixels"
    assert str(refusal).startswith("The frames have 21,000,000 pixels together")
    assert len(_decoded(_saved(frames[:20], "GIF", duration=20), 20)) == 1


def test_a_large_page_after_a_small_one_is_refused() -> None:
    pages = [PillowImage.new("1", (9, 9)), PillowImage.new("1", (3000, 1000))]
    assert _refusal(_saved(pages, "TIFF", compression="group4")).code == "too-many-pixels"


def test_a_frame_outside_of_its_gif_is_refused() -> None:
    """Pillow enlarges the image for it."""
    data = bytearray(_saved([*_frames()], "GIF", duration=100))
    last = data.rindex(b"\x2c")
    data[last + 5 : last + 9] = struct.pack("<HH", 60_000, 60_000)
    assert _refusal(bytes(data)).code in ("corrupt-image", "too-many-pixels")


def test_a_png_that_declares_more_frames_than_it_has_is_broken() -> None:
    data = ANIMATIONS["PNG"]
    start = data.index(b"acTL")
    chunk = b"acTL" + struct.pack(">II", 50, 0)
    data = data[:start] + chunk + struct.pack(">I", zlib.crc32(chunk)) + data[start + 16 :]
    assert _refusal(data).code == "corrupt-image"
