"""The formats, read as the tools that they are for read them."""

import io
import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import numpy as np
import pytest
from hypothesis import given
from PIL import Image as PillowImage
from pycocotools.coco import COCO

from shared.export import coco, labelme, svg, yolo
from shared.export.cutouts import cropped
from shared.export.formats import (
    Format,
    common_files,
    cutout_path,
    documents,
    lines,
    text_files,
)
from shared.export.labelled_image import LabelledImage, labelled
from shared.imaging.geometry import BoolMask
from shared.schemas.documents import MOST_INSTANCES
from tests.shared.export.masks import filled, image_of, masks, stored_instance
from tools.support.pipeline import png

RING = np.pad(np.ones((6, 8), bool), ((2, 3), (1, 2)))
RING[4:6, 3:5] = False
SPECK = np.zeros_like(RING)
SPECK[0, 0] = SPECK[10, 10] = True
EMPTY = np.zeros_like(RING)


def _coco(folder: Path, images: list[LabelledImage], each: Format) -> COCO:
    """The document of the images, read by pycocotools."""
    entries = [line for image in images for line in lines(image, [each])]
    assert {line.document for line in entries} == {documents([each], 1)[0]}
    pieces = coco.document_text(
        (line.text for line in entries if line.section == "images"),
        (line.text for line in entries if line.section == "annotations"),
    )
    file = folder / "instances.json"
    file.write_text("".join(pieces))
    return COCO(str(file))


@pytest.mark.parametrize("each", [Format.COCO, Format.COCO_RLE])
def test_pycocotools_reads_the_masks(tmp_path: Path, each: Format) -> None:
    images = [image_of(RING, SPECK), image_of(EMPTY, number=2), image_of(SPECK, number=3)]
    read: Any = _coco(tmp_path, images, each)
    assert [read.imgs[number]["file_name"] for number in (1, 2, 3)] == ["album/cat.png"] * 3
    assert {item["id"]: item["name"] for item in read.cats.values()} == {1: "face", 2: "hand"}
    assert [len(read.getAnnIds(imgIds=[number])) for number in (1, 2, 3)] == [2, 0, 1]
    ring, speck = read.loadAnns(read.getAnnIds(imgIds=[1]))
    assert (read.annToMask(ring) == RING).all()
    assert (read.annToMask(speck) == SPECK).all()
    assert (ring["category_id"], speck["category_id"]) == (1, 2)
    assert (ring["bbox"], ring["area"], ring["iscrowd"]) == ([1, 2, 8, 6], 44, 0)
    assert ring["score"] == 0.75
    assert len(read.anns) == 3, "ids are unique"


@given(masks)
def test_pycocotools_reads_any_mask_from_its_polygons(mask: BoolMask) -> None:
    image = image_of(mask)
    read: Any = COCO()
    read.dataset = json.loads(
        "".join(
            coco.document_text(
                [coco.image_line(image)], coco.annotation_lines(image, polygons=True)
            )
        )
    )
    read.createIndex()
    found = [read.annToMask(annotation) for annotation in read.anns.values()]
    assert (sum(found, np.zeros(mask.shape, np.uint8)) == mask).all()


def test_ids_of_annotations_are_unique_at_the_limit() -> None:
    speck = np.ones((1, 1), bool)
    both = [image_of(*[speck] * MOST_INSTANCES, number=number) for number in (1, 2)]
    ids = [
        json.loads(line)["id"]
        for image in both
        for line in coco.annotation_lines(image, polygons=False)
    ]
    assert len(set(ids)) == len(ids) == 2 * MOST_INSTANCES
    with pytest.raises(ValueError, match="more than 100"):
        image_of(*[speck] * (MOST_INSTANCES + 1))


def _read_yolo(text: str, width: int, height: int) -> list[tuple[int, np.ndarray[Any, Any]]]:
    """Reads a label file as documented: https://docs.ultralytics.com/datasets/segment."""
    rows = []
    for line in text.splitlines():
        number, *coordinates = line.split()
        polygon = np.array(coordinates, float).reshape(-1, 2)
        assert len(polygon) >= 3
        assert polygon.min() >= 0
        assert polygon.max() <= 1
        rows.append((int(number), polygon * (width, height)))
    return rows


def test_yolo_has_a_line_for_each_instance() -> None:
    image = image_of(RING, SPECK)
    (file,) = text_files(image, [Format.YOLO], with_images=True)
    assert file.path == "labels/train/album/cat.txt"
    (first, ring), (second, speck) = _read_yolo(file.text, image.width, image.height)
    assert (first, second) == (0, 1)
    assert (filled([ring], RING) == RING).all()
    assert (filled([speck], SPECK) == SPECK).all()
    assert yolo.label_text(image_of(EMPTY)) == ""


@given(masks)
def test_yolo_has_any_mask_as_one_polygon(mask: BoolMask) -> None:
    image = image_of(mask)
    rows = _read_yolo(yolo.label_text(image), image.width, image.height)
    assert len(rows) == len(image.instances)
    rounded = [np.rint(polygon).astype(np.int64) for _, polygon in rows]
    for (_, polygon), nearest in zip(rows, rounded, strict=True):
        assert np.abs(polygon - nearest).max() < 0.001
        assert (polygon.astype(np.int64) == nearest).all(), "as Ultralytics rounds"
    assert (filled(rounded, mask) == mask).all()


