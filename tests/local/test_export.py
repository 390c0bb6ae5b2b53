"""`make export`: results become a dataset."""

import io
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from google.cloud import storage as gcs
from PIL import Image as PillowImage
from pycocotools.coco import COCO

from local.export.dataset import JOURNAL, Dataset, Options, Refused
from local.export.sources import BucketSource, FolderSource, OpenResult
from local.operations import export
from local.operations.deployment import Target
from local.stack import INPUT_BUCKET, OUTPUT_BUCKET
from shared.export.formats import Format
from shared.gcp.gcs import Storage
from shared.pipeline.result_store import ResultStore
from shared.schemas.documents import ResultDocument, Status
from shared.schemas.image_file import ImageFile
from tests.hostile.memory import watched
from tests.local.results import FACE, HAND, cutout, result, write_run
from tools.support.examples import ROOT

ALL = ",".join(Format)


def _start(*options: str | Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-W", "ignore", "-m", "local.operations.export"]
    return subprocess.Popen(
        [*command, *map(str, options)],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip


def _export(*options: str | Path, code: int = 0) -> str:
    """Runs an export; returns its output with single spaces."""
    process = _start(*options)
    output, _ = process.communicate(timeout=120)
    assert process.returncode == code, output
    return " ".join(output.split())


def _files(folder: Path) -> dict[str, bytes]:
    return {
        file.relative_to(folder).as_posix(): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file()
    }


def _masks(folder: Path, document: str) -> dict[str, list[np.ndarray[Any, Any]]]:
    """The masks in a COCO document by the names of the images, read by pycocotools."""
    read: Any = COCO(str(folder / document))
    return {
        image["file_name"]: [
            read.annToMask(item).astype(bool)
            for item in read.loadAnns(read.getAnnIds(imgIds=[number]))
        ]
        for number, image in read.imgs.items()
    }


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """The results of a run with two faces and hands, an empty, a rejected and a failed image."""
    root = tmp_path / "results"
    for name in ("album/cat.png", "dog.png"):
        write_run(root, result(name), name.encode())
    write_run(root, result("empty.png", (), status=Status.EMPTY))
    write_run(root, result("broken.png", (), status=Status.REJECTED))
    write_run(root, result("failed.png", (), status=Status.FAILED))
    (root / "index.html").write_text("the gallery")
    return root


@pytest.mark.parametrize("empty", [False, True])
def test_a_run_becomes_a_dataset_in_all_formats(run: Path, tmp_path: Path, empty: bool) -> None:
    output = tmp_path / "dataset"
    options = ["--results", str(run), "--output", str(output), "--format", ALL, "--split", "1"]
    said = _export(*options, *(["--empty"] if empty else []))
    assert f"{2 + empty} images were exported" in said
    assert ("1 were left out: empty." in said) is not empty
    assert "1 were left out: rejected." in said
    stems = ["album/cat", "dog", *(["empty"] if empty else [])]
    assert set(_files(output)) == {
        "annotations/instances_train.json",
        "annotations-rle/instances_train.json",
        "data.yaml",
        *(f"images/train/{stem}.{kind}" for stem in stems for kind in ("png", "json")),
        *(f"labels/train/{stem}.txt" for stem in stems),
        *(f"svg/train/{stem}.svg" for stem in stems),
        *(f"cutouts/train/{stem}--{i}.png" for stem in stems[:2] for i in ("face-1", "hand-2")),
    }
    assert (output / "images/train/dog.png").read_bytes() == b"dog.png"
    for folder in ("annotations", "annotations-rle"):
        found = _masks(output, f"{folder}/instances_train.json")
        assert list(found) == [f"{stem}.png" for stem in stems]
        for face, hand in (found["album/cat.png"], found["dog.png"]):
            assert (face == FACE).all()
            assert (hand == HAND).all()
    part = np.asarray(PillowImage.open(output / "cutouts/train/dog--hand-2.png"))
    assert part.shape == (3, 7, 4)
    assert (part == 2).all()


def test_images_can_be_left_out_and_links_to_them_too(run: Path, tmp_path: Path) -> None:
    for name, option in (("with", "--empty"), ("without", "--no-images")):
        output = tmp_path / name
        _export("--results", run, "--output", output, "--format", "yolo, svg", option)
        files = _files(output)
        svg = next(text for path, text in files.items() if path.endswith("dog.svg"))
        assert (b"<image" in svg) is (name == "with")
        assert any(path.endswith("dog.png") for path in files) is (name == "with")
        assert any(path.endswith("dog.txt") for path in files)


def test_a_prefix_selects_uploads_and_every_subset_is_listed(run: Path, tmp_path: Path) -> None:
    output = tmp_path / "dataset"
    _export("--results", run, "--output", output, "--format", "coco", "--prefix", "album/")
    assert (
        sum(len(_masks(output, f"annotations/instances_{s}.json")) for s in ("train", "val")) == 1
    )


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--format", "voc"], "'voc' is no format. The formats are coco, coco-rle"),
        (["--format", "coco", "--split", "80"], "'80' is no share from 0 to 1"),
        (["--format", "coco", "--split", "nan"], "'nan' is no share from 0 to 1"),
    ],
)
def test_wrong_options_are_named(
    options: list[str],
    sentence: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys, "argv", ["export", "--output", "new", *options])
    with pytest.raises(SystemExit, match="2"):
        export.main()
    assert sentence in capsys.readouterr().err


