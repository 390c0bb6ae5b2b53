"""After other drawing settings are deployed, a backfill draws all uploads without SAM2."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from local import stack
from local.stack import Stack
from shared.imaging import rle
from tests.endpoint import Endpoint, serving
from tools.support.examples import EXAMPLES, ROOT
from tools.support.pipeline import document, picture, process

NAMES = ("avataaars_05.png", "scenes/scene_03.png", "apple.png")
SEGMENTER = {"backend": "sam2", "checkpoint": "facebook/sam2.1-hiera-large", "revision": "1"}
SECONDS = 120


@pytest.fixture
def sam2() -> Iterator[Endpoint]:
    """Answers with the inner quarter of each crop."""
    mask = np.zeros((64, 64), int)
    mask[16:48, 16:48] = 1
    answer = {"masks": [mask.tolist()], "segmenter": SEGMENTER}
    with serving() as made:
        made.description = {"segmenter": SEGMENTER}
        made.answer = lambda _: (200, answer)
        yield made


@contextmanager
def _deployed(root: Path, sam2: Endpoint, **settings: str) -> Iterator[Stack]:
    """Runs the system on the buckets of earlier runs."""
    server = {"SAM2_URL": sam2.url, "SAM2_PROVIDER": "http", "SAM2_AUTH": "none"}
    with stack.running(root, {**server, **settings}) as running:
        (root / "running.json").write_text(json.dumps(running.environment))
        yield running


def _backfill(root: Path) -> None:
    command = [sys.executable, "-W", "ignore", "-m", "local.operations.backfill"]
    subprocess.run(
        [*command, "--root", str(root), "--all", "--go"],
        cwd=ROOT, check=True, timeout=SECONDS, capture_output=True,
    )  # fmt: skip


def _await_drawing(system: Stack, mask_grow: str) -> dict[str, dict[str, Any]]:
    """Waits until all results have this MASK_GROW; returns them by the names of the uploads."""
    deadline = time.monotonic() + SECONDS
    while True:
        results = {name: document(system, f"{name}/result.json") for name in NAMES}
        if all(found["drawing"]["mask_grow"] == mask_grow for found in results.values()):
            return results
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.mark.slow
def test_a_backfill_draws_stored_masks_without_a_call_of_sam2(
    tmp_path: Path, sam2: Endpoint
) -> None:
    root = tmp_path / "up"
    with _deployed(root, sam2) as system:
        for name in NAMES:
            process(system, name, (EXAMPLES / name).read_bytes())
        before = _await_drawing(system, "0")
        calls = len(sam2.requests)
        assert calls == sum(len(found["instances"]) for found in before.values()) >= 2
    with _deployed(root, sam2, MASK_GROW="10%", CUTOUT="box") as system:
        _backfill(root)
        after = _await_drawing(system, "10%")
        assert len(sam2.requests) == calls
        for name, found in after.items():
            assert found["mask_config"] == before[name]["mask_config"]
            old = [item["rle"] for item in before[name]["instances"]]
            assert [item["segmented_rle"] for item in found["instances"]] == old
            grown = np.zeros((found["source"]["height"], found["source"]["width"]), bool)
            for item in found["instances"]:
                grown |= rle.decode(item["rle"]["counts"], tuple(item["rle"]["size"]))
            assert ((picture(system, f"{name}/mask.png") > 0) == grown).all()
