"""The steps of the images, run outside Docker with the tiny checkpoint, up to responses."""

import base64
import json
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from local.processes import ProcessTree, free_ports
from tests.functions.dockerfile import Build
from tools.support.examples import EXAMPLES, ROOT

# The first test of a device installs its runtime and compiles it to bytecode.
pytestmark = pytest.mark.timeout(900)

PICTURE = base64.b64encode((EXAMPLES / "avataaars_05.png").read_bytes()).decode()
PROMPT = {"points": [[256, 230, 1]], "box": [150, 110, 360, 340]}


@pytest.fixture(scope="module", params=["cpu", "gpu"])
def image(
    request: pytest.FixtureRequest, checkpoint: str, tmp_path_factory: pytest.TempPathFactory
) -> Build:
    arguments = {"CHECKPOINT": checkpoint, "DEVICE": request.param}
    place = tmp_path_factory.mktemp("image")
    build = Build(ROOT / "functions/sam2/Dockerfile", ROOT, place, arguments)
    build.run("service")
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


def _await_health(url: str) -> tuple[list[int], dict[str, str]]:
    """Returns the statuses until the service is ready, and the last answer.

    pytest's timeout limits the wait.
    """
    statuses: list[int] = []
    answer: dict[str, str] = {}
    while not statuses or statuses[-1] == 503:
        health = requests.get(f"{url}/healthz", timeout=60)
        statuses.append(health.status_code)
        answer = health.json()
        time.sleep(0.1)
    return statuses, answer


def test_an_image_loads_its_checkpoint_says_so_and_answers(
    image: Build, tree: ProcessTree, checkpoint: str
) -> None:
    url = _start(image, tree)
    statuses, health = _await_health(url)
    assert statuses[0] == 503, "not ready before it is loaded"
    assert statuses[-1] == 200
    batch = {"images": [{"image_base64": PICTURE, "prompts": [PROMPT] * 20}]}
    answer = requests.post(f"{url}/v1/segment", json=batch, timeout=120)
    assert answer.status_code == 200
    (masks,) = answer.json()["images"]
    assert [len(one["masks"]) for one in masks] == [3] * 20
    segmenter = answer.json()["segmenter"]
    assert health == {"status": "ok", **segmenter}
    assert segmenter["checkpoint"] == Path(checkpoint).name
    assert segmenter["revision"], "a digest of the weights"
    assert segmenter["device"] == "cpu", "there is no other here"
    assert segmenter["runtime"].startswith("openvino-")


def test_an_image_has_what_it_needs_and_no_more(image: Build) -> None:
    assert image.user not in ("root", "0")
    assert image.labels["org.opencontainers.image.licenses"] == "Apache-2.0"
    held = {path.name for path in image.app.iterdir()} - {"__pycache__"}
    assert held == {".venv", "checkpoint", "main.py", "shared"}
    assert not (image.app / ".venv/bin/uv").exists(), "no build tools"
    has_torch = bool(list((image.app / ".venv").glob("lib/*/site-packages/torch")))
    assert has_torch == (image.arguments["DEVICE"] == "gpu")


def test_a_checkpoint_that_cannot_be_loaded_never_gets_ready(
    image: Build, tree: ProcessTree
) -> None:
    url = _start(image, tree, SAM2_CHECKPOINT="/no/such-checkpoint")
    statuses, health = _await_health(url)
    assert statuses[-1] == 500
    assert health["status"] == "failed"
    assert "/no/such-checkpoint is no folder" in health["error"]


def test_a_build_with_an_invalid_checkpoint_fails(checkpoint: str, tmp_path: Path) -> None:
    folder = tmp_path / "broken"
    folder.mkdir()
    (folder / "config.json").write_bytes(Path(checkpoint, "config.json").read_bytes())
    (folder / "model.safetensors").write_bytes(b"")
    place = tmp_path / "image"
    place.mkdir()
    build = Build(ROOT / "functions/sam2/Dockerfile", ROOT, place, {"CHECKPOINT": str(folder)})
    with pytest.raises(subprocess.CalledProcessError, match=r"check\.py"):
        build.run("service")


def test_a_request_under_way_is_answered_though_the_service_is_told_to_stop(
    image: Build, tmp_path: Path
) -> None:
    """The response 100 shows that the service has accepted the request, and waits for the body."""
    (port,) = free_ports(1)
    body = json.dumps({"image_base64": PICTURE, **PROMPT}).encode()
    kind = "Host: a\r\nContent-Type: application/json"
    head = f"POST /v1/segment HTTP/1.1\r\n{kind}\r\nContent-Length: {len(body)}\r\n"
    environment = {**image.environment, "PORT": str(port)}
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(image.start, env=environment, stdout=log, stderr=log)
    try:
        with _connected(port) as connection, connection.makefile("rb") as answer:
            connection.sendall(f"{head}Expect: 100-continue\r\n\r\n".encode())
            assert answer.readline() == b"HTTP/1.1 100 Continue\r\n"
            process.terminate()
            connection.sendall(body)
            assert answer.readline() == b"\r\n"
            assert answer.readline() == b"HTTP/1.1 200 OK\r\n"
        assert process.wait(timeout=60) == 0
    finally:
        process.kill()
        process.wait()


def _connected(port: int) -> socket.socket:
    """Returns a connection as soon as the server listens. pytest's timeout limits the wait."""
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=60)
        except ConnectionRefusedError:
            time.sleep(0.05)
