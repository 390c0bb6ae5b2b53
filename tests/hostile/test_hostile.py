"""Any upload or message ends in limited memory, and the next upload works."""

import gzip
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from unittest import mock

import numpy as np
import pytest
from PIL import Image

from shared.pipeline.foreign_messages import FOLDER
from shared.schemas import file_names, object_names
from tests.hostile.functions import MEMORY, Functions, running
from tests.hostile.memory import watched
from tools.hostile.files import File, files
from tools.hostile.pictures import encoded, pictures
from tools.support.examples import EXAMPLES

FILES, PICTURES = files(), pictures()
FACE = (EXAMPLES / "micah_01.png").read_bytes()

NAMES = (
    "with spaces .png", "ünï/cödé.png", "漢字/絵.png", "😀.png", "100%.png", "%2e%2e%2f.png",
    "a#b.png", "a?b=c&d.png", "'quotes\".png", "<script>alert(1)</script>.png", "...", "..a/b..",
    "*[glob]?.png", "${jndi:ldap:x}.png", "12:30.png", "x" * 1024, "é" * 512, "漢" * 341,
    "mask.png", "cat.png/mask.png", "cat.png/result.json", "cat.png/prompts.json", "face-1",
    ".hidden", "-rf", "~/.profile", "con", "e\u0301.png", "\u00e9.png", "result.json",
    "a/" * 300 + "b.png", "cat~0123456789abcdef", "cat.png/face-1000", "👩\u200d🎨.png",
)  # fmt: skip
"""Of objects: Cloud Storage takes all of these, and so do we."""

REFUSED = (
    "../up.png", "../../etc/passwd", "g2/../../home/.bashrc", "a/..", ".. /up.png", "a/./b.png",
    "/leading/slash.png", "//two", "trailing/", "a//b.png", "${jndi:ldap://x}.png",
    "back\\slash.png", "..\\up.png",
    "C:/Windows/win.ini", "a/C:up.png", "bell\a and \x1b[31mred.png", "tab\t.png", "c1\x9b.png",
    "\u202ertl.png", "\u2066a\u2069.png", "\u200e.png", "\u061c.png", "\u2028separator.png",
    "cat.png/face-1", "b/hand-12", ".toonmask", ".toonmask/foreign/x", "../" * 300 + "x" * 100,
)  # fmt: skip
"""Cloud Storage takes these, too."""


@pytest.fixture(scope="module")
def functions(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Functions]:
    with mock.patch.dict("os.environ"), running(tmp_path_factory.mktemp("hostile")) as made:
        yield made


def test_there_are_enough_of_them() -> None:
    assert len(FILES) + len(PICTURES) + len(NAMES) + len(REFUSED) >= 110


@pytest.mark.parametrize("name", sorted(FILES))
def test_what_is_no_picture_is_rejected_with_a_reason(functions: Functions, name: str) -> None:
    file = FILES[name]
    blob = functions.upload(name, file.content, file.content_type, file.content_encoding)
    assert functions.announce(blob) == 200
    result = functions.result(object_names.folder(name))
    assert result["status"] == "rejected"
    assert result["reason"]["code"] in [reason.value for reason in file.reasons]
    assert result["reason"]["message"].endswith(".")
    assert functions.forward() is None


@pytest.mark.parametrize("name", sorted(PICTURES))
def test_an_odd_picture_is_processed(functions: Functions, name: str) -> None:
    blob = functions.upload(name, PICTURES[name], "application/octet-stream")
    assert functions.announce(blob) == 200
    assert functions.forward() == 200
    assert functions.result(object_names.folder(name))["status"] in ("empty", "degraded")


@pytest.mark.parametrize("name", NAMES)
def test_any_name_is_processed_under_it(functions: Functions, name: str) -> None:
    blob = functions.upload(name, PICTURES["grey.png"], "image/png")
    assert functions.announce(blob) == 200
    assert functions.forward() == 200
    result = functions.result(object_names.folder(name))
    assert (result["status"], result["source"]["name"]) == ("empty", name)


@pytest.mark.parametrize("name", REFUSED)
def test_a_name_that_leads_elsewhere_is_rejected_under_a_harmless_one(
    functions: Functions, name: str
) -> None:
    before = set(_results(functions))
    blob = functions.upload(name, PICTURES["grey.png"], "image/png")
    assert functions.announce(blob) == 200
    assert functions.forward() is None
    (written,) = set(_results(functions)) - before
    assert file_names.fault(written) is None
    assert not written.startswith(object_names.RESERVED)
    result = functions.result(object_names.folder(name))
    assert written == object_names.folder(name) + object_names.RESULT
    assert (result["status"], result["source"]["name"]) == ("rejected", name)
    assert result["reason"]["code"] == "unsupported-name"
    assert result["reason"]["message"].isprintable()


def test_what_was_uploaded_gzipped_is_processed(functions: Functions) -> None:
    blob = functions.upload("zipped.png", gzip.compress(FACE), "image/png", "gzip")
    assert functions.announce(blob) == 200
    assert functions.forward() == 200
    assert functions.result("zipped.png/")["instances"]


def test_bytes_beyond_the_limit_are_not_downloaded(functions: Functions) -> None:
    """The declared size is larger than the content."""
    blob = functions.upload("large.png", FACE, "image/png")
    assert functions.announce(blob, size=str(2**40)) == 200
    assert functions.result("large.png/")["reason"]["code"] == "too-many-bytes"


