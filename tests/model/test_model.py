"""Real SAM2 as a backend, with a checkpoint of a few thousand random weights."""

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from shared.imaging.geometry import Image
from shared.sam2_server.job import Job
from shared.sam2_server.network import Masks, Network, Prompts
from shared.sam2_server.runtimes import load_network
from shared.sam2_server.sam2_backend import Sam2Backend, load
from shared.sam2_server.settings import Sam2Settings
from shared.segmentation.sam2.answers import ScoredMask
from shared.segmentation.sam2.contract import PromptPart, SegmenterPart
from tools.support.examples import ROOT

POINTS = PromptPart(points=[(120, 90, 1), (20, 30, 0)])
BOX = PromptPart(box=(30, 40, 250, 180))


def _image(seed: int, height: int = 200, width: int = 320) -> Image:
    return np.random.default_rng(seed).integers(0, 255, (height, width, 3), np.uint8)


def _job(seed: int, *prompts: PromptPart, multimask: bool = True) -> Job:
    return Job(_image(seed), bytes([seed]), prompts or [POINTS], multimask)


def _settings(checkpoint: str, **changes: Any) -> Sam2Settings:
    return Sam2Settings(sam2_checkpoint=checkpoint, **{"sam2_encoder_batch": 8, **changes})


class Watched:
    """A network that records how many images it encodes at once, and waits to be free."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self.side, self.device, self.runtime = network.side, network.device, network.runtime
        self.encoded: list[int] = []
        self.free = threading.Event()
        self.free.set()

    def encode(self, images: Sequence[Image]) -> list[Any]:
        self.encoded.append(len(images))
        assert self.free.wait(timeout=60)
        return self._network.encode(images)

    def decode(self, embedding: Any, prompts: Prompts, *, multimask: bool) -> list[Masks]:
        return self._network.decode(embedding, prompts, multimask=multimask)


def _backend(network: Network, **changes: Any) -> Sam2Backend:
    settings = Sam2Settings(**{"sam2_encoder_batch": 8, "sam2_embeddings": 4, **changes})
    return Sam2Backend(network, SegmenterPart(backend="sam2"), settings)


def _loaded(checkpoint: str) -> Sam2Backend:
    return load(Sam2Settings(sam2_checkpoint=checkpoint, sam2_device="cpu"))


def _masks(backend: Sam2Backend, jobs: Sequence[Job]) -> list[list[ScoredMask]]:
    """Returns the masks of each prompt, all computed."""
    return [list(masks) for masks in backend.segment(jobs)]


@pytest.fixture
def network(checkpoint: str) -> Watched:
    return Watched(load_network(Path(checkpoint), "cpu"))


@pytest.fixture
def backend(network: Watched) -> Sam2Backend:
    return _backend(network)


def test_twenty_prompts_cost_one_encoding(backend: Sam2Backend, network: Watched) -> None:
    assert len(_masks(backend, [_job(1, *[POINTS, BOX] * 10)])) == 20
    assert network.encoded == [1]


def test_a_picture_that_comes_again_is_not_encoded_again_until_others_pushed_it_out(
    backend: Sam2Backend, network: Watched
) -> None:
    for seed in (1, 2, 1, 3, 4, 1, 5, 1, 2):
        _masks(backend, [_job(seed)])
    assert len(network.encoded) == 6, "1, 2, 3, 4, 5, and 2 again"


def test_more_pictures_at_a_time_than_are_kept_are_all_answered(network: Watched) -> None:
    backend = _backend(network, sam2_embeddings=1)
    jobs = [_job(seed) for seed in range(3)]
    assert len(backend._batches(jobs)) == 3


def test_pictures_of_one_request_are_encoded_together(
    backend: Sam2Backend, network: Watched
) -> None:
    network.free.clear()
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(lambda: _masks(backend, [_job(seed) for seed in range(4)]))
        while sum(network.encoded) + backend._batches.waiting < 4:
            pass
        network.free.set()
        assert len(future.result()) == 4
    assert len(network.encoded) <= 2, "one, and the rest"


def test_pictures_of_concurrent_requests_are_encoded_together(
    backend: Sam2Backend, network: Watched
) -> None:
    network.free.clear()
    with ThreadPoolExecutor(5) as pool:
        futures = [pool.submit(lambda s: _masks(backend, [_job(s)]), seed) for seed in range(5)]
        while sum(network.encoded) + backend._batches.waiting < 5:
            pass
        network.free.set()
        alone = [future.result()[0][0].values for future in futures]
    assert sum(network.encoded) == 5
    assert len(network.encoded) <= 2, "one, and all that came meanwhile"
    backend._embeddings.clear()
    for seed, values in enumerate(alone):
        (again,) = _masks(backend, [_job(seed)])
        np.testing.assert_allclose(again[0].values, values, atol=2e-4)


@pytest.mark.parametrize(("height", "width"), [(1, 1), (7, 900), (1024, 700)])
def test_masks_have_the_pictures_size(backend: Sam2Backend, height: int, width: int) -> None:
    job = Job(_image(9, height, width), b"9", [POINTS], multimask=True)
    (masks,) = _masks(backend, [job])
    assert {mask.values.shape for mask in masks} == {(height, width)}


def test_a_checkpoint_that_is_not_there_is_named() -> None:
    with pytest.raises((OSError, ValueError), match="no/such-checkpoint"):
        _loaded("/no/such-checkpoint")


def test_a_gpu_that_is_asked_for_and_is_not_there_stops_the_start(checkpoint: str) -> None:
    """The GPU would be paid for, while the CPU did the work a hundred times slower."""
    if torch.cuda.is_available():
        pytest.skip("there is a GPU here")
    with pytest.raises((AssertionError, RuntimeError), match=r"CUDA|cuda|NVIDIA"):
        load(Sam2Settings(sam2_checkpoint=checkpoint, sam2_device="cuda"))


def test_a_folder_is_named_by_where_it_was_baked_from(checkpoint: str, tmp_path: Path) -> None:
    folder = tmp_path / "baked"
    shutil.copytree(checkpoint, folder)
    source = {"backend": "sam2", "checkpoint": "facebook/sam2.1-hiera-tiny", "revision": "abc123"}
    (folder / "source.json").write_text(json.dumps(source))
    assert str(_loaded(str(folder)).segmenter.version) == "sam2.1-hiera-tiny@abc123"


def test_another_folder_is_named_by_itself_and_a_digest_of_its_weights(
    checkpoint: str, video_checkpoint: str, tmp_path: Path
) -> None:
    versions = set()
    for number, source in enumerate((checkpoint, video_checkpoint, checkpoint)):
        folder = tmp_path / str(number) / "mine"
        shutil.copytree(source, folder)
        versions.add(_loaded(str(folder)).segmenter.version)
    assert {version.name for version in versions} == {"mine"}
    assert len(versions) == 2


def test_baking_a_folder_leaves_word_of_its_name(checkpoint: str, tmp_path: Path) -> None:
    script = ROOT / "functions" / "sam2" / "bake.py"
    command = [sys.executable, str(script), checkpoint, str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run(command, env=environment, check=True, capture_output=True)
    segmenter = _loaded(str(tmp_path)).segmenter
    assert segmenter.checkpoint == Path(checkpoint).name
    assert segmenter.revision, "a digest of the weights"