def test_without_a_system_or_a_folder_the_error_says_what_to_do(tmp_path: Path) -> None:
    options = ["--output", str(tmp_path / "new"), "--format", "coco"]
    assert "make up" in _export(*options, "--root", tmp_path, code=1)
    missing = tmp_path / "missing"
    assert f"no folder {missing}" in _export(*options, "--results", missing, code=1)
    assert not (tmp_path / "new").exists()


def test_a_folder_with_other_files_is_not_touched(run: Path) -> None:
    before = _files(run)
    said = _export("--results", run, "--output", run, "--format", "yolo", code=1)
    assert "has other files. Choose another OUTPUT" in said
    assert _files(run) == before


def test_what_cannot_be_read_is_named_and_the_rest_exported(run: Path, tmp_path: Path) -> None:
    output = tmp_path / "dataset"
    other = result("other.png")
    wrong = other.model_copy(
        update={"instances": (other.instances[0].model_copy(update={"id": "../../up"}),)}
    )
    small = result("small.png")
    source = small.source.model_copy(update={"width": 7})
    outside = result("outside.png")
    files = outside.instances[0].files.model_copy(update={"cutout": "../dog.png/face-1/cutout.png"})
    stray = outside.instances[0].model_copy(update={"files": files})
    broken = write_run(run, result("a-broken.png"))
    good = (broken / "result.json").read_bytes()
    (broken / "result.json").write_text("{")
    (write_run(run, result("gone.png")) / "original.png").unlink()
    (write_run(run, result("cut.png")) / "hand-2/cutout.png").write_bytes(b"no image")
    write_run(run, wrong)
    write_run(run, small.model_copy(update={"source": source}))
    write_run(run, outside.model_copy(update={"instances": (stray,)}))
    (run / "copied.png").mkdir()
    (run / "copied.png" / "result.json").write_text(result("dog.png").model_dump_json())
    options = ["--results", str(run), "--output", str(output), "--format", ALL, "--split", "1"]
    said = _export(*options, code=1)
    assert "2 images were exported" in said
    assert "7 could not be exported" in said
    for sentence in (
        "a-broken.png: its result.json is invalid",
        "gone.png: its folder has no file `original`",
        "cut.png: the cutout of hand-2 is broken",
        "other.png: an instance has the id '../../up'",
        "small.png: the mask of face-1 has another size than the image",
        "outside.png: the name of the cutout of face-1 is not one of ours",
        "copied.png: its result.json belongs to another upload",
    ):
        assert sentence in said
    assert not [path for path in _files(output) if "cut" in Path(path).stem], "no part of a failure"
    assert list(_masks(output, "annotations/instances_train.json")) == ["album/cat.png", "dog.png"]
    (broken / "result.json").write_bytes(good)
    said = _export(*options, code=1)
    assert "3 images were exported" in said
    assert "6 could not be exported" in said
    assert len(_masks(output, "annotations/instances_train.json")) == 3


def test_an_export_that_was_killed_goes_on_and_has_the_same_bytes(tmp_path: Path) -> None:
    run = tmp_path / "results"
    for number in range(60):
        write_run(run, result(f"{number:03}.png"), f"{number}".encode())
    options = ["--results", str(run), "--format", ALL, "--output"]
    _export(*options, tmp_path / "whole")
    expected = _files(tmp_path / "whole")
    output, kills = tmp_path / "dataset", 0
    for wanted in (10, 35):
        process = _start(*options, output)
        while process.poll() is None and _count(output) < wanted:
            time.sleep(0.001)
        kills += process.poll() is None
        process.kill()
        process.communicate()
    assert kills
    (output / "cutouts/train").mkdir(parents=True, exist_ok=True)
    for stray in ("059--face-7.png", "059--hand-9.png"):  # as of an attempt with an older result
        (output / "cutouts/train" / stray).write_bytes(b"stale")
    said = _export(*options, output)
    assert "60 images were exported" in said
    assert _files(output) == expected
    assert not (output / JOURNAL).exists()


