"""The servers for measured functions: storage, a broker, and a SAM2 server that costs nothing."""

import json
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import requests
from google.cloud import pubsub_v1, storage

from local.processes import ProcessTree, free_ports
from local.stack import LEAN
from shared.gcp.events import FINALIZED, Message
from tools.support.examples import ROOT

PROJECT, INPUT, OUTPUT = "bench", "bench-input", "bench-output"
TOPIC = f"projects/{PROJECT}/topics/prompts"
SAM2 = "BENCH_SAM2"
"""The environment variable with the URL of the SAM2 server."""


@contextmanager
def running() -> Iterator[None]:
    """Runs the servers, and sets the environment variables that make clients use them."""
    with tempfile.TemporaryDirectory() as root, ProcessTree(Path(root) / "logs") as tree:
        storage_port, broker_port, sam2_port, tls_port = free_ports(4)
        files = ["--root", root, "--tls-port", str(tls_port)]
        commands: dict[str, tuple[int, list[str]]] = {
            "local.storage": (storage_port, files),
            "local.broker": (broker_port, []),
            "tools.benchmarks.instant_sam2": (sam2_port, []),
        }
        environment = {
            "STORAGE_EMULATOR_HOST": f"http://127.0.0.1:{storage_port}",
            "PUBSUB_EMULATOR_HOST": f"127.0.0.1:{broker_port}",
            "PYTHONPATH": str(ROOT),
            SAM2: f"http://127.0.0.1:{sam2_port}",
            **LEAN,
        }
        for module, (port, more) in commands.items():
            command = [sys.executable, "-m", module, "--port", str(port), *more]
            tree.start(module, command, environment, port)
        tree.await_ready()
        with mock.patch.dict(os.environ, environment):
            for bucket in (INPUT, OUTPUT):
                client().create_bucket(bucket)
            pubsub_v1.PublisherClient().create_topic(name=TOPIC)
            yield


def client() -> storage.Client:
    """Returns a client of the storage server."""
    return storage.Client(project=PROJECT)


def uploaded(name: str, data: bytes) -> Message:
    """Uploads a file; returns its notification."""
    blob = client().bucket(INPUT).blob(name)
    blob.upload_from_string(data, content_type="application/octet-stream")
    return Message(json.dumps(blob._properties).encode(), {"eventType": FINALIZED})


def prompts(name: str) -> bytes:
    """Returns the prompts.json of an upload."""
    return bytes(client().bucket(OUTPUT).blob(f"{name}/prompts.json").download_as_bytes())


def written(name: str) -> int:
    """Returns the size of all results of an upload, in bytes."""
    return sum(blob.size for blob in client().list_blobs(OUTPUT, prefix=f"{name}/"))


def sent() -> int:
    """Returns the bytes that were sent to SAM2 since the last call."""
    return int(requests.get(f"{os.environ[SAM2]}/sent", timeout=60).json()["bytes"])
