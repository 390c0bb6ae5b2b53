"""The real gsutil and gcloud storage against the running system, where they are installed."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from local.stack import INPUT_BUCKET, Stack
from local.up import instructions
from tools.support.examples import EXAMPLES
from tools.support.pipeline import await_results, put

# They talk to storage alone: one broker is enough.
pytestmark = pytest.mark.parametrize("system", ["embedded"], indirect=True)

TOOLS = ("gsutil", "gcloud storage", "curl")


def _commands(system: Stack, tool: str, folder: Path) -> tuple[str, str]:
    """Returns the two commands that `make up` prints for a tool: upload and download."""
    text = instructions(system, folder)
    block = re.search(rf"^{tool}\n  (.+)\n  (.+)$", text, re.MULTILINE)
    assert block, text
    return block[1], block[2]


def _run(command: str, folder: Path, home: Path | None = None) -> None:
    done = subprocess.run(
        command, shell=True, cwd=folder, env={**os.environ, "HOME": str(home or folder)},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("tool", TOOLS)
def test_the_printed_lines_work(system: Stack, tool: str, tmp_path: Path) -> None:
    program = tool.split(maxsplit=1)[0]
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not on PATH: install it to try its lines as well")
    shutil.copy(EXAMPLES / "micah_01.png", tmp_path / "cat.png")
    upload, download = _commands(system, tool, tmp_path)
    album = f"{system.broker}-{program}"
    _run(upload.replace("album", album), tmp_path)
    blob = system.storage.bucket(INPUT_BUCKET).get_blob(f"{album}/cat.png")
    assert blob.content_type == "image/png"
    await_results(system, {blob.name: blob.generation})
    target = tmp_path / "download"
    target.mkdir()
    redirect = " > result.json" if tool == "curl" else ""
    _run(download.replace("album", album) + redirect, target)
    found = {path.name for path in target.rglob("*") if path.is_file()}
    assert "result.json" in found
    if tool != "curl":
        assert {"mask.png", "overlay.png", "cutout.png", "prompts.json"} <= found


def test_no_name_leads_results_out_of_the_folder_that_they_are_copied_to(
    system: Stack, tmp_path: Path
) -> None:
    """gsutil skips objects whose names could lead out of the folder."""
    if shutil.which("gcloud") is None:
        pytest.skip("gcloud is not on PATH: install the Google Cloud SDK to try it as well")
    album = f"{system.broker}-hostile"
    names = ("../../home/.bashrc", "../../../up", "/etc/up", "..\\up", "a/../../..", "C:/up")
    generations: dict[str, int] = {}
    for name in names:
        generations |= put(system, f"{album}/{name}", b"no image")
    await_results(system, generations)
    own, target = tmp_path / "tool", tmp_path / "home" / "target"
    for folder in (own, target):
        folder.mkdir(parents=True)
    _, download = _commands(system, "gcloud storage", own)
    _run(download.replace("/album ", f"/{album} "), target, home=own)
    copied = [file for file in tmp_path.rglob("result.json") if file.is_file()]
    assert len(copied) == len(names)
    assert all(file.is_relative_to(target) for file in copied)


@pytest.mark.slow
def test_gsutil_uploads_a_folder_in_parallel(system: Stack, tmp_path: Path) -> None:
    if shutil.which("gsutil") is None:
        pytest.skip("gsutil is not on PATH: install the Google Cloud SDK to try it as well")
    upload, _ = _commands(system, "gsutil", tmp_path)
    album = f"{system.broker}-folder"
    command = upload.replace("gsutil cp cat.png", f"gsutil -m cp -r {EXAMPLES}/*")
    _run(command.replace("album", album), tmp_path)
    blobs = list(system.storage.list_blobs(INPUT_BUCKET, prefix=f"{album}/"))
    expected = {path.relative_to(EXAMPLES).as_posix() for path in EXAMPLES.rglob("*.*")}
    assert {blob.name.removeprefix(f"{album}/") for blob in blobs} == expected
    await_results(system, {blob.name: blob.generation for blob in blobs})