def _count(output: Path) -> int:
    return sum(1 for _ in (output / "labels").rglob("*.txt"))


def test_other_options_do_not_continue_an_export(run: Path, tmp_path: Path) -> None:
    output = tmp_path / "dataset"
    (write_run(run, result("gone.png")) / "original.png").unlink()
    _export("--results", run, "--output", output, "--format", "yolo", code=1)
    said = _export("--results", run, "--output", output, "--format", "coco", code=1)
    assert "an unfinished export with other options" in said


def _options(*formats: Format, **changes: Any) -> Options:
    fields = {"prefix": "", "share": 1.0, "with_empty": False, "with_images": True, **changes}
    return Options(formats=frozenset(formats), **fields)


def test_two_exports_into_one_folder_do_not_mix(run: Path, tmp_path: Path) -> None:
    source, output = FolderSource(run), tmp_path / "dataset"

    class Slow(FolderSource):
        def read(self, folder: str) -> OpenResult:
            with pytest.raises(Refused, match="another process is exporting"):
                Dataset(source, _options(Format.YOLO), output).export(lambda *_: None)
            return super().read(folder)

    summary = Dataset(Slow(run), _options(Format.YOLO), output).export(lambda *_: None)
    assert (summary.exported, summary.failed) == (2, {})


@pytest.fixture
def target(storage_url: str) -> Target:
    """A pair of buckets, without a broker."""
    assert storage_url
    client = gcs.Client()
    for name in (INPUT_BUCKET, OUTPUT_BUCKET):
        client.create_bucket(name)
    unused: Any = None
    return Target("a-project", "", INPUT_BUCKET, OUTPUT_BUCKET, client, unused, unused)


def _upload(target: Target, name: str, content: bytes) -> int:
    blob = target.storage.bucket(INPUT_BUCKET).blob(name)
    blob.upload_from_string(content, content_type="image/png")
    return int(blob.generation)


def _process(target: Target, document: ResultDocument) -> None:
    """Writes a result with the pipeline's code."""
    cutouts = {item.files.cutout: cutout(n) for n, item in enumerate(document.instances, 1)}
    files = [ImageFile(name, cutouts.get(name, b"a picture")) for name in document.pictures]
    storage = Storage()
    storage.client = target.storage
    ResultStore(storage, OUTPUT_BUCKET).write(document, lambda: files)


def test_a_system_becomes_a_dataset(target: Target, storage_url: str, tmp_path: Path) -> None:
    for name in ("album/cat.png", "album/more/dog.jpg", "other/cat.png"):
        _process(target, result(name, generation=_upload(target, name, name.encode())))
    _process(target, result("album/none.png", (), _upload(target, "album/none.png", b"")))
    (tmp_path / "up").mkdir()
    environment = {"STORAGE_EMULATOR_HOST": storage_url, "PUBSUB_EMULATOR_HOST": "127.0.0.1:9"}
    (tmp_path / "up" / "running.json").write_text(json.dumps(environment))
    output = tmp_path / "dataset"
    options = ["--format", "coco,cutouts", "--prefix", "album/", "--split", "0"]
    said = _export("--root", tmp_path / "up", "--output", output, *options)
    assert "2 images were exported" in said
    assert "1 were left out: empty" in said
    files = _files(output)
    assert files["images/val/album/cat.png"] == b"album/cat.png"
    assert files["images/val/album/more/dog.jpg"] == b"album/more/dog.jpg"
    assert len([path for path in files if path.startswith("cutouts/")]) == 4
    assert len(_masks(output, "annotations/instances_val.json")) == 2


