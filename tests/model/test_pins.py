"""What is loaded is what was pinned: one commit, its safetensors, and no code."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
import torch

from shared.sam2_server.network import Network
from shared.sam2_server.openvino_network import OpenVinoNetwork
from shared.sam2_server.sam2_backend import Sam2Backend, load
from shared.sam2_server.settings import Sam2Settings
from shared.sam2_server.torch_network import TorchNetwork
from tests.model.hub import COMMIT, Hub, serving
from tools.support.examples import ROOT

NETWORKS = [OpenVinoNetwork, partial(TorchNetwork, device="cpu")]

MINE = f"someone/cartoons@{COMMIT}"
PINNED = "facebook/sam2.1-hiera-tiny"

# Runs in a process of its own, because huggingface_hub reads its environment when it is imported.
FIND = """
import sys
from shared.sam2_server.checkpoint_files import PINS, Pin, find
checkpoint, *pin = sys.argv[1:]
if pin:
    PINS[checkpoint] = Pin(*pin)
print(find(checkpoint).folder)
"""


@pytest.fixture
def hub(video_checkpoint: str, tmp_path: Path) -> Iterator[Hub]:
    """A hub whose models have, as those of SAM 2.1, weights in two formats."""
    folder = tmp_path / "hub"
    shutil.copytree(video_checkpoint, folder)
    (folder / "sam2.1_hiera.pt").write_bytes(b"a pickle")
    (folder / "pytorch_model.bin").write_bytes(b"a pickle")
    (folder / "evil.py").write_text("raise SystemExit('code of a checkpoint ran')")
    with serving(folder) as running:
        yield running


def _loaded(folder: Path) -> Sam2Backend:
    return load(Sam2Settings(sam2_checkpoint=str(folder), sam2_device="cpu"))


def _run(hub: Hub, tmp_path: Path, *command: str) -> "subprocess.CompletedProcess[str]":
    environment = {
        **os.environ,
        **hub.environment,
        "HF_HOME": str(tmp_path / "cache"),
        "PYTHONPATH": str(ROOT),
    }
    command = (sys.executable, *command)
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def _find(hub: Hub, tmp_path: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return _run(hub, tmp_path, "-c", FIND, *arguments)


def test_an_image_holds_one_commit_and_names_it(hub: Hub, tmp_path: Path) -> None:
    script, target = ROOT / "functions/sam2/bake.py", tmp_path / "baked"
    done = _run(hub, tmp_path, str(script), MINE, str(target))
    assert done.returncode == 0, done.stderr
    backend = _loaded(target)
    assert backend.segmenter.checkpoint == "someone/cartoons"
    assert backend.segmenter.revision == COMMIT
    assert all(COMMIT in path for path in hub.paths), "nothing of a branch"


def test_pickles_and_code_are_not_even_downloaded(hub: Hub, tmp_path: Path) -> None:
    done = _find(hub, tmp_path, MINE)
    assert done.returncode == 0, done.stderr
    files = {path.rpartition("/")[2] for path in hub.paths if "/resolve/" in path}
    assert "model.safetensors" in files
    assert not [name for name in files if not name.endswith((".json", ".safetensors"))]


def test_a_commit_without_safetensors_is_refused(hub: Hub, tmp_path: Path) -> None:
    """transformers would look for converted weights in a pull request, which anybody can open."""
    (hub.folder / "model.safetensors").unlink()
    done = _find(hub, tmp_path, MINE)
    assert done.returncode != 0
    assert "has no *.safetensors" in done.stderr
    assert all(COMMIT in path for path in hub.paths)


def test_a_branch_is_refused_before_anything_is_downloaded(hub: Hub, tmp_path: Path) -> None:
    done = _find(hub, tmp_path, "someone/cartoons@main")
    assert done.returncode != 0
    assert "Name it NAME@COMMIT" in done.stderr
    assert not hub.paths


def test_other_weights_under_a_pinned_name_are_refused(hub: Hub, tmp_path: Path) -> None:
    done = _find(hub, tmp_path, PINNED)
    assert done.returncode != 0
    assert "do not use it" in done.stderr


def test_weights_with_the_pinned_digest_are_taken(hub: Hub, tmp_path: Path) -> None:
    sha256 = hashlib.sha256((hub.folder / "model.safetensors").read_bytes()).hexdigest()
    done = _find(hub, tmp_path, PINNED, COMMIT, sha256)
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip(), "model.safetensors").is_file()


@pytest.mark.parametrize("load_network", NETWORKS)
@pytest.mark.parametrize("file", ["config.json", "preprocessor_config.json"])
def test_code_of_a_folder_does_not_run(
    checkpoint: str, tmp_path: Path, file: str, load_network: Callable[[Path], Network]
) -> None:
    folder = tmp_path / "mine"
    shutil.copytree(checkpoint, folder)
    (folder / "evil.py").write_text("raise SystemExit('code of a checkpoint ran')")
    parts = ("AutoModel", "AutoConfig", "AutoProcessor", "AutoImageProcessor")
    path = folder / file
    content = json.loads(path.read_text()) if path.exists() else {}
    path.write_text(json.dumps({**content, "auto_map": dict.fromkeys(parts, "evil.Evil")}))
    assert load_network(folder).side


@pytest.mark.parametrize("load_network", NETWORKS)
def test_a_pickle_in_a_folder_is_not_loaded(
    checkpoint: str, tmp_path: Path, load_network: Callable[[Path], Network]
) -> None:
    folder = tmp_path / "mine"
    shutil.copytree(checkpoint, folder)
    (folder / "model.safetensors").unlink()
    torch.save({}, folder / "pytorch_model.bin")
    with pytest.raises(OSError, match=r"model\.safetensors"):
        load_network(folder)
