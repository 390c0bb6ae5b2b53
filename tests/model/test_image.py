"""The GPU image's steps, run outside Docker with the tiny checkpoint, up to responses."""

import base64
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from local.processes import ProcessTree, free_ports
from tests.functions.dockerfile import Build
from tools.support.examples import EXAMPLES, ROOT

# The first test installs torch and compiles it to bytecode.
pytestmark = pytest.mark.timeout(900)

PICTURE = base64.b64encode((EXAMPLES / "avataaars_05.png").read_bytes()).decode()
PROMPT = {"points": [[256, 230, 1]], "box": [150, 110, 360, 340]}


@pytest.fixture(scope="module")
def image(checkpoint: str, tmp_path_factory: pytest.TempPathFactory) -> Build:
    place = tmp_path_factory.mktemp("image")
    build = Build(ROOT / "functions/sam2/Dockerfile", ROOT, place, {"CHECKPOINT": checkpoint})
    build.run("gpu")
    return build


@pytest.fixture
def tree(tmp_path: Path) -> Iterator[ProcessTree]:
    with ProcessTree(tmp_path / "logs") as made:
        yield made


def _start(image: Build, tree: ProcessTree, **settings: str) -> str:
    (port,) = free_ports(1)
    tree.start("image", image.start, {**image.environment, **settings, "PORT": str(port)}, port)
    tree.await_ready()
    return f"http://127.0.0.1:{port}"


def _await_health(url: str) -> list[int]:
    """Returns the statuses until the service is ready. pytest's timeout limits the wait."""
    statuses: list[int] = []
    while not statuses or statuses[-1] == 503:
        statuses.append(requests.get(f"{url}/healthz", timeout=60).status_code)
        time.sleep(0.1)
    return statuses


def test_the_gpu_image_loads_its_checkpoint_says_so_and_answers(
    image: Build, tree: ProcessTree
) -> None:
    url = _start(image, tree)
    statuses = _await_health(url)
    assert statuses[0] == 503, "not ready before it is loaded"
    assert statuses[-1] == 200
    batch = {"images": [{"image_base64": PICTURE, "prompts": [PROMPT] * 20}]}
    answer = requests.post(f"{url}/v1/segment", json=batch, timeout=120)
    assert answer.status_code == 200
    (masks,) = answer.json()["images"]
    assert [len(one["masks"]) for one in masks] == [3] * 20
    health = requests.get(f"{url}/healthz", timeout=60).json()
    assert health == {"status": "ok", **answer.json()["segmenter"]}
    assert health["revision"], "a digest of the weights"
    assert image.user not in ("root", "0")
    assert not (image.app / ".venv/bin/uv").exists(), "no build tools"


def test_a_checkpoint_that_cannot_be_loaded_never_gets_ready(
    image: Build, tree: ProcessTree
) -> None:
    url = _start(image, tree, SAM2_CHECKPOINT="/no/such-checkpoint")
    assert _await_health(url)[-1] == 500