def test_uploads_that_differ_only_in_case_or_kind_keep_their_own_files(
    target: Target, tmp_path: Path
) -> None:
    names = ["a/cat.png", "a/CAT.png", "a/cat.jpg", "a/cat.png/dog.png", "a/b:c?.png", "a/b*c?.png"]
    for name in names:
        _process(target, result(name, generation=_upload(target, name, name.encode())))
    options = _options(*Format)
    summary = Dataset(BucketSource(target), options, tmp_path / "new").export(lambda *_: None)
    assert (summary.exported, summary.failed) == (len(names), {})
    files = _files(tmp_path / "new")
    document = json.loads(files["annotations/instances_train.json"])
    assert sorted(image["upload"] for image in document["images"]) == sorted(names)
    for image in document["images"]:
        assert files[f"images/train/{image['file_name']}"].decode() == image["upload"]
    assert len({path.casefold() for path in files}) == len(files)


class _Changing(BucketSource):
    """A source in which something happens after a result was read."""

    def __init__(self, target: Target, happens: Callable[[], None]) -> None:
        super().__init__(target)
        self._happens = happens

    def read(self, folder: str) -> OpenResult:
        result = super().read(folder)
        self._happens()
        return result


def test_files_of_an_image_are_of_one_generation(target: Target, tmp_path: Path) -> None:
    """While the first one is read, a second upload replaces it, and has other masks."""
    _process(target, result("cat.png", generation=_upload(target, "cat.png", b"first")))
    changes: Iterator[None] = iter([None])

    def replace() -> None:
        for _ in changes:
            second = result("cat.png", [HAND], _upload(target, "cat.png", b"second"))
            _process(target, second)

    source = _Changing(target, replace)
    summary = Dataset(source, _options(*Format), tmp_path / "new").export(lambda *_: None)
    assert (summary.exported, summary.failed) == (1, {})
    files = _files(tmp_path / "new")
    assert files["images/train/cat.png"] == b"second"
    assert [path for path in files if "cutouts" in path] == ["cutouts/train/cat--face-1.png"]
    part = PillowImage.open(io.BytesIO(files["cutouts/train/cat--face-1.png"]))
    assert part.size == (7, 3)
    (masks,) = _masks(tmp_path / "new", "annotations/instances_train.json").values()
    assert (masks[0] == HAND).all()
    assert len(masks) == 1


def test_files_of_an_image_are_of_one_result(target: Target, tmp_path: Path) -> None:
    """While the first one is read, the same upload gets other masks, as after new settings."""
    generation = _upload(target, "cat.png", b"the upload")
    _process(target, result("cat.png", [FACE, HAND], generation))
    changes: Iterator[None] = iter([None])

    def replace() -> None:
        for _ in changes:
            second = result("cat.png", [HAND, FACE], generation)
            _process(target, second.model_copy(update={"config": "ba9876543210"}))

    source = _Changing(target, replace)
    summary = Dataset(source, _options(*Format), tmp_path / "new").export(lambda *_: None)
    assert (summary.exported, summary.failed) == (1, {})
    (masks,) = _masks(tmp_path / "new", "annotations/instances_train.json").values()
    assert (masks[0] == HAND).all()
    part = PillowImage.open(tmp_path / "new/cutouts/train/cat--face-1.png")
    assert part.size == (7, 3)


def test_an_upload_that_waits_for_its_new_result_is_reported(
    target: Target, tmp_path: Path
) -> None:
    generation = _upload(target, "cat.png", b"first")
    _process(target, result("cat.png", generation=generation))
    _upload(target, "cat.png", b"second")
    summary = Dataset(BucketSource(target), _options(*Format), tmp_path / "new").export(
        lambda *_: None
    )
    assert summary.exported == 0
    assert "it was replaced while it was read" in summary.failed["cat.png/"]
    assert not (tmp_path / "new/images/train/cat.png").exists()


@pytest.mark.slow
def test_memory_does_not_grow_with_the_number_of_results(tmp_path: Path) -> None:
    """The lines of all images together are larger than the limit."""
    mask = np.random.default_rng(0).random((50, 90)) < 0.5
    text = result("0000.png", [mask]).model_dump_json()
    for number in range(3000):
        folder = tmp_path / "results" / f"{number:04}.png"
        folder.mkdir(parents=True)
        (folder / "result.json").write_text(text.replace("0000.png", f"{number:04}.png"))
    output = tmp_path / "dataset"
    idle = _start("--help")
    with watched(idle.pid) as base:
        idle.communicate()
    options = ["--format", "coco", "--split", "1", "--no-images"]
    process = _start("--results", tmp_path / "results", "--output", output, *options)
    with watched(process.pid) as peak:
        said, _ = process.communicate()
    assert process.returncode == 0, said
    size = (output / "annotations/instances_train.json").stat().st_size
    assert size > 60 * 2**20
    assert peak.bytes - base.bytes < size / 2
