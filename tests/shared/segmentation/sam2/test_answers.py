import base64
import json
import zlib
from typing import Any

import numpy as np
import pytest

from shared.imaging import png, rle
from shared.imaging.geometry import polygon_mask
from shared.schemas.box import Box
from shared.segmentation import masks
from shared.segmentation.sam2.answers import AnswerError, parse_answer, parse_json
from tools.hostile.bombs import jpeg_of_scans
from tools.support.shapes import ellipse

SIZE = (40, 60)
MASK = polygon_mask(ellipse(30, 20, 14, 11), Box(0, 0, 60, 40))
GREY = masks.picture(MASK)
PNG = base64.b64encode(png.encode_array(GREY)).decode()
PACKED = rle.encode(MASK)


def _runs() -> list[int]:
    flat = np.concatenate([[0], MASK.ravel(order="F").astype(int), [-1]])
    changes = np.flatnonzero(np.diff(flat))
    return np.diff(np.concatenate([[0], changes])).tolist()


def _claiming(width: int, height: int) -> str:
    """Returns a PNG whose header declares a size, with almost no data."""
    header = b"IHDR" + width.to_bytes(4) + height.to_bytes(4) + bytes([8, 0, 0, 0, 0])
    chunks = [part + zlib.crc32(part).to_bytes(4) for part in (header, b"IDAT")]
    content = (13).to_bytes(4) + chunks[0] + (0).to_bytes(4) + chunks[1]
    return base64.b64encode(b"\x89PNG\r\n\x1a\n" + content).decode()


FORMATS: dict[str, Any] = {
    "png": {"mask_png_base64": PNG},
    "png as data URL": {"mask_png_base64": f"data:image/png;base64,{PNG}"},
    "png in lines": {"mask_png_base64": base64.encodebytes(base64.b64decode(PNG)).decode()},
    "runs in an object": {"mask_rle": {"counts": _runs(), "size": [40, 60]}},
    "runs in a list": {"mask_rle": [_runs(), [40, 60]]},
    "COCO string": {"mask_rle": {"counts": PACKED.counts, "size": [40, 60]}},
    "lists of booleans": {"masks": [MASK.tolist()]},
    "lists of 0 and 1": {"masks": [MASK.astype(int).tolist()]},
    "lists of 0 and 255": {"masks": [GREY.tolist()]},
    "lists of probabilities": {"masks": [(MASK * 0.8 + 0.1).tolist()]},
    "a list within a list": {"masks": [[MASK.tolist()]]},
    "probabilities a hair above 1": {"masks": [(MASK * np.float64(1.0000001)).tolist()]},
    "list of PNGs": {"masks": [PNG], "scores": [0.9]},
    "list of RLEs": {"masks": [{"counts": PACKED.counts, "size": [40, 60]}]},
}


@pytest.mark.parametrize("answer", FORMATS.values(), ids=FORMATS.keys())
def test_every_known_format_gives_the_same_mask(answer: Any) -> None:
    (candidate,) = parse_answer(json.loads(json.dumps(answer)), SIZE)
    assert ((candidate.values > 0.5) == MASK).all()


@pytest.mark.parametrize("field", ["scores", "iou_predictions"])
def test_scores_stay_with_their_masks(field: str) -> None:
    answer = {"masks": [PNG, (~MASK).tolist()], field: [0.25, 0.75]}
    first, second = parse_answer(answer, SIZE)
    assert (first.predicted_iou, second.predicted_iou) == (0.25, 0.75)
    assert ((second.values > 0.5) == ~MASK).all()


@pytest.mark.parametrize(
    ("answer", "named"),
    [
        ([], "JSON object"),
        ({}, "mask_png_base64"),
        ({"mask": 1}, "'mask'"),
        ({"masks": []}, "masks"),
        ({"masks": "no"}, "masks"),
        ({"masks": [[]]}, r"masks\[0\]"),
        ({"masks": [[[1, 2], [3]]]}, r"masks\[0\]"),
        ({"masks": [[["a"]]]}, r"masks\[0\]"),
        ({"masks": [[[float("nan")]]]}, r"masks\[0\]"),
        ({"masks": [[[-1]]]}, r"masks\[0\]"),
        ({"masks": [[[1, 10**400]]]}, r"masks\[0\]"),
        ({"masks": [np.zeros(SIZE).tolist()]}, r"masks\[0\]: every mask is empty"),
        ({"masks": [np.ones((10, 40)).tolist()]}, r"masks\[0\]: 40 x 10 does not fit"),
        ({"masks": [PNG], "scores": [float("inf")]}, "scores"),
        ({"masks": [PNG], "scores": [1, 2]}, "scores"),
        ({"masks": [PNG], "scores": ["high"]}, "scores"),
        ({"mask_png_base64": 7}, "mask_png_base64"),
        ({"mask_png_base64": "!!"}, "mask_png_base64"),
        ({"mask_png_base64": base64.b64encode(b"x" * 99).decode()}, "mask_png_base64"),
        ({"mask_png_base64": _claiming(100_000, 100_000)}, "too many"),
        (
            {"mask_png_base64": base64.b64encode(jpeg_of_scans(64, 101)).decode()},
            "not a complete image",
        ),
        ({"mask_png_base64": PNG[: len(PNG) // 2 // 4 * 4]}, "not a complete image"),
        ({"mask_rle": 7}, "mask_rle"),
        ({"mask_rle": {"counts": [1]}}, r"mask_rle\.size"),
        ({"mask_rle": {"counts": [1], "size": [0, 5]}}, r"mask_rle\.size"),
        ({"mask_rle": {"counts": [1], "size": [60000, 60000]}}, r"mask_rle\.size"),
        ({"mask_rle": {"counts": [3, 4], "size": [40, 60]}}, r"mask_rle\.counts"),
        ({"mask_rle": {"counts": [-5, 2405], "size": [40, 60]}}, r"mask_rle\.counts"),
        ({"mask_rle": {"counts": None, "size": [40, 60]}}, r"mask_rle\.counts"),
    ],
)
def test_an_absurd_answer_is_refused_by_the_name_of_its_field(answer: Any, named: str) -> None:
    with pytest.raises(AnswerError, match=named):
        list(parse_answer(answer, SIZE))


@pytest.mark.parametrize("size", [(20, 30), (256, 256), (39, 61), (400, 600)])
def test_a_mask_of_another_size_fits_if_its_shape_does(size: tuple[int, int]) -> None:
    (mask,) = parse_answer({"masks": [np.ones(size).tolist()]}, SIZE)
    assert mask.values.shape == size


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"masks": [', b"[" * 100_000, b"\xff\xfe{}"])
def test_what_is_no_json_is_refused_and_shown(body: bytes) -> None:
    with pytest.raises(AnswerError, match="want JSON, got"):
        parse_json(body)
