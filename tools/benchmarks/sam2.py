"""python -m tools.benchmarks.sam2: measures real SAM2 in its real sizes on this device.

The weights are random, because the time does not depend on them. It writes a table into
docs/sam2-performance.md, beside those of other devices. It needs the dependency group `model`.
"""

import multiprocessing
import os
import platform
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import torch
from transformers import (
    Sam2Config,
    Sam2HieraDetConfig,
    Sam2ImageProcessor,
    Sam2Model,
    Sam2Processor,
    Sam2VisionConfig,
)

from shared.sam2_server.job import Job
from shared.sam2_server.model import Sam2Backend
from shared.sam2_server.settings import Sam2Settings
from shared.segmentation.sam2.contract import PromptPart

DOCUMENT = Path(__file__).parents[2] / "docs/sam2-performance.md"
PROMPT = PromptPart(points=[(512, 512, 1), (20, 20, 0)], box=(300, 300, 700, 700))
_RUNS = 2
_BATCH = 8
"""Runs of a measurement, and images in a batch. Chosen by hand: on a CPU, more take very long."""

SIZES: dict[str, dict[str, object]] = {
    "tiny": {},
    "small": {"blocks_per_stage": [1, 2, 11, 2], "global_attention_blocks": [7, 10, 13]},
    "base plus": {
        "hidden_size": 112,
        "num_attention_heads": 2,
        "embed_dim_per_stage": [112, 224, 448, 896],
        "num_attention_heads_per_stage": [2, 4, 8, 16],
        "blocks_per_stage": [2, 3, 16, 3],
        "global_attention_blocks": [12, 16, 20],
        "window_positional_embedding_background_size": [14, 14],
    },
    "large": {
        "hidden_size": 144,
        "num_attention_heads": 2,
        "embed_dim_per_stage": [144, 288, 576, 1152],
        "num_attention_heads_per_stage": [2, 4, 8, 16],
        "blocks_per_stage": [2, 6, 36, 4],
        "window_size_per_stage": [8, 4, 16, 8],
        "global_attention_blocks": [23, 33, 43],
    },
}
"""The differences of each size from the smallest one, from
https://github.com/facebookresearch/sam2/tree/main/sam2/configs/sam2.1."""


def main() -> None:
    """Measures every size and writes the table."""
    lines = [
        f"## {_device()}",
        "",
        "| size | parameters | first prompt, ms | each further prompt, ms | pictures a second, "
        f"{_BATCH} at a time | most memory, MB |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, context, max_tasks_per_child=1) as fresh:
        for row in fresh.map(_row, SIZES):
            lines.append(row)
            sys.stdout.write(f"{row}\n")
            sys.stdout.flush()
    _write("\n".join(lines))


def _row(name: str) -> str:
    with tempfile.TemporaryDirectory() as folder:
        parameters = _save(SIZES[name], Path(folder))
        settings = Sam2Settings(
            sam2_checkpoint=folder, sam2_encoder_batch=_BATCH, sam2_embeddings=1
        )
        backend = Sam2Backend(settings)
    backend.warm_up()
    first = _milliseconds(lambda: _segment(backend, 1))
    twenty = _milliseconds(lambda: _segment(backend, 20))
    batch = _milliseconds(lambda: backend._batches([_job(1) for _ in range(_BATCH)]), runs=1)
    return (
        f"| {name} | {parameters / 1e6:.0f} M | {first:.0f} | {(twenty - first) / 19:.0f} "
        f"| {_BATCH * 1000 / batch:.2f} | {_most_memory():,.0f} |"
    )


def _save(size: dict[str, object], folder: Path) -> int:
    """Saves a model of the size with random weights; returns the number of its parameters."""
    backbone = Sam2HieraDetConfig(**size)
    channels = backbone.embed_dim_per_stage[::-1]
    vision = Sam2VisionConfig(backbone_config=backbone, backbone_channel_list=channels)
    model = Sam2Model(Sam2Config(vision_config=vision))
    model.save_pretrained(folder)
    Sam2Processor(Sam2ImageProcessor()).save_pretrained(folder)
    return sum(parameter.numel() for parameter in model.parameters())


def _job(prompts: int) -> Job:
    """Returns a job with a new random image, so that no embedding is cached."""
    digest = os.urandom(8)
    noise = np.random.default_rng(list(digest)).integers(0, 255, (1024, 1024, 3), np.uint8)
    return Job(noise, digest, [PROMPT] * prompts, multimask=True)


def _segment(backend: Sam2Backend, prompts: int) -> None:
    for masks in backend.segment([_job(prompts)]):
        list(masks)


def _milliseconds(work: Callable[[], object], runs: int = _RUNS) -> float:
    """Returns the minimum of several runs. Results are on the CPU, so the device has finished."""
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times) * 1000


def _most_memory() -> float:
    """Returns the peak memory in MB, of the GPU or else of this process, which ran one size."""
    if torch.cuda.is_available():
        return torch.cuda.max_memory_allocated() / 2**20
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10


def _device() -> str:
    if torch.cuda.is_available():
        return f"{torch.cuda.get_device_name()}, encoder in bfloat16"
    return f"{torch.get_num_threads()} cores of a {platform.machine()} processor, float32"


def _write(table: str) -> None:
    """Writes the table in place of that of the same device, or after the others."""
    head, *sections = DOCUMENT.read_text().split("\n## ")
    heading = table.splitlines()[0].removeprefix("## ")
    others = [text.strip() for text in sections if text.splitlines()[0] != heading]
    DOCUMENT.write_text("\n\n## ".join([head.strip(), *others, table.removeprefix("## ")]) + "\n")


if __name__ == "__main__":
    main()
