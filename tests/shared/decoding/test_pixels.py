import io
import struct
import zlib
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as PillowImage
from PIL import ImageOps

from shared.decoding import pixels
from shared.decoding.formats import check_before_download
from shared.schemas.errors import ReasonCode, Rejected

LIMIT = 1_000_000
NOISE = np.random.default_rng(1).integers(0, 255, (43, 61, 3), np.uint8)
RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


def _encoded(picture: PillowImage.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def _corners() -> PillowImage.Image:
    """6 x 4 pixels: red, green, blue, white corners, clockwise from the top left; else black."""
    picture = PillowImage.new("RGB", (6, 4))
    for place, colour in (((0, 0), RED), ((5, 0), GREEN), ((5, 3), BLUE), ((0, 3), WHITE)):
        picture.putpixel(place, colour)
    return picture


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("PNG", {}),
        ("BMP", {}),
        ("TIFF", {}),
        ("GIF", {}),
        ("WEBP", {"lossless": True}),
        ("JPEG", {"quality": 100, "subsampling": 0}),
    ],
)
def test_every_format_comes_out_as_the_same_rgb(kind: str, options: dict[str, object]) -> None:
    picture = PillowImage.new("RGB", (40, 30), (200, 60, 30))
    decoded = pixels.decode(_encoded(picture, kind, **options), LIMIT)
    assert decoded.shape == (30, 40, 3)
    assert decoded.dtype == np.uint8
    assert np.abs(decoded.astype(int) - (200, 60, 30)).max() <= 2


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(orientation: int) -> None:
    upright = np.asarray(_corners())
    as_stored = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.transpose(1, 0, 2),
        6: np.rot90(upright),
        7: np.rot90(upright)[:, ::-1],
        8: np.rot90(upright, -1),
    }[orientation]
    if orientation == 7:
        as_stored = upright[::-1, ::-1].transpose(1, 0, 2)
    exif = PillowImage.Exif()
    exif[0x0112] = orientation
    data = _encoded(PillowImage.fromarray(np.ascontiguousarray(as_stored)), "PNG", exif=exif)
    assert (pixels.decode(data, LIMIT) == upright).all()


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "TIFF", "WEBP"])
def test_pillow_turns_pictures_the_same_way(kind: str, orientation: int) -> None:
    exif = PillowImage.Exif()
    exif[0x0112] = orientation
    data = _encoded(PillowImage.fromarray(NOISE), kind, exif=exif)
    upright = ImageOps.exif_transpose(PillowImage.open(io.BytesIO(data)))
    assert (pixels.decode(data, LIMIT) == np.asarray(upright)).all()


@pytest.mark.parametrize("subsampling", [0, 1, 2])
@pytest.mark.parametrize("progressive", [True, False])
@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_jpegs_have_the_pixels_that_pillow_sees(
    mode: str, subsampling: int, *, progressive: bool
) -> None:
    picture = PillowImage.fromarray(NOISE).convert(mode)
    data = _encoded(picture, "JPEG", subsampling=subsampling, progressive=progressive)
    by_pillow = PillowImage.open(io.BytesIO(data)).convert("RGB")
    assert (pixels.decode(data, LIMIT) == np.asarray(by_pillow)).all()


def test_a_jpeg_with_a_fault_that_can_be_borne_is_taken() -> None:
    """Extra bytes between two markers: libjpeg warns, but viewers show the picture."""
    data = _encoded(PillowImage.fromarray(NOISE), "JPEG")
    scan = data.index(b"\xff\xda")
    faulty = data[:scan] + b"nobody's" + data[scan:]
    assert (pixels.decode(faulty, LIMIT) == pixels.decode(data, LIMIT)).all()


def test_transparent_pixels_become_white() -> None:
    picture = PillowImage.new("RGBA", (2, 1), (255, 0, 0, 255))
    picture.putpixel((1, 0), (255, 0, 0, 0))
    assert pixels.decode(_encoded(picture, "PNG"), LIMIT).tolist() == [[[255, 0, 0], [255] * 3]]


def test_half_transparent_pixels_are_mixed_with_white() -> None:
    picture = PillowImage.new("RGBA", (1, 1), (0, 0, 0, 128))
    assert np.abs(pixels.decode(_encoded(picture, "PNG"), LIMIT).astype(int) - 127).max() <= 1


