"""The SAM2 service's image: its Dockerfile is linted, and its steps run outside Docker."""

import base64
import json
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from local.processes import ProcessTree, free_ports
from tests.functions.dockerfile import Build
from tools.function_imports import packages_of
from tools.support.examples import EXAMPLES, ROOT

PICTURE = base64.b64encode((EXAMPLES / "avataaars_05.png").read_bytes()).decode()
REQUEST = {"image_base64": PICTURE, "points": [[256, 230, 1]], "box": [150, 110, 360, 340]}
DOCKERFILE = ROOT / "functions/sam2/Dockerfile"


def test_the_dockerfile_is_clean() -> None:
    hadolint = shutil.which("hadolint", path=str(ROOT / ".venv/bin"))
    if hadolint is None:
        pytest.skip("hadolint comes for Linux on x86_64 alone; elsewhere install it by hand")
    subprocess.run([hadolint, str(DOCKERFILE)], check=True)


def test_a_build_is_sent_nothing_but_the_functions_folder_and_shared() -> None:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    patterns = [line for line in lines if not line.startswith("#")]
    assert patterns[0] == "*"
    assert [line for line in patterns if line.startswith("!")] == ["!functions/sam2", "!shared"]


def test_the_image_holds_the_packages_that_the_service_reaches() -> None:
    copied = re.findall(r"^COPY shared/(\w+) shared/\1$", DOCKERFILE.read_text(), re.MULTILINE)
    assert copied == packages_of("sam2")


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Build:
    build = Build(DOCKERFILE, ROOT, tmp_path_factory.mktemp("image"), {})
    build.run("cpu")
    return build


@pytest.fixture
def url(image: Build, tmp_path: Path) -> Iterator[str]:
    """Starts the image's command; yields its URL."""
    (port,) = free_ports(1)
    with ProcessTree(tmp_path / "logs") as tree:
        tree.start("image", image.start, {**image.environment, "PORT": str(port)}, port)
        tree.await_ready()
        yield f"http://127.0.0.1:{port}"


@pytest.mark.slow
def test_the_cpu_image_answers(image: Build, url: str) -> None:
    answer = requests.post(f"{url}/v1/segment", json=REQUEST, timeout=60)
    assert answer.status_code == 200
    assert answer.json()["masks"]
    assert image.user not in ("root", "0")
    assert image.labels["org.opencontainers.image.licenses"] == "Apache-2.0"
    held = {path.name for path in image.app.iterdir()} - {"__pycache__"}
    assert held == {".venv", "main.py", "shared"}
    assert not (image.app / ".venv/bin/uv").exists(), "no build tools"
    assert not list((image.app / ".venv").rglob("torch")), "small"


@pytest.mark.slow
def test_a_request_under_way_is_answered_though_the_service_is_told_to_stop(
    image: Build, tmp_path: Path
) -> None:
    """The response 100 shows that the service has accepted the request, and waits for the body."""
    (port,) = free_ports(1)
    body = json.dumps(REQUEST).encode()
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