def _large(kind: str) -> bytes:
    """Returns an image with nearly MAX_PIXELS and a face."""
    side = 7070
    grey = Image.new("L", (side, side), 200)
    if kind == "float":
        grey.paste(Image.open(EXAMPLES / "micah_01.png").convert("L").resize((3000, 3000)))
        picture = Image.fromarray(np.asarray(grey).astype(np.float32))
        return encoded(picture, "TIFF", compression="tiff_adobe_deflate")
    picture = Image.merge("RGBA", (grey, grey, grey, grey))
    picture.paste(Image.open(EXAMPLES / "micah_01.png").convert("RGBA").resize((3000, 3000)))
    return encoded(picture, "PNG", compress_level=1)


@pytest.mark.slow
def test_images_of_fifty_megapixels_fit_into_memory(functions: Functions) -> None:
    """Transparency takes most to draw; two are drawn at once.

    All that the function starts counts, each page once, as it does for Cloud Run.
    """
    for kind in ("float", "rgba"):
        blob = functions.upload(f"large {kind}", _large(kind), "application/octet-stream")
        with watched(functions.processes["landmarks"]) as peak:
            assert functions.announce(blob) == 200
        assert 0 < peak.bytes < MEMORY
    with (
        watched(functions.processes["segmentation"]) as peak,
        ThreadPoolExecutor(2) as pool,
    ):
        assert set(pool.map(lambda _: functions.forward(), range(2))) == {200}
    assert 0 < peak.bytes < MEMORY
    for kind in ("float", "rgba"):
        result = functions.result(f"large {kind}/")
        assert (result["status"], len(result["instances"])) == ("degraded", 1)


MESSAGES: dict[str, Any] = {
    "nothing": {},
    "no object": [],
    "text": "hello",
    "null": None,
    "no message": {"subscription": "x"},
    "no data": {"message": {"attributes": {"eventType": "OBJECT_FINALIZE"}}},
    "no attributes": {"message": {"data": "aGk="}},
    "null attributes": {"message": {"data": "aGk=", "attributes": None}},
    "numbers": {"message": {"data": 1, "attributes": {"eventType": 2}}},
    "no base64": {"message": {"data": "%%%", "attributes": {"eventType": "OBJECT_FINALIZE"}}},
    "deep": {"message": {"data": "aGk=", "attributes": {"a": "b"}, "x": [[[[[[]]]]]]}},
    "huge": {"message": {"data": "QUFB" * 2_500_000, "attributes": {"a": "b" * 10_000}}},
    "negative attempt": {"message": {"data": "", "attributes": {}}, "deliveryAttempt": -1},
}


@pytest.mark.parametrize("name", sorted(MESSAGES))
@pytest.mark.parametrize("function", ["landmarks", "segmentation"])
def test_a_hostile_body_is_refused_or_acknowledged_and_recorded(
    functions: Functions, function: str, name: str
) -> None:
    for record in functions.results.list_blobs(prefix=FOLDER):
        record.delete()
    before = {blob.name for blob in functions.results.list_blobs()}
    status = functions.post(function, MESSAGES[name])
    records = {blob.name for blob in functions.results.list_blobs()} - before
    announces = function == "landmarks" and name == "no data"
    assert (status, len(records)) == ((422, 0) if announces else (200, 1))
    assert all(record.startswith(FOLDER) for record in records)


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"bucket": "another-bucket"}, 200),
        ({"bucket": "out-bucket"}, 200),
        ({"name": ""}, 422),
        ({"name": "no/such/object.png"}, 200),
        ({"generation": "1"}, 200),
        ({"generation": "-1"}, 422),
        ({"generation": "9" * 40}, 422),
        ({"generation": str(2**63)}, 422),
        ({"generation": str(9 * 10**18)}, 200),
        ({"generation": str(9 * 10**18), "size": "0"}, 200),
        ({"generation": str(9 * 10**18), "name": "../forged.png"}, 200),
        ({"size": "-1"}, 422),
        ({"contentType": 7}, 422),
        ({"name": ["a"]}, 422),
    ],
)
def test_a_forged_notification_writes_no_result(
    functions: Functions, change: dict[str, Any], status: int
) -> None:
    before = _results(functions)
    blob = functions.upload("forged.png", FACE, "image/png")
    assert functions.announce(blob, **change) == status
    assert functions.forward() is None
    assert _results(functions) == before


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"bucket": "another-bucket"}, 200),
        ({"bucket": "out-bucket"}, 200),
        ({"name": "../../elsewhere"}, 200),
        ({"name": "tampered.png/face-1"}, 200),
        ({"generation": 1}, 200),
        ({"width": 10**9}, 422),
        ({"height": 1}, 422),
    ],
)
def test_tampered_prompts_write_no_result(
    functions: Functions, change: dict[str, Any], status: int
) -> None:
    blob = functions.upload("tampered.png", FACE, "image/png")
    assert functions.announce(blob) == 200
    assert functions.forward() == 200
    content = functions.results.blob("tampered.png/prompts.json").download_as_bytes()
    document = json.loads(content)
    before = _results(functions)
    document["source"] |= change
    assert functions.push("segmentation", json.dumps(document).encode(), {"a": "b"}) == status
    assert _results(functions) == before


def _results(functions: Functions) -> dict[str, int]:
    """Returns all objects with their generations, except records of foreign messages."""
    found = functions.results.list_blobs()
    return {blob.name: blob.generation for blob in found if not blob.name.startswith(FOLDER)}


def test_after_all_of_that_the_next_upload_works(functions: Functions) -> None:
    blob = functions.upload("next.png", FACE, "image/png")
    assert functions.announce(blob) == 200
    assert functions.forward() == 200
    assert functions.result("next.png/")["status"] == "degraded"


def test_every_file_is_described() -> None:
    assert all(isinstance(file, File) and file.reasons for file in FILES.values())
