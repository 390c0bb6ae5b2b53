"""Real SAM2's loading and computing, with a checkpoint of a few thousand random weights."""

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
from transformers import Sam2Model, Sam2Processor, Sam2VideoModel

from shared.imaging.geometry import Image
from shared.sam2_server.job import Job
from shared.sam2_server.model import Sam2Backend
from shared.sam2_server.settings import Sam2Settings
from shared.segmentation.sam2.answers import ScoredMask
from shared.segmentation.sam2.contract import PromptPart
from tools.support.examples import ROOT

POINTS = PromptPart(points=[(120, 90, 1), (20, 30, 0)])
MORE_POINTS = PromptPart(points=[(40, 60, 1), (80, 10, 1), (5, 5, 0)])
BOX = PromptPart(box=(30, 40, 250, 180))
BOTH = PromptPart(points=[(100, 100, 1)], box=(60.5, 20, 300, 150))
NOTHING = PromptPart()
ALL = [POINTS, BOX, BOTH, NOTHING, MORE_POINTS, POINTS]


def _image(seed: int, height: int = 200, width: int = 320) -> Image:
    return np.random.default_rng(seed).integers(0, 255, (height, width, 3), np.uint8)


def _job(seed: int, *prompts: PromptPart, multimask: bool = True) -> Job:
    return Job(_image(seed), bytes([seed]), prompts or [POINTS], multimask)


def _settings(checkpoint: str, **changes: Any) -> Sam2Settings:
    return Sam2Settings(sam2_checkpoint=checkpoint, **{"sam2_encoder_batch": 8, **changes})


class Watched(Sam2Backend):
    """Records how many images the encoder processes at once."""

    def __init__(self, checkpoint: str, embeddings: int = 4) -> None:
        super().__init__(_settings(checkpoint, sam2_embeddings=embeddings))
        self.encoded: list[int] = []
        self.free = threading.Event()
        self.free.set()

    def _encode(self, pictures: list[Image]) -> list[list[Any]]:
        self.encoded.append(len(pictures))
        assert self.free.wait(timeout=60)
        return super()._encode(pictures)


def _masks(backend: Sam2Backend, jobs: Sequence[Job]) -> list[list[ScoredMask]]:
    """Returns the masks of each prompt, all computed."""
    return [list(masks) for masks in backend.segment(jobs)]


@pytest.fixture
def backend(checkpoint: str) -> Watched:
    return Watched(checkpoint)


def _directly(checkpoint: str, job: Job, prompt: PromptPart) -> list[tuple[Any, float]]:
    """Computes the masks of one prompt as in transformers' documentation."""
    processor = Sam2Processor.from_pretrained(checkpoint)
    model = Sam2Model.from_pretrained(checkpoint).eval()
    prompts: dict[str, Any] = {}
    if prompt.points:
        prompts["input_points"] = [[[[x, y] for x, y, _ in prompt.points]]]
        prompts["input_labels"] = [[[label for *_, label in prompt.points]]]
    if prompt.box:
        prompts["input_boxes"] = [[list(prompt.box)]]
    inputs = processor(images=job.image, return_tensors="pt", **prompts)
    with torch.inference_mode():
        output = model(
            pixel_values=inputs["pixel_values"],
            multimask_output=job.multimask,
            **{name: inputs[name] for name in prompts},
        )
    sizes = [job.image.shape[:2]]
    (masks,) = processor.post_process_masks(output.pred_masks, sizes, binarize=False)
    scores = output.iou_scores[0, 0].tolist()
    return list(zip(torch.sigmoid(masks[0]).numpy(), scores, strict=True))


@pytest.mark.parametrize("multimask", [True, False])
def test_masks_are_those_of_calling_the_model_directly(
    checkpoint: str, backend: Watched, multimask: bool
) -> None:
    """For every form of prompt, with any other prompts in the same request."""
    job = _job(1, *ALL, multimask=multimask)
    answers = _masks(backend, [job])
    assert len(answers) == len(ALL)
    for prompt, masks in zip(ALL, answers, strict=True):
        expected = _directly(checkpoint, job, prompt)
        assert len(masks) == len(expected) == (3 if multimask else 1)
        for mask, (values, score) in zip(masks, expected, strict=True):
            assert mask.values.shape == (200, 320)
            np.testing.assert_allclose(mask.values, values, atol=2e-4)
            assert mask.predicted_iou == pytest.approx(min(max(score, 0), 1), abs=2e-4)


def test_a_checkpoint_for_videos_gives_what_the_video_model_does_with_a_picture(
    video_checkpoint: str,
) -> None:
    """Checkpoints at huggingface.co are of this kind."""
    job = _job(1, POINTS)
    (masks,) = _masks(Sam2Backend(_settings(video_checkpoint)), [job])
    model = Sam2VideoModel.from_pretrained(video_checkpoint).eval()
    processor = Sam2Processor.from_pretrained(video_checkpoint)
    inputs = processor(
        images=job.image,
        input_points=[[[[x, y] for x, y, _ in POINTS.points]]],
        input_labels=[[[label for *_, label in POINTS.points]]],
        return_tensors="pt",
    )
    with torch.inference_mode():
        output = model._single_frame_forward(**inputs, multimask_output=True)
    assert [mask.predicted_iou for mask in masks] == pytest.approx(
        output.iou_scores.flatten().clamp(0, 1).tolist(), abs=2e-4
    )


