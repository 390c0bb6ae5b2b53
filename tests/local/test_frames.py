"""Uploads with frames on a running system: from an upload to files, datasets and corrections."""

import io
import json
from pathlib import Path

import pytest
from PIL import Image as PillowImage

from local import batch, gallery
from local.stack import OUTPUT_BUCKET, Stack
from shared.schemas.documents import Status
from tests.local.operating import await_true, operate, output_of
from tools.support.examples import example
from tools.support.pipeline import await_results, document, put

pytestmark = pytest.mark.parametrize("system", ["embedded"], indirect=True)


def _animation() -> bytes:
    """The first frame has a face, the second none."""
    face = PillowImage.fromarray(example("avataaars_05.png")).resize((200, 200))
    nothing = PillowImage.new("RGB", face.size, (90, 160, 220))
    file = io.BytesIO()
    face.save(file, "GIF", save_all=True, append_images=[nothing], duration=100)
    return file.getvalue()


@pytest.fixture
def name(folder: str) -> str:
    return f"{folder}/cat.gif"


@pytest.fixture
def processed(system: Stack, name: str) -> batch.Outcome:
    return await_results(system, put(system, name, _animation(), "image/gif"))[name]


def test_each_frame_has_its_result(system: Stack, name: str, processed: batch.Outcome) -> None:
    assert processed.status is Status.SEGMENTED
    assert [one.status for one in processed.document.frames] == ["segmented", "empty"]
    first = document(system, f"{name}/frame-0001/result.json")
    assert [one["id"] for one in first["instances"]] == ["face-1"]
    assert (first["source"]["width"], first["source"]["height"]) == (200, 200)


@pytest.mark.usefixtures("processed")
def test_frames_are_in_the_gallery_and_in_datasets(
    system: Stack, root: Path, name: str, tmp_path: Path
) -> None:
    results, source = tmp_path / "results", tmp_path / "cat.gif"
    source.write_bytes(_animation())
    for _ in range(2):
        batch.fetch(system, name, results)
    page = gallery.write(results, {name: source}).read_text()
    assert page.count("<article") == 2
    assert f"{name}/frame-0002/original.png" in page
    options = ["--prefix", name, "--format", "coco", "--split", "1", "--empty"]
    output_of(operate("export", root, *options, "--output", str(tmp_path / "bucket")))
    from_run = ["--results", str(results), "--output", str(tmp_path / "run")]
    output_of(operate("export", root, *options, *from_run))
    for kind in ("bucket", "run"):
        dataset = json.loads((tmp_path / kind / "annotations/instances_train.json").read_text())
        assert [image["upload"] for image in dataset["images"]] == [
            f"{name}/frame-0001",
            f"{name}/frame-0002",
        ]
        assert len(dataset["annotations"]) == 1
        for image in dataset["images"]:
            file = tmp_path / kind / "images/train" / image["file_name"]
            assert PillowImage.open(file).size == (200, 200)


@pytest.mark.usefixtures("processed")
def test_a_frame_is_corrected_and_reprocessed_if_that_failed(
    system: Stack, root: Path, name: str, tmp_path: Path
) -> None:
    bucket = system.storage.bucket(OUTPUT_BUCKET)
    file = tmp_path / "prompts.json"
    found = document(system, f"{name}/frame-0001/prompts.json")
    file.write_text(json.dumps({**found, "instances": []}))
    assert "saved as revision 1" in output_of(operate("correct", root, name, str(file)))
    await_true(lambda: document(system, f"{name}/result.json")["revision"] == 1)
    assert document(system, f"{name}/result.json")["status"] == "empty"
    under = ["--prefix", name]
    assert "0 objects" in output_of(operate("backfill", root, *under))
    frame = bucket.get_blob(f"{name}/frame-0001/result.json")
    frame.metadata = {**frame.metadata, "revision": None}
    frame.patch()
    said = output_of(operate("backfill", root, *under, "--go"))
    assert "1 of 1 have corrections" in said
    result = bucket.blob(frame.name)
    await_true(lambda: bucket.get_blob(result.name).metadata.get("revision") == "1")
