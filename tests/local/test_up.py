"""`make up` while its processes are killed."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
from google.cloud import storage as gcs
from google.cloud.storage.retry import DEFAULT_RETRY

from local.stack import INPUT_BUCKET, OUTPUT_BUCKET
from tools.support.examples import ROOT
from tools.support.pipeline import png

KILLED = ("local.broker", "--target landmarks", "--target segmentation",
          "local.storage", "local.metadata", "--target sam2", "local.iam_proxy")  # fmt: skip
COUNT = 24


@pytest.fixture
def up(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A running `make up` with its root in `tmp_path`."""
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "local.up", "--root", str(tmp_path)],
        cwd=ROOT, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout
    for line in process.stdout:
        if "Ctrl-C stops everything" in line:
            break
    yield process
    process.send_signal(signal.SIGTERM)
    process.wait(timeout=60)


def _children(parent: int) -> dict[str, int]:
    """Returns the IDs of direct children, by the part of their command lines that names them."""
    listing = subprocess.run(
        ["ps", "-ww", "-eo", "pid=,ppid=,args="], capture_output=True, text=True, check=True
    )
    rows = [line.split(maxsplit=2) for line in listing.stdout.splitlines()]
    return {
        name: int(pid)
        for pid, ppid, command in rows
        if int(ppid) == parent
        for name in KILLED
        if name in command
    }


@pytest.mark.slow
def test_whatever_is_killed_comes_back_and_nothing_is_lost(
    up: subprocess.Popen[str], tmp_path: Path
) -> None:
    with mock.patch.dict("os.environ", json.loads((tmp_path / "running.json").read_text())):
        client = gcs.Client()
    bucket = client.bucket(INPUT_BUCKET)
    victims = sorted(_children(up.pid).items())
    assert len(victims) == len(KILLED)
    generations = {}
    for number in range(COUNT):
        blob = bucket.blob(f"{number}.png")
        picture = png(np.full((40, 60, 3), 8 * number, np.uint8))
        blob.upload_from_string(picture, content_type="image/png", retry=DEFAULT_RETRY, timeout=30)
        generations[f"{number}.png/result.json"] = str(blob.generation)
        if number % 3 == 2 and victims:
            _, pid = victims.pop()
            os.kill(pid, signal.SIGKILL)
    assert not victims
    deadline = time.monotonic() + 120
    while True:
        found = {
            blob.name: blob.metadata["source-generation"]
            for blob in client.list_blobs(OUTPUT_BUCKET, match_glob="**/result.json")
        }
        if found == generations:
            break
        assert time.monotonic() < deadline, generations.keys() - found.keys()
        time.sleep(0.5)
    assert up.poll() is None
