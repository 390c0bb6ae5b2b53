"""Measures CPU time and output size of encoders relative to ours, on typical image files."""

import io
import time
from collections.abc import Callable, Iterator
from functools import partial

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image as PillowImage

from shared.imaging import encoding, png
from shared.imaging.sparse_image import SparseImage, Tile
from shared.schemas.box import Box
from tools.benchmarks import pictures
from tools.benchmarks.costs import least
from tools.benchmarks.report import table

Pixels = npt.NDArray[np.uint8]
Encoder = Callable[[Pixels], bytes]

_STRATEGIES = {
    "run lengths": cv2.IMWRITE_PNG_STRATEGY_RLE,
    "filtered": cv2.IMWRITE_PNG_STRATEGY_FILTERED,
    "Huffman only": cv2.IMWRITE_PNG_STRATEGY_HUFFMAN_ONLY,
    "default strategy": cv2.IMWRITE_PNG_STRATEGY_DEFAULT,
}


def section() -> Iterator[str]:
    """Lines of Markdown."""
    subjects = _subjects()
    headings = [f"{name}: {kind}" for name in subjects for kind in ("CPU", "bytes")]
    yield from (
        "## Encoders",
        "",
        "CPU time and bytes, relative to those of `shared/imaging/png.py`. The cutout is that of",
        "one face on 12 megapixels: our encoder skips the empty part around it.",
        "",
    )
    ours = {name: _measure(partial(png.encode, picture)) for name, picture in subjects.items()}
    rows = []
    for encoder, encode in _encoders().items():
        cells = []
        for name, picture in subjects.items():
            if encoder.startswith("JPEG") and picture.channels != (3,):
                cells += ["", ""]
                continue
            found = _measure(partial(encode, picture.to_array()))
            cells += [f"{a / b:.2f}" for a, b in zip(found, ours[name], strict=True)]
        rows.append([encoder, *cells])
    yield from table(["", *headings], rows)


def _subjects() -> dict[str, SparseImage]:
    photo = np.ascontiguousarray(pictures.photo(3)[800:2300, :2000])
    face = Box(1500, 900, 2100, 1600)
    cutout = np.dstack([photo[: face.height, : face.width], np.full((700, 600), 255, np.uint8)])
    return {
        "drawing": SparseImage.of(pictures.scene(6)),
        "photo": SparseImage.of(photo),
        "cutout": SparseImage(Box(0, 0, 4000, 3000), (4,), [Tile(face, cutout)]),
    }


def _encoders() -> dict[str, Encoder]:
    by_opencv = {
        f"OpenCV, level 1, {name}": partial(_by_opencv, strategy=strategy)
        for name, strategy in _STRATEGIES.items()
    }
    by_pillow = {f"Pillow, level {level}": partial(_by_pillow, level=level) for level in (1, 6)}
    return {**by_opencv, **by_pillow, "JPEG, quality 92": encoding.encode_jpeg}


def _by_opencv(pixels: Pixels, strategy: int) -> bytes:
    swap = cv2.COLOR_RGB2BGR if pixels.shape[2] == 3 else cv2.COLOR_RGBA2BGRA
    options = [cv2.IMWRITE_PNG_COMPRESSION, 1, cv2.IMWRITE_PNG_STRATEGY, strategy]
    return cv2.imencode(".png", cv2.cvtColor(pixels, swap), options)[1].tobytes()


def _by_pillow(pixels: Pixels, level: int) -> bytes:
    file = io.BytesIO()
    PillowImage.fromarray(pixels).save(file, "PNG", compress_level=level)
    return file.getvalue()


def _measure(encode: Callable[[], bytes]) -> tuple[float, int]:
    """Returns CPU seconds and bytes."""
    return least(encode, time.process_time), len(encode())
