"""`make run SAM2_BACKEND=sam2` downloads the weights once, and says what is wrong if it cannot."""

import fcntl
import json
import os
import pty
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.model.hub import COMMIT, Hub, serving
from tools.support.examples import EXAMPLES, ROOT

CHECKPOINT = f"someone/cartoons@{COMMIT}"
PICTURE = EXAMPLES / "avataaars_05.png"


@pytest.fixture
def hub(video_checkpoint: str) -> Iterator[Hub]:
    with serving(Path(video_checkpoint)) as running:
        yield running


def _command(output: Path) -> list[str]:
    return [
        sys.executable,
        "-W",
        "ignore",
        "-m",
        "local.run",
        str(PICTURE),
        "--output",
        str(output),
    ]


def _environment(hub: Hub, tmp_path: Path) -> dict[str, str]:
    settings = {"SAM2_BACKEND": "sam2", "SAM2_CHECKPOINT": CHECKPOINT, "PYTHONPATH": str(ROOT)}
    cache = {"HF_HOME": str(tmp_path / "cache")}
    return {**os.environ, **hub.environment, **cache, **settings}


def _run(hub: Hub, tmp_path: Path, **changes: str) -> "subprocess.CompletedProcess[str]":
    environment = {**_environment(hub, tmp_path), **changes}
    return subprocess.run(
        _command(tmp_path / "out"), env=environment, capture_output=True, text=True, check=False
    )


def _in_terminal(command: list[str], environment: Mapping[str, str]) -> str:
    """Returns what a command writes to a terminal of 24 lines with 100 characters."""
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
    process = subprocess.Popen(
        command, env=environment, stdin=follower, stdout=follower, stderr=follower
    )
    os.close(follower)
    text = b""
    try:
        while block := os.read(leader, 65_536):
            text += block
    except OSError:  # Linux: the process has closed the terminal
        pass
    assert process.wait() == 0, text.decode()
    os.close(leader)
    return text.decode()


def _result(tmp_path: Path) -> dict[str, Any]:
    result: dict[str, Any] = json.loads(
        (tmp_path / "out" / PICTURE.name / "result.json").read_text()
    )
    return result


def test_the_masks_are_of_the_checkpoint_which_is_downloaded_once(hub: Hub, tmp_path: Path) -> None:
    written = _in_terminal(_command(tmp_path / "out"), _environment(hub, tmp_path))
    assert CHECKPOINT in written.replace("\r\n", "")
    assert "100%" in written, "a progress bar"
    result = _result(tmp_path)
    assert result["status"] == "segmented"
    assert [one["segmenter"] for one in result["instances"]] == ["cartoons"]
    assert result["versions"]["cartoons"] == COMMIT
    downloads = [path for path in hub.paths if path.endswith("model.safetensors")]
    hub.refusal = 503
    again = _run(hub, tmp_path)
    assert again.returncode == 0, again.stdout + again.stderr
    assert downloads == [path for path in hub.paths if path.endswith("model.safetensors")]


def test_a_download_that_breaks_goes_on_where_it_was(hub: Hub, tmp_path: Path) -> None:
    hub.broken = 2
    done = _run(hub, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert hub.broken == 0
    assert _result(tmp_path)["status"] == "segmented"


@pytest.mark.parametrize(
    ("status", "sentences"),
    [
        (403, ["it answers 403", "accept them at https://huggingface.co/someone/cartoons"]),
        (404, ["it answers 404"]),
    ],
)
def test_a_refused_download_is_explained(
    hub: Hub, tmp_path: Path, status: int, sentences: list[str]
) -> None:
    hub.refusal = status
    _explained(_run(hub, tmp_path), sentences)


def test_no_network_is_explained(hub: Hub, tmp_path: Path) -> None:
    done = _run(hub, tmp_path, HF_ENDPOINT="http://127.0.0.1:9")
    _explained(done, ["Connection refused", "Try again with a connection", "SAM2_CHECKPOINT"])


def test_a_full_disk_is_explained(hub: Hub, tmp_path: Path) -> None:
    """The limit for the size of a file stands for a full disk: the same call fails."""
    done = subprocess.run(
        ["bash", "-c", f'ulimit -f 16; "$0" -c "{FIND}" {CHECKPOINT}', sys.executable],
        env=_environment(hub, tmp_path), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode != 0
    assert "Free some space, or set HF_HOME" in done.stderr


FIND = "import sys; from shared.sam2_server.checkpoint_files import find; find(sys.argv[1])"


def test_a_checkpoint_of_another_family_ends_the_start_with_the_reason(
    hub: Hub, tmp_path: Path, video_checkpoint: str
) -> None:
    folder = tmp_path / "other"
    folder.mkdir()
    config = json.loads(Path(video_checkpoint, "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "model_type": "clip"}))
    (folder / "model.safetensors").write_bytes(b"")
    done = _run(hub, tmp_path, SAM2_CHECKPOINT=str(folder))
    assert done.returncode == 2
    assert "cannot load its model" in done.stdout
    assert "These checkpoints work on a CPU" in " ".join(done.stdout.split())
    assert "Traceback" not in done.stdout + done.stderr


def _explained(done: "subprocess.CompletedProcess[str]", sentences: list[str]) -> None:
    assert done.returncode == 1
    assert f"{CHECKPOINT} cannot be downloaded from huggingface.co" in done.stderr
    for sentence in sentences:
        assert sentence in done.stderr
    assert "Traceback" not in done.stderr
