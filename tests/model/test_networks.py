"""The networks of each runtime compute what transformers computes, for each kind of checkpoint."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file, save_file
from transformers import AutoModelForMaskGeneration, Sam2Processor, Sam2VideoModel

from shared.imaging.geometry import Image
from shared.sam2_server.job import Job
from shared.sam2_server.network import Network
from shared.sam2_server.openvino_network import OpenVinoNetwork
from shared.sam2_server.runtimes import available_device
from shared.sam2_server.sam2_backend import Sam2Backend, resized
from shared.sam2_server.settings import Sam2Settings
from shared.sam2_server.torch_network import TorchNetwork
from shared.segmentation.sam2.answers import ScoredMask
from shared.segmentation.sam2.contract import PromptPart, SegmenterPart
from tests.model import tiny

POINTS = PromptPart(points=[(120, 90, 1), (20, 30, 0)])
MORE_POINTS = PromptPart(points=[(40, 60, 1), (80, 10, 1), (5, 5, 0)])
BOX = PromptPart(box=(30, 40, 250, 180))
BOTH = PromptPart(points=[(100, 100, 1)], box=(60.5, 20, 300, 150))
NOTHING = PromptPart()
ALL = [POINTS, BOX, BOTH, NOTHING, MORE_POINTS, POINTS, NOTHING]

CHECKPOINTS = "checkpoint", "video_checkpoint", "edgetam_checkpoint"
NETWORKS: dict[str, Callable[[Path], Network]] = {
    "openvino": lambda folder: OpenVinoNetwork(folder, precision="f32"),
    "torch": lambda folder: TorchNetwork(folder, "cpu"),
}


def _picture(seed: int, height: int = 200, width: int = 320) -> Image:
    return np.random.default_rng(seed).integers(0, 255, (height, width, 3), np.uint8)


def _masks(network: Network, job: Job) -> list[list[ScoredMask]]:
    backend = Sam2Backend(network, SegmenterPart(backend="sam2"), Sam2Settings())
    return [list(masks) for masks in backend.segment([job])]


def _directly(folder: str, job: Job, prompt: PromptPart) -> list[tuple[Any, float]]:
    """Computes the masks of one prompt as in transformers' documentation."""
    processor = Sam2Processor.from_pretrained(folder)
    model = AutoModelForMaskGeneration.from_pretrained(folder).eval()
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


@pytest.mark.parametrize("multimask", [True, False], ids=["several", "one"])
@pytest.mark.parametrize("kind", CHECKPOINTS)
@pytest.mark.parametrize("runtime", NETWORKS)
def test_masks_are_those_of_calling_the_model_directly(
    request: pytest.FixtureRequest, runtime: str, kind: str, multimask: bool
) -> None:
    """For every form of prompt, with any other prompts in the same request."""
    folder = request.getfixturevalue(kind)
    job = Job(_picture(1), b"1", ALL, multimask)
    answers = _masks(NETWORKS[runtime](Path(folder)), job)
    assert len(answers) == len(ALL)
    for prompt, masks in zip(ALL, answers, strict=True):
        expected = _directly(folder, job, prompt)
        assert len(masks) == len(expected) == (3 if multimask else 1)
        for mask, (values, score) in zip(masks, expected, strict=True):
            assert mask.values.shape == (200, 320)
            np.testing.assert_allclose(mask.values, values, atol=2e-3)
            assert np.abs(mask.values - values).mean() < 1e-5
            assert mask.predicted_iou == pytest.approx(min(max(score, 0), 1), abs=2e-4)


@pytest.mark.parametrize("size", [(200, 320), (1500, 1100), (64, 3000)])
def test_a_picture_is_resized_as_by_transformers(checkpoint: str, size: tuple[int, int]) -> None:
    """To one level of 255: where a picture shrinks, the order of the axes changes the rounding."""
    picture = _picture(2, *size)
    processor = Sam2Processor.from_pretrained(checkpoint)
    pixels = processor(images=picture, return_tensors="pt")["pixel_values"][0]
    mean, deviation = (
        np.array(values).reshape(3, 1, 1)
        for values in (processor.image_processor.image_mean, processor.image_processor.image_std)
    )
    levels = (pixels.numpy() * deviation + mean) * 255
    difference = resized(picture, 1024).transpose(2, 0, 1) - levels
    assert np.abs(difference).max() < 1.01
    assert np.abs(difference).mean() < 0.3


@pytest.mark.parametrize("runtime", NETWORKS)
def test_prompts_make_a_difference(runtime: str, checkpoint: str) -> None:
    """Otherwise the test above would prove nothing."""
    job = Job(_picture(1), b"1", [POINTS, BOX], multimask=True)
    one, other = (masks[0].values for masks in _masks(NETWORKS[runtime](Path(checkpoint)), job))
    assert np.abs(one - other).max() > 0.05