def test_yolos_dataset_names_folders_and_classes() -> None:
    """https://docs.ultralytics.com/datasets/segment/#dataset-yaml-format."""
    (file,) = common_files([Format.YOLO, Format.COCO], 0.8)
    assert file.path == "data.yaml"
    names = "names:\n  0: face\n  1: hand\n"
    assert file.text == f"train: images/train\nval: images/val\n{names}"
    assert yolo.data_yaml(1) == f"train: images/train\nval: images/train\n{names}"
    assert yolo.data_yaml(0) == f"train: images/val\nval: images/val\n{names}"


_POINT = {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}
_NO_FLAGS = {"type": "object", "additionalProperties": {"type": "boolean"}}
LABELME = {
    "type": "object",
    "required": [
        "version",
        "flags",
        "shapes",
        "imagePath",
        "imageData",
        "imageHeight",
        "imageWidth",
    ],
    "additionalProperties": False,
    "properties": {
        "version": {"type": "string", "pattern": r"^5\."},
        "flags": _NO_FLAGS,
        "imagePath": {"type": "string", "pattern": r"^[^/\\]+$"},
        "imageData": {"type": ["string", "null"]},
        "imageHeight": {"type": "integer", "minimum": 1},
        "imageWidth": {"type": "integer", "minimum": 1},
        "shapes": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["label", "points", "group_id", "shape_type", "flags"],
                "additionalProperties": False,
                "properties": {
                    "label": {"type": "string", "minLength": 1},
                    "points": {"type": "array", "items": _POINT, "minItems": 3},
                    "group_id": {"type": ["integer", "null"]},
                    "description": {"type": ["string", "null"]},
                    "shape_type": {"enum": ["polygon"]},
                    "flags": _NO_FLAGS,
                    "mask": {"type": ["string", "null"]},
                },
            },
        },
    },
}
"""What `load` in labelme/_label_file.py accepts, without the other types of shapes."""


def test_labelme_has_a_polygon_for_each_part() -> None:
    (file,) = text_files(image_of(RING, SPECK), [Format.LABELME], with_images=False)
    assert file.path == "images/train/album/cat.json"
    document = json.loads(file.text)
    jsonschema.validate(document, LABELME)
    assert document["imagePath"] == "cat.png"
    shapes = document["shapes"]
    assert [(s["label"], s["group_id"]) for s in shapes] == [("face", 1), ("hand", 2), ("hand", 2)]
    of_ring, *of_speck = [np.array(shape["points"]) for shape in shapes]
    assert (filled([of_ring], RING) == RING).all()
    assert (filled(of_speck, SPECK) == SPECK).all()


@given(masks)
def test_labelme_has_any_mask(mask: BoolMask) -> None:
    document = json.loads(labelme.file_text(image_of(mask)))
    jsonschema.validate(document, LABELME)
    polygons = [np.array(shape["points"]) for shape in document["shapes"]]
    assert (filled(polygons, mask) == mask).all()


@given(masks)
def test_svg_has_any_mask_with_its_holes(mask: BoolMask) -> None:
    """The paths consist of M, H, V and Z: https://www.w3.org/TR/SVG2/paths.html#PathData."""
    root = ElementTree.fromstring(svg.file_text(image_of(mask), linked=True))
    assert root.get("viewBox") == f"0 0 {mask.shape[1]} {mask.shape[0]}"
    rings = []
    for path in root.iter("{http://www.w3.org/2000/svg}path"):
        data = path.get("d") or ""
        assert re.fullmatch(r"(M\d+ \d+([HV]\d+)+Z)+", data)
        for part in data.split("Z")[:-1]:
            x, y = map(int, part[1:].split("H")[0].split())
            vertices = [(x, y)]
            for command, number in re.findall(r"([HV])(\d+)", part):
                x, y = (int(number), y) if command == "H" else (x, int(number))
                vertices.append((x, y))
            rings.append(np.array(vertices))
    assert (filled(rings, mask) == mask).all()


def test_a_cutout_is_cropped_to_its_box() -> None:
    image = image_of(RING)
    (instance,) = image.instances
    pixels = np.random.default_rng(0).integers(0, 255, (*RING.shape, 4), np.uint8)
    part = PillowImage.open(io.BytesIO(cropped(png(pixels), image, instance)))
    assert (np.asarray(part) == pixels[2:8, 1:9]).all()
    assert cutout_path(image, instance) == "cutouts/train/album/cat--face-1.png"


@pytest.mark.parametrize(
    "cutout",
    [
        b"",
        b"no image",
        png(np.zeros((*RING.shape, 4), np.uint8))[:50],
        png(np.zeros((*RING.shape, 3), np.uint8)),
        png(np.zeros((3, 3, 4), np.uint8)),
    ],
)
def test_a_cutout_that_does_not_fit_is_refused(cutout: bytes) -> None:
    image = image_of(RING)
    with pytest.raises(ValueError, match="the cutout of face-1"):
        cropped(cutout, image, image.instances[0])


def test_instances_that_are_not_ours_are_refused() -> None:
    height, width = RING.shape
    good = stored_instance(RING)
    for instances, sentence in (
        ([good.model_copy(update={"id": "../face-1"})], "the id '../face-1'"),
        ([good, good], "the id 'face-1'"),
        ([stored_instance(RING[1:])], "the mask of face-1 has another size"),
        (
            [good.model_copy(update={"rle": good.rle.model_copy(update={"counts": "!"})})],
            "the mask of face-1 is invalid",
        ),
    ):
        with pytest.raises(ValueError, match=sentence):
            labelled(instances, width, height)
