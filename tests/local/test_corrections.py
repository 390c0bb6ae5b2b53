"""Corrections of prompts on a running system: from a terminal, over HTTP, and in a backfill."""

import json
from pathlib import Path
from typing import Any

import pytest
import requests
from google.cloud import storage as gcs

from local.operations.correct import BadFile, read
from local.stack import INPUT_BUCKET, OUTPUT_BUCKET, Stack
from shared.schemas.box import Box
from tests.local.operating import PLAIN, await_true, failed, operate, output_of
from tools.support.pipeline import await_results, document, output, output_names, put
from tools.support.shapes import ellipse, prompt_for

ADDED = prompt_for(ellipse(40, 30, 12, 16), Box(0, 0, 80, 60)).model_dump(mode="json")

on_one_broker = pytest.mark.parametrize("system", ["embedded"], indirect=True)


def _processed(system: Stack, name: str) -> int:
    generations = put(system, name, PLAIN)
    await_results(system, generations)
    return generations[name]


def _await_revision(system: Stack, name: str, revision: int) -> dict[str, Any]:
    await_true(lambda: document(system, f"{name}/result.json")["revision"] == revision)
    return document(system, f"{name}/result.json")


def _edited(system: Stack, name: str, file: Path, *instances: Any) -> Path:
    """Downloads prompts.json, and replaces its instances."""
    found = json.loads(output(system, f"{name}/prompts.json"))
    file.write_text(json.dumps({**found, "instances": instances}))
    return file


def test_an_edited_file_is_segmented_and_saved_once(
    system: Stack, root: Path, folder: str, tmp_path: Path
) -> None:
    name = f"{folder}/cat.png"
    _processed(system, name)
    file = _edited(system, name, tmp_path / "prompts.json", ADDED)
    for _ in range(2):
        said = output_of(operate("correct", root, name, str(file)))
        assert f"gs://{INPUT_BUCKET}/{name}: saved as revision 1." in said
    result = _await_revision(system, name, 1)
    assert (result["status"], [one["id"] for one in result["instances"]]) == (
        "segmented",
        ["face-1"],
    )
    assert "face-1/mask.png" in output_names(system, name)
    _edited(system, name, file)
    assert "saved as revision 2" in output_of(operate("correct", root, name, str(file)))
    assert _await_revision(system, name, 2)["status"] == "empty"
    await_true(lambda: "face-1/mask.png" not in output_names(system, name))
    older = json.loads(file.read_text())
    file.write_text(json.dumps({**older, "instances": [ADDED]}))
    assert "the prompts have revision 2 now" in failed(operate("correct", root, name, str(file)))


@on_one_broker
def test_a_correction_over_http_is_segmented_and_can_be_marked_as_checked(
    system: Stack, folder: str
) -> None:
    name = f"{folder}/cat.png"
    upload = {"name": name, "generation": _processed(system, name)}
    session = requests.Session()
    assert session.get(f"{system.page}v1/about", timeout=10).json()["corrections"] is True
    body = {**upload, "revision": 0, "instances": [ADDED]}
    saved = session.post(f"{system.page}v1/uploads/prompts", json=body, timeout=30)
    assert saved.json() == {"revision": 1}
    _await_revision(system, name, 1)
    mark = {**upload, "revision": 1, "checked": True}
    assert session.post(f"{system.page}v1/uploads/checked", json=mark, timeout=30).ok
    listing = session.get(f"{system.page}v1/uploads", params={"prefix": folder}, timeout=30)
    (listed,) = listing.json()["uploads"]
    assert (listed["revision"], listed["checked"]) == (1, True)


@pytest.mark.slow
@on_one_broker
def test_a_backfill_segments_corrections_again_and_detects_nothing_anew(
    system: Stack, root: Path, folder: str, tmp_path: Path
) -> None:
    names = [f"{folder}/{number}.png" for number in range(3)]
    for name in names:
        _processed(system, name)
    for name in names[:2]:
        file = _edited(system, name, tmp_path / "prompts.json", ADDED)
        output_of(operate("correct", root, name, str(file)))
        _await_revision(system, name, 1)
    under = ["--prefix", f"{folder}/"]
    assert "0 objects" in output_of(operate("backfill", root, *under))
    said = output_of(operate("backfill", root, *under, "--all"))
    assert "2 of 3 have corrections, which are segmented again. 3 objects" in said
    results = system.storage.bucket(OUTPUT_BUCKET)
    results.blob(f"{names[0]}/result.json").delete()
    _make_older(results.get_blob(f"{names[1]}/result.json"))
    said = output_of(operate("backfill", root, *under, "--go"))
    assert "2 of 2 have corrections" in said
    await_true(lambda: all(_is_corrected(results, name) for name in names[:2]))
    for name in names[:2]:
        assert json.loads(output(system, f"{name}/prompts.json"))["revision"] == 1
    assert "0 objects" in output_of(operate("backfill", root, *under))


def _make_older(result: gcs.Blob) -> None:
    """Makes a result that of the prompts before the correction, as if that was never published."""
    result.metadata = {**result.metadata, "revision": None}
    result.patch()


def _is_corrected(results: gcs.Bucket, name: str) -> bool:
    blob = results.get_blob(f"{name}/result.json")
    return blob is not None and blob.metadata.get("revision") == "1"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "cannot be read: No such file or directory."),
        ("{", "is no prompts.json: The body is not JSON"),
        ("{}", "is no prompts.json: source is missing."),
        ("x" * (32 * 2**20 + 1), "has 33,554,433 bytes. The limit is 33,554,432."),
        ("other", "has the prompts of gs://in/dog.png, not of gs://in/cat.png."),
    ],
)
def test_a_file_of_anything_else_is_named(tmp_path: Path, content: str | None, why: str) -> None:
    file = tmp_path / "prompts.json"
    if content == "other":
        source = {"bucket": "in", "name": "dog.png", "generation": 7}
        content = json.dumps(
            {"source": source, "config": "0" * 12, "instances": [], "versions": {}}
        )
    if content is not None:
        file.write_text(content)
    with pytest.raises(BadFile) as refused:
        read(file, "cat.png", "in")
    assert why in str(refused.value)


def test_without_a_system_there_is_word_of_it(tmp_path: Path) -> None:
    assert "make up" in failed(operate("correct", tmp_path, "cat.png", "prompts.json"))