@pytest.mark.parametrize("runtime", NETWORKS)
def test_a_checkpoint_for_videos_gives_what_the_video_model_does_with_a_picture(
    runtime: str, video_checkpoint: str
) -> None:
    """Checkpoints at huggingface.co are of this kind."""
    job = Job(_picture(1), b"1", [POINTS], multimask=True)
    (masks,) = _masks(NETWORKS[runtime](Path(video_checkpoint)), job)
    model = Sam2VideoModel.from_pretrained(video_checkpoint).eval()
    inputs = Sam2Processor.from_pretrained(video_checkpoint)(
        images=job.image,
        input_points=[[[[x, y] for x, y, _ in POINTS.points]]],
        input_labels=[[[label for *_, label in POINTS.points]]],
        return_tensors="pt",
    )
    inputs.pop("original_sizes")
    with torch.inference_mode():
        output = model._single_frame_forward(**inputs, multimask_output=True)
    assert [mask.predicted_iou for mask in masks] == pytest.approx(
        output.iou_scores.flatten().clamp(0, 1).tolist(), abs=2e-4
    )


def test_one_mask_is_the_first_one_where_that_is_stable(checkpoint: str, tmp_path: Path) -> None:
    """With weights that are all 0 but for the bias of the first mask's network."""
    folder = tmp_path / "stable"
    shutil.copytree(checkpoint, folder)
    file = folder / "model.safetensors"
    tensors = load_file(file)
    last = "mask_decoder.output_hypernetworks_mlps.0.proj_out"
    tensors[f"{last}.weight"] = np.zeros_like(tensors[f"{last}.weight"])
    tensors[f"{last}.bias"] = np.full_like(tensors[f"{last}.bias"], 100)
    save_file(tensors, file, metadata={"format": "pt"})
    job = Job(_picture(1), b"1", [POINTS], multimask=False)
    (expected,) = _directly(str(folder), job, POINTS)
    for make in NETWORKS.values():
        ((mask,),) = _masks(make(folder), job)
        np.testing.assert_allclose(mask.values, expected[0], atol=2e-3)
        assert mask.predicted_iou == pytest.approx(expected[1], abs=2e-4)


def test_sam_3s_tracker_runs_with_torch_and_is_refused_without(tmp_path: Path) -> None:
    tiny.write_sam3_tracker(tmp_path)
    job = Job(_picture(1), b"1", [POINTS, BOX], multimask=True)
    answers = _masks(TorchNetwork(tmp_path, "cpu"), job)
    assert [[mask.values.shape for mask in masks] for masks in answers] == [[(200, 320)] * 3] * 2
    with pytest.raises(ValueError, match="not 'sam3_tracker'"):
        OpenVinoNetwork(tmp_path)


def test_the_runtime_and_the_device_are_named(checkpoint: str) -> None:
    network = OpenVinoNetwork(Path(checkpoint))
    backend = Sam2Backend(network, SegmenterPart(backend="sam2"), Sam2Settings())
    assert backend.segmenter.device == "cpu"
    assert str(backend.segmenter.runtime).startswith("openvino-")
    assert TorchNetwork(Path(checkpoint), "cpu").runtime.startswith("torch-")


def test_no_gpu_is_a_cpu() -> None:
    assert available_device() == ("cuda" if torch.cuda.is_available() else "cpu")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"model_type": "clip"}, "model_type must be 'sam2'"),
        (
            {"vision_config": {"backbone_config": {"model_type": "vit"}}},
            "'sam2_hiera_det_model', 'timm_wrapper', not 'vit'",
        ),
    ],
)
def test_a_checkpoint_of_another_family_is_refused_with_those_that_work(
    checkpoint: str, tmp_path: Path, change: dict[str, Any], sentence: str
) -> None:
    folder = tmp_path / "other"
    shutil.copytree(checkpoint, folder)
    file = folder / "config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | change))
    with pytest.raises(ValueError, match="These checkpoints work on a CPU") as raised:
        OpenVinoNetwork(folder)
    assert sentence in str(raised.value)
    assert "yonigozlan/EdgeTAM-hf" in str(raised.value)


def test_a_checkpoint_without_a_tensor_is_refused(checkpoint: str, tmp_path: Path) -> None:
    folder = tmp_path / "partial"
    shutil.copytree(checkpoint, folder)
    tensors = load_file(folder / "model.safetensors")
    del tensors["mask_decoder.iou_token.weight"]
    save_file(tensors, folder / "model.safetensors")
    with pytest.raises(ValueError, match=r"no tensor mask_decoder\.iou_token\.weight"):
        OpenVinoNetwork(folder)


def test_a_broken_file_of_weights_is_named(checkpoint: str, tmp_path: Path) -> None:
    folder = tmp_path / "broken"
    shutil.copytree(checkpoint, folder)
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:1000])
    with pytest.raises(ValueError, match=r"model\.safetensors is no file of safetensors"):
        OpenVinoNetwork(folder)
