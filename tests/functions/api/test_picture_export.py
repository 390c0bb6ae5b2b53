"""POST /v1/export: the annotation files of pictures whose masks the client has."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Browser
from pycocotools.coco import COCO

from shared.api.picture_export import TextFormat
from shared.export.formats import Format
from shared.imaging.geometry import BoolMask
from tests.functions.api.service import client, pixels, problem, send
from tests.shared.export.masks import stored_instance
from tools.support.examples import EXAMPLES
from tools.support.pipeline import png

PATH = "/v1/export"
HEIGHT, WIDTH = 40, 60
FACE = np.zeros((HEIGHT, WIDTH), bool)
FACE[3:30, 4:40] = True
FACE[6:12, 8:20] = False
FACE[8:10, 10:12] = True
FACE[35, 50] = FACE[36, 51] = True
FACE[0, 0] = FACE[39, 59] = True


@pytest.fixture(scope="module")
def api() -> FlaskClient:
    """The API without buckets."""
    return client()


def _picture(name: str, masks: Sequence[BoolMask] = (FACE,)) -> dict[str, Any]:
    instances = [
        stored_instance(mask, index=index).model_dump(mode="json")
        for index, mask in enumerate(masks)
    ]
    return {"name": name, "width": WIDTH, "height": HEIGHT, "instances": instances}


def _exported(api: FlaskClient, *pictures: dict[str, Any], **options: Any) -> dict[str, Any]:
    response = api.post(PATH, json={"format": "coco", "pictures": list(pictures), **options})
    assert response.status_code == 200, response.text
    body: dict[str, Any] = response.get_json()
    return body


def test_all_formats_but_cutouts_are_offered() -> None:
    assert {*get_args(TextFormat), "cutouts"} == set(Format)


@pytest.mark.parametrize("each", ["coco", "coco-rle"])
def test_the_masks_of_a_response_become_a_dataset(
    api: FlaskClient, each: str, tmp_path: Path
) -> None:
    response = send(api, EXAMPLES / "avataaars_05.png").get_json()
    picture = {**response, "name": "album/avatar.png"}
    body = _exported(api, picture, _picture("cat.png"), format=each, split=1)
    folder = "annotations" if each == "coco" else "annotations-rle"
    assert list(body["files"]) == [f"{folder}/instances_train.json"]
    assert body["images"] == ["images/train/album/avatar.png", "images/train/cat.png"]
    file = tmp_path / "instances.json"
    file.write_text(body["files"][f"{folder}/instances_train.json"])
    read: Any = COCO(str(file))
    first, second = read.loadAnns(read.getAnnIds())
    assert (read.annToMask(second) == FACE).all()
    (instance,) = response["instances"]
    assert (first["area"], first["score"]) == (instance["area"], instance["score"])
    x0, y0, x1, y1 = instance["box"]
    assert first["bbox"] == [x0, y0, x1 - x0, y1 - y0]


def test_empty_pictures_are_left_out_unless_asked_for(api: FlaskClient) -> None:
    pictures = (
        _picture("full.png"),
        _picture("empty.png", []),
        _picture("dot.png", [~FACE & FACE]),
    )
    body = _exported(api, *pictures, format="yolo", split=1)
    assert set(body["files"]) == {"labels/train/full.txt", "data.yaml"}
    assert body["images"] == ["images/train/full.png", None, None]
    body = _exported(api, *pictures, format="yolo", split=1, empty=True)
    assert body["files"]["labels/train/empty.txt"] == body["files"]["labels/train/dot.txt"] == ""
    assert body["images"][1:] == ["images/train/empty.png", "images/train/dot.png"]


def test_pictures_are_split_as_in_make_export(api: FlaskClient) -> None:
    pictures = [_picture(f"{number}.png") for number in range(40)]
    files = _exported(api, *pictures, format="labelme", split=0.5)["files"]
    train = sum(path.startswith("images/train/") for path in files)
    assert 8 <= train <= 32
    assert len(files) == 40
    assert _exported(api, *pictures, format="labelme", split=0.5)["files"] == files


def test_names_that_lead_out_of_a_folder_or_collide_are_made_safe(api: FlaskClient) -> None:
    names = ["../../up.png", "C:\\a.png", "cat.png", "CAT.png", "cat.png/dog.png"]
    images = _exported(api, *map(_picture, names), split=1)["images"]
    assert len({path.casefold() for path in images}) == len(names)
    for path in images:
        assert path.startswith("images/train/")
        assert not {"..", ""} & set(path.split("/"))
        assert not set(':\\"') & set(path)


def test_an_svg_links_the_image_if_there_is_one(api: FlaskClient) -> None:
    for images in (False, True):
        body = _exported(api, _picture("a b/cat.png"), format="svg", split=1, images=images)
        text = body["files"]["svg/train/a b/cat.svg"]
        assert ('href="../../../images/train/a%20b/cat.png"' in text) is images


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"format": "voc"}, "format must be 'coco', 'coco-rle'"),
        ({"format": "cutouts"}, "format must be 'coco', 'coco-rle'"),
        ({"split": 1.5}, "split must be at most 1"),
        (
            {"pictures": [_picture("a.png"), _picture("a.png")]},
            'Two pictures have the name "a.png"',
        ),
        ({"pictures": [{**_picture("a.png"), "width": 9}]}, "has another size than the image"),
        (
            {"pictures": [{**_picture("a.png"), "width": 10**9}]},
            "pictures[0].width must be at most 100000",
        ),
        ({"pictures": [_picture(f"{n}.png", []) for n in range(1001)]}, "at most 1000 parts"),
        ({"pictures": [_picture("a.png", [FACE] * 101)]}, "at most 100 parts"),
        ({"pictures": [_picture("")]}, "pictures[0].name must not be empty"),
    ],
)
def test_invalid_fields_are_named(api: FlaskClient, changes: dict[str, Any], sentence: str) -> None:
    response = api.post(PATH, json={"format": "coco", "pictures": [], **changes})
    assert sentence in problem(response, 422, "bad-field")


def test_a_broken_mask_is_named(api: FlaskClient) -> None:
    picture = _picture("a\x1b.png")
    picture["instances"][0]["rle"]["counts"] = "0" * 50
    response = api.post(PATH, json={"format": "coco", "pictures": [picture]})
    detail = problem(response, 422, "bad-field")
    assert detail.startswith('The picture "a\\u001b.png": the mask of face-1 is invalid: ')


def test_a_body_that_is_not_json_or_too_large(api: FlaskClient) -> None:
    assert "format, pictures" in problem(api.post(PATH, data=b"x"), 415, "not-json")
    large = b'{"format":"coco","pictures":[' + b" " * 17 * 2**20 + b"]}"
    response = api.post(PATH, data=large, content_type="application/json")
    problem(response, 413, "request-entity-too-large")


def test_files_that_would_be_too_large_are_refused(
    api: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.api.picture_export._MOST_CHARACTERS", 2000)
    assert _exported(api, _picture("a.png"))
    pictures = [_picture(f"{number}.png") for number in range(20)]
    response = api.post(PATH, json={"format": "coco", "pictures": pictures})
    assert "make export" in problem(response, 413, "too-large-export")


def test_pictures_wait_for_a_slot_like_masks() -> None:
    limited = client(MAX_PARALLEL="1", MAX_WAIT="0.01")
    body = {"format": "coco", "pictures": [_picture("a.png")]}
    unread = limited.post(PATH, json=body)  # it holds its slot until it is read
    problem(limited.post(PATH, json=body), 429, "busy")
    assert json.loads(unread.data)["images"] == ["images/train/a.png"]
    unread.close()
    assert limited.post(PATH, json=body).status_code == 200


def test_chromium_draws_an_svg_as_the_mask(api: FlaskClient, browser: Browser) -> None:
    hand = np.zeros((HEIGHT, WIDTH), bool)
    hand[31:34, 2:9] = True
    body = _exported(api, _picture("cat.png", [FACE, hand]), format="svg", split=1)
    with browser.new_context(viewport={"width": WIDTH, "height": HEIGHT}) as context:
        page = context.new_page()
        page.set_content(f"<style>*{{margin:0}}</style>{body['files']['svg/train/cat.svg']}")
        drawn = pixels(page.screenshot())[..., :3]
        titles = page.locator("path > title").all_text_contents()
    assert titles == ["face-1, score 0.75", "face-2, score 0.75"]
    white = (drawn == 255).all(axis=2)
    assert (white == ~(FACE | hand)).all()
    assert len({tuple(pixel) for pixel in drawn[~white].tolist()}) == 1, "no half tones"


def test_chromium_shows_the_linked_image_below_the_masks(
    api: FlaskClient, browser: Browser, tmp_path: Path
) -> None:
    body = _exported(api, _picture("a b/c #1%.png"), format="svg", split=1, images=True)
    image = tmp_path / body["images"][0]
    image.parent.mkdir(parents=True)
    image.write_bytes(png(np.full((HEIGHT, WIDTH, 3), (0, 160, 0), np.uint8)))
    ((path, text),) = body["files"].items()
    file = tmp_path / path
    file.parent.mkdir(parents=True)
    file.write_text(text)
    with browser.new_context(viewport={"width": WIDTH, "height": HEIGHT}) as context:
        page = context.new_page()
        page.goto(file.as_uri())
        drawn = pixels(page.screenshot())[..., :3]
    assert ((drawn == (0, 160, 0)).all(axis=2) == ~FACE).all()
