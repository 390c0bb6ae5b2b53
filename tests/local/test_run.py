"""`make run` as a person sees it."""

import json
import os
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import cast
from urllib.parse import unquote

import pytest
from rich.console import Console

from local.batch import Outcome
from local.run import collect, summarise
from shared.schemas import object_names
from shared.schemas.documents import FrameResult, ResultDocument, Status
from tools.support.examples import EXAMPLES, ROOT

ODD = "a\\..\\..\\\x1b[31mup.png"


def _run(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "local.run", *map(str, arguments)],
        cwd=ROOT, env={**os.environ, **environment}, capture_output=True, text=True,
        timeout=200, check=False,
    )  # fmt: skip


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.targets: list[str] = []
        self.pictures_without_text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.targets += [v for k in ("href", "src") if (v := values.get(k)) is not None]
        if tag == "img" and not values.get("alt"):
            self.pictures_without_text.append(str(values.get("src")))


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The results of a folder with a face, a drawing without one, and a broken file."""
    source = tmp_path_factory.mktemp("pictures")
    (source / "sub folder").mkdir()
    for name, place in (("micah_01.png", "sub folder/a face #1.png"), ("apple.png", "apple.png")):
        (source / place).write_bytes((EXAMPLES / name).read_bytes())
    (source / "broken.png").write_bytes(b"no image")
    (source / ODD).write_bytes(b"not to be taken")
    (source / ".hidden").write_bytes(b"not to be uploaded")
    results = tmp_path_factory.mktemp("results")
    done = _run(source, "--output", results)
    assert done.returncode == 0, done.stdout + done.stderr
    (results / "stdout.txt").write_text(done.stdout)
    return results


def test_results_lie_in_a_folder_per_image(output: Path) -> None:
    for name, status in (
        ("sub folder/a face #1.png", "segmented"),
        ("apple.png", "empty"),
        ("broken.png", "rejected"),
        (object_names.folder(ODD), "rejected"),
    ):
        assert json.loads((output / name / "result.json").read_text())["status"] == status
    assert (output / "sub folder/a face #1.png/face-1/cutout.png").is_file()
    assert not (output / "broken.png" / "mask.png").exists()
    assert not list(output.rglob("*hidden*"))


def test_the_summary_tells_each_image_and_the_sum(output: Path) -> None:
    text = (output / "stdout.txt").read_text()
    assert "1 segmented" in text
    assert "1 empty" in text
    assert "2 rejected" in text
    assert "4 images in" in text
    assert "supported" in text, "why it was rejected"
    assert "\x1b" not in text, "what a name does to terminals"


def test_the_gallery_shows_files_that_are_there_and_nothing_from_the_network(output: Path) -> None:
    links = _Links()
    links.feed((output / "index.html").read_text())
    shown = 2 * 2  # overlay and cutout of the face, with links to them
    linked = 2  # mask and original of the face
    assert len(links.targets) == shown + linked + 2 * 1 + 1 + 1, "two files are no pictures"
    assert links.pictures_without_text == []
    for target in links.targets:
        assert ":" not in target
        assert (output / unquote(target)).is_file(), target


@pytest.mark.slow
def test_a_second_run_replaces_the_first(output: Path) -> None:
    face = output / "sub folder/a face #1.png"
    (face / "face-7").mkdir()
    (face / "face-7" / "mask.png").write_bytes(b"of an earlier run")
    original = face / "original.png"
    source = output.parent / "again" / "sub folder"
    source.mkdir(parents=True)
    (source / "a face #1.png").write_bytes(original.read_bytes())
    assert _run(source.parent, "--output", output, TARGETS="face,hand").returncode == 0
    assert not (face / "face-7" / "mask.png").exists()
    index = (output / "index.html").read_text()
    for name in ("sub folder/a face #1.png", "apple.png", "broken.png"):
        assert name in index


def test_what_is_doubtful_is_a_remark_in_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    reason = SimpleNamespace(message="Look again.")
    frames = [FrameResult(number=n, status=Status.EMPTY, review=n % 2) for n in (1, 2, 3)]
    still = SimpleNamespace(instances=(), review=(reason,), frames=())
    moving = SimpleNamespace(instances=(), review=(), frames=frames)
    outcomes = [
        Outcome("cat", Status.SEGMENTED, "", cast(ResultDocument, document))
        for document in (still, moving)
    ]
    summarise(Console(width=100), outcomes, 1, Path("index.html"))
    said = capsys.readouterr().out
    assert "Look again." in said
    assert "3 frames" in said
    assert "Check these frames: 1, 3." in said


def test_a_file_that_is_not_there_is_named() -> None:
    done = _run("no/such/folder", "--output", "results")
    assert done.returncode == 1
    assert "no/such/folder" in done.stderr


def test_results_do_not_go_over_the_images(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"x")
    done = _run(tmp_path, "--output", tmp_path)
    assert done.returncode == 1
    assert "OUTPUT" in done.stderr


def test_two_files_with_one_name_are_refused(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.png").write_bytes(b"x")
    with pytest.raises(ValueError, match=r"a\.png"):
        collect([tmp_path / "one", tmp_path / "two"])


@pytest.mark.slow
def test_a_run_in_which_something_failed_ends_and_says_so(tmp_path: Path) -> None:
    """SAM2 is not configured, and there is no fallback."""
    micah = EXAMPLES / "micah_01.png"
    settings = {"SAM2_PROVIDER": "http", "SAM2_URL": "", "SAM2_FALLBACK": "none"}
    done = _run(micah, EXAMPLES / "apple.png", "--output", tmp_path, **settings)
    assert done.returncode == 1
    assert "1 failed" in done.stdout
    assert "1 empty" in done.stdout
    assert "SAM2_URL" in done.stdout, "why it failed"
