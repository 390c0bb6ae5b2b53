"""Unusual but valid images of all formats. Each must be processed."""

import io
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageCms, PngImagePlugin

from tools.hostile.png import png

DATA = Path(__file__).parent / "data"
_X, _Y = np.meshgrid(np.arange(56), np.arange(40))
_COLOURS = np.stack([4 * _X, 6 * _Y, 2 * _X + 3 * _Y], -1).astype(np.uint8)
_RGB = Image.fromarray(_COLOURS)
_GREY = Image.fromarray(_COLOURS[..., 0])
_RGBA = Image.fromarray(np.dstack([_COLOURS, _COLOURS[..., 0]]))
_FLOAT = _COLOURS[..., 0].astype(np.float32)


def encoded(picture: Image.Image, kind: str, **options: Any) -> bytes:
    """Encodes a picture in one of Pillow's formats."""
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def pictures() -> dict[str, bytes]:
    """Returns all images by name."""
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    with_nan = _FLOAT.copy()
    with_nan[3, 3], with_nan[4, 4] = np.nan, np.inf
    frames = [_RGB, _RGB.rotate(90), _RGB.rotate(180)]
    animated: dict[str, Any] = {"save_all": True, "append_images": frames[1:]}
    return {
        "1x1.png": encoded(_RGB.crop((0, 0, 1, 1)), "PNG"),
        "1x1.gif": encoded(_GREY.crop((0, 0, 1, 1)), "GIF"),
        "1x30000.png": encoded(Image.new("RGB", (1, 30_000), "red"), "PNG"),
        "30000x1.jpg": encoded(Image.new("RGB", (30_000, 1), "red"), "JPEG"),
        "grey.png": encoded(_GREY, "PNG"),
        "bits.png": encoded(_GREY.convert("1"), "PNG"),
        "bits.tif": encoded(_GREY.convert("1"), "TIFF", compression="group4"),
        "grey 16 bit.png": encoded(
            Image.fromarray(_COLOURS[..., 0].astype(np.uint16) * 257), "PNG"
        ),
        "grey 32 bit.tif": encoded(
            Image.fromarray(_COLOURS[..., 0].astype(np.int32) * 999), "TIFF"
        ),
        "float.tif": encoded(Image.fromarray(_FLOAT), "TIFF"),
        "float with nan.tif": encoded(Image.fromarray(with_nan), "TIFF"),
        "cmyk.jpg": encoded(_RGB.convert("CMYK"), "JPEG"),
        "cmyk.tif": encoded(_RGB.convert("CMYK"), "TIFF"),
        "ycck.jpg": _ycck(encoded(_RGB.convert("CMYK"), "JPEG")),
        "ycbcr.tif": encoded(_RGB.convert("YCbCr"), "TIFF"),
        "lab.tif": encoded(Image.frombytes("LAB", (56, 40), _COLOURS.tobytes()), "TIFF"),
        "palette.png": encoded(_RGB.quantize(16), "PNG"),
        "palette with alpha.png": encoded(_RGB.quantize(16), "PNG", transparency=bytes(range(16))),
        "grey with alpha.png": encoded(_RGBA.convert("LA"), "PNG"),
        "rgba.png": encoded(_RGBA, "PNG"),
        "rgba.webp": encoded(_RGBA, "WEBP"),
        "rgba.tif": encoded(_RGBA, "TIFF"),
        "rgb with one transparent colour.png": encoded(_RGB, "PNG", transparency=(1, 2, 3)),
        "animated.gif": encoded(frames[0], "GIF", **animated),
        "animated.webp": encoded(frames[0], "WEBP", **animated),
        "animated.png": encoded(frames[0], "PNG", **animated),
        "animated.avif": encoded(frames[0], "AVIF", **animated),
        "still.avif": encoded(_RGB, "AVIF"),
        "pages.tif": encoded(frames[0], "TIFF", **animated),
        "bmp.bmp": encoded(_RGB, "BMP"),
        "bmp with palette.bmp": encoded(_RGB.quantize(16), "BMP"),
        "progressive.jpg": encoded(_RGB, "JPEG", progressive=True),
        "arithmetic.jpg": (DATA / "arithmetic.jpg").read_bytes(),
        "mpo.jpg": encoded(_RGB, "MPO", **animated),
        "motion photo.jpg": encoded(_RGB, "JPEG") + b"\xff\xda\0\x02" * 200,
        "scans in a profile.jpg": encoded(_RGB, "JPEG", icc_profile=srgb + b"\xff\xda" * 500),
        "icc.jpg": encoded(_RGB, "JPEG", icc_profile=srgb),
        "huge icc.jpg": encoded(_RGB, "JPEG", icc_profile=srgb + bytes(5_000_000)),
        "broken icc.png": encoded(_RGB, "PNG", icc_profile=b"no profile"),
        "interlaced.png": _interlaced(),
        "much text.png": encoded(_RGB, "PNG", pnginfo=_text()),
        "deflated.tif": encoded(_RGB, "TIFF", compression="tiff_adobe_deflate"),
        "jpeg in.tif": encoded(_RGB, "TIFF", compression="jpeg"),
        "big tiff.tif": encoded(_RGB, "TIFF", big_tiff=True),
        "broken exif.jpg": encoded(_RGB, "JPEG", exif=b"Exif\0\0MM\0*\xff\xff\xff\xff"),
        "wrong ending.gif": encoded(_RGB, "PNG"),
        **{f"orientation {value}.jpg": _oriented(value) for value in (*range(1, 9), 0, 99)},
    }


def _ycck(cmyk: bytes) -> bytes:
    """Changes the Adobe marker of a CMYK JPEG, so that it declares transformed colours (YCCK)."""
    marker = cmyk.index(b"Adobe") + 11
    return cmyk[:marker] + b"\x02" + cmyk[marker + 1 :]


def _oriented(value: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = value
    return encoded(_RGB, "JPEG", exif=exif)


def _text() -> PngImagePlugin.PngInfo:
    info = PngImagePlugin.PngInfo()
    for number in range(100):
        info.add_text(f"key {number}", "x" * 1000, zip=bool(number % 2))
    return info


def _interlaced() -> bytes:
    """Returns a PNG with Adam7 interlacing, which Pillow does not write."""
    width, height = 8, 8
    starts = (
        (0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2),
        (0, 1, 1, 2),
    )  # fmt: skip
    grey = _COLOURS[:height, :width, 0]
    lines = [b"\0" + row.tobytes() for x, y, dx, dy in starts for row in grey[y::dy, x::dx]]
    return png(width, height, b"".join(lines), interlaced=True)