def test_a_palette_with_a_transparent_colour_becomes_white_there() -> None:
    picture = PillowImage.new("P", (2, 1))
    picture.putpalette([*RED, *BLUE])
    picture.putpixel((1, 0), 1)
    data = _encoded(picture, "PNG", transparency=1)
    assert pixels.decode(data, LIMIT).tolist() == [[list(RED), [255] * 3]]


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_16_bit_grey_keeps_its_range(kind: str) -> None:
    grey = np.array([[0, 257 * 64, 257 * 128, 65535]], np.uint16)
    decoded = pixels.decode(_encoded(PillowImage.fromarray(grey), kind), LIMIT)
    assert decoded[0, :, 0].tolist() == [0, 64, 128, 255]
    assert (decoded == decoded[..., :1]).all()


@pytest.mark.parametrize("brightest", [1.0, 255.0, 65535.0])
def test_float_grey_is_scaled_by_its_range(brightest: float) -> None:
    grey = np.array([[0, 0.5, 1]], np.float32) * brightest
    decoded = pixels.decode(_encoded(PillowImage.fromarray(grey), "TIFF"), LIMIT)
    assert decoded[0, :, 0].tolist() == [0, 128, 255]


def test_cmyk_becomes_rgb() -> None:
    picture = PillowImage.new("CMYK", (8, 8), (0, 255, 255, 0))
    decoded = pixels.decode(_encoded(picture, "JPEG", quality=100), LIMIT)
    assert decoded[4, 4, 0] > 200
    assert decoded[4, 4, 1:].max() < 60


def test_of_an_animation_the_first_frame_counts() -> None:
    frames = [PillowImage.new("RGB", (4, 4), colour) for colour in (RED, BLUE)]
    data = _encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert (pixels.decode(data, LIMIT) == RED).all()


def test_more_pixels_than_allowed_are_refused_before_they_are_decoded() -> None:
    """The file declares 50,000 x 50,000 pixels with almost no data; decoding would need 7 GB."""
    header = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(b"\0" * 1000)), (b"IEND", b"")]
    bomb = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )
    with pytest.raises(Rejected, match="50000 x 50000") as caught:
        pixels.decode(bomb, LIMIT)
    assert caught.value.code is ReasonCode.TOO_MANY_PIXELS


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "TIFF", "BMP"])
def test_a_truncated_file_is_corrupt(kind: str) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (64, 64, 3), np.uint8)
    data = _encoded(PillowImage.fromarray(noise), kind)
    with pytest.raises(Rejected) as caught:
        pixels.decode(data[: len(data) // 2], LIMIT)
    assert caught.value.code is ReasonCode.CORRUPT_IMAGE


@pytest.mark.parametrize("data", [b"hello", b"<svg/>", b"%PDF-1.4", b"PK\x03\x04", b"\0" * 100])
def test_what_is_no_image_is_of_an_unsupported_type(data: bytes) -> None:
    with pytest.raises(Rejected) as caught:
        pixels.decode(data, LIMIT)
    assert caught.value.code is ReasonCode.UNSUPPORTED_TYPE


@given(
    st.binary(max_size=200), st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"BM"])
)
def test_any_bytes_are_an_image_or_rejected(data: bytes, magic: bytes) -> None:
    with suppress(Rejected):
        assert pixels.decode(magic + data, LIMIT).ndim == 3


@pytest.mark.parametrize(
    ("content_type", "size", "code"),
    [
        ("image/png", 0, ReasonCode.EMPTY_FILE),
        ("image/png", 101, ReasonCode.TOO_MANY_BYTES),
        ("text/plain", 50, ReasonCode.UNSUPPORTED_TYPE),
        ("image/svg+xml", 50, ReasonCode.UNSUPPORTED_TYPE),
    ],
)
def test_what_an_upload_declares_can_be_enough_to_refuse_it(
    content_type: str, size: int, code: ReasonCode
) -> None:
    with pytest.raises(Rejected) as caught:
        check_before_download(content_type, size, 100)
    assert caught.value.code is code


@pytest.mark.parametrize(
    "content_type", ["image/png", "IMAGE/JPEG; q=1", "", "application/octet-stream"]
)
def test_images_and_undeclared_types_pass(content_type: str) -> None:
    check_before_download(content_type, 100, 100)