def test_prompts_make_a_difference(backend: Watched) -> None:
    """Otherwise the test above would prove nothing."""
    one, other = (masks[0].values for masks in _masks(backend, [_job(1, POINTS, BOX)]))
    assert np.abs(one - other).max() > 0.05


def test_twenty_prompts_cost_one_encoding(backend: Watched) -> None:
    assert len(_masks(backend, [_job(1, *[POINTS, BOX] * 10)])) == 20
    assert backend.encoded == [1]


def test_a_picture_that_comes_again_is_not_encoded_again_until_others_pushed_it_out(
    backend: Watched,
) -> None:
    for seed in (1, 2, 1, 3, 4, 1, 5, 1, 2):
        _masks(backend, [_job(seed)])
    assert len(backend.encoded) == 6, "1, 2, 3, 4, 5, and 2 again"


def test_more_pictures_at_a_time_than_are_kept_are_all_answered(checkpoint: str) -> None:
    backend = Watched(checkpoint, embeddings=1)
    jobs = [_job(seed) for seed in range(3)]
    assert len(backend._batches(jobs)) == 3


def test_pictures_of_one_request_are_encoded_together(backend: Watched) -> None:
    backend.free.clear()
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(lambda: _masks(backend, [_job(seed) for seed in range(4)]))
        while sum(backend.encoded) + backend._batches.waiting < 4:
            pass
        backend.free.set()
        assert len(future.result()) == 4
    assert len(backend.encoded) <= 2, "one, and the rest"


def test_pictures_of_concurrent_requests_are_encoded_together(backend: Watched) -> None:
    backend.free.clear()
    with ThreadPoolExecutor(5) as pool:
        futures = [pool.submit(lambda s: _masks(backend, [_job(s)]), seed) for seed in range(5)]
        while sum(backend.encoded) + backend._batches.waiting < 5:
            pass
        backend.free.set()
        alone = [future.result()[0][0].values for future in futures]
    assert sum(backend.encoded) == 5
    assert len(backend.encoded) <= 2, "one, and all that came meanwhile"
    backend._embeddings.clear()
    for seed, values in enumerate(alone):
        (again,) = _masks(backend, [_job(seed)])
        np.testing.assert_allclose(again[0].values, values, atol=2e-4)


@pytest.mark.parametrize(("height", "width"), [(1, 1), (7, 900), (1024, 700)])
def test_masks_have_the_pictures_size(backend: Watched, height: int, width: int) -> None:
    job = Job(_image(9, height, width), b"9", [POINTS], multimask=True)
    (masks,) = _masks(backend, [job])
    assert {mask.values.shape for mask in masks} == {(height, width)}


def test_a_checkpoint_that_is_not_there_is_named() -> None:
    with pytest.raises((OSError, ValueError), match="no/such-checkpoint"):
        Sam2Backend(_settings("/no/such-checkpoint"))


def test_a_gpu_that_is_asked_for_and_is_not_there_stops_the_start(checkpoint: str) -> None:
    """The GPU would be paid for, while the CPU did the work a hundred times slower."""
    if torch.cuda.is_available():
        pytest.skip("there is a GPU here")
    with pytest.raises((AssertionError, RuntimeError), match=r"CUDA|cuda|NVIDIA"):
        Sam2Backend(_settings(checkpoint, sam2_device="cuda"))


def test_a_folder_is_named_by_where_it_was_baked_from(checkpoint: str, tmp_path: Path) -> None:
    folder = tmp_path / "baked"
    shutil.copytree(checkpoint, folder)
    source = {"backend": "sam2", "checkpoint": "facebook/sam2.1-hiera-tiny", "revision": "abc123"}
    (folder / "source.json").write_text(json.dumps(source))
    assert str(Sam2Backend(_settings(str(folder))).segmenter.version) == "sam2.1-hiera-tiny@abc123"


def test_another_folder_is_named_by_itself_and_a_digest_of_its_weights(
    checkpoint: str, video_checkpoint: str, tmp_path: Path
) -> None:
    versions = set()
    for number, source in enumerate((checkpoint, video_checkpoint, checkpoint)):
        folder = tmp_path / str(number) / "mine"
        shutil.copytree(source, folder)
        versions.add(Sam2Backend(_settings(str(folder))).segmenter.version)
    assert {version.name for version in versions} == {"mine"}
    assert len(versions) == 2


def test_baking_a_folder_leaves_word_of_its_name(checkpoint: str, tmp_path: Path) -> None:
    script = ROOT / "functions" / "sam2" / "bake.py"
    command = [sys.executable, str(script), checkpoint, str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run(command, env=environment, check=True, capture_output=True)
    segmenter = Sam2Backend(_settings(str(tmp_path))).segmenter
    assert segmenter.checkpoint == Path(checkpoint).name
    assert segmenter.revision, "a digest of the weights"
