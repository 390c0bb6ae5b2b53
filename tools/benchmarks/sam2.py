"""python -m tools.benchmarks.sam2: measures real SAM2 in its real sizes on this device.

The weights are random, because the time does not depend on them. It writes a table into
docs/sam2-performance.md, beside those of other devices. It needs the dependency group `sam2-gpu`.
"""

import argparse
import io
import multiprocessing
import os
import platform
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from PIL import Image as Pictures

from shared.imaging.geometry import Image
from shared.sam2_server.job import Job
from shared.sam2_server.network import Network
from shared.sam2_server.openvino_network import OpenVinoNetwork
from shared.sam2_server.sam2_backend import Sam2Backend
from shared.sam2_server.settings import Sam2Settings
from shared.sam2_server.torch_network import TorchNetwork
from shared.segmentation.sam2.contract import (
    BatchAnswer,
    PromptPart,
    SegmenterPart,
    mask_answer,
)
from tools.benchmarks import sam2_checkpoints
from tools.benchmarks.report import table
from tools.support.examples import EXAMPLES

DOCUMENT = Path(__file__).parents[2] / "docs/sam2-performance.md"
PICTURE = EXAMPLES / "avataaars_05.png"
PROMPT = PromptPart(
    points=[(200 + 10 * index, 180 + 7 * index, int(index < 8)) for index in range(16)],
    box=(110, 80, 400, 400),
)
"""The size of a prompt of this project: sixteen points and a box. Where they are does not matter."""

_RUNS = 3
"""Runs of a measurement. The minimum counts."""

_BATCH = 8
_FURTHER = 7
"""Images in a batch on a GPU, and prompts after the first one. Chosen by hand."""

Runtimes = dict[str, Callable[[Path], Network]]


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU seconds and elapsed seconds."""

    processor: float
    elapsed: float


def main() -> None:
    """Measures every model with every runtime, and writes the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=sam2_checkpoints.NAMES)
    names = parser.parse_args().names
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            for row in _rows(name, Path(folder, name)):
                rows.append(row)
                sys.stdout.write(" | ".join(row) + "\n")
                sys.stdout.flush()
    headings = ["model", "start, s", "first prompt, CPU s", "elapsed, s", "further prompts, CPU s"]
    headings += [f"images a second, {_BATCH} at once"] if torch.cuda.is_available() else []
    _write([f"## {_device()}", "", *table([*headings, "memory, MB"], rows)])


def _rows(name: str, folder: Path) -> Iterator[list[str]]:
    """Yields a row for each runtime, measured in a process of its own."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, context, max_tasks_per_child=1) as fresh:
        parameters = fresh.submit(sam2_checkpoints.save, name, folder).result() / 1e6
        for runtime in _runtimes():
            yield fresh.submit(_row, f"{name}, {parameters:.0f} M", runtime, folder).result()


def _runtimes() -> Runtimes:
    if torch.cuda.is_available():
        return {
            "torch, float32": partial(TorchNetwork, device="cuda", reduced=False),
            "torch, bfloat16": partial(TorchNetwork, device="cuda", reduced=True),
        }
    return {
        "torch, float32": partial(TorchNetwork, device="cpu", reduced=False),
        "torch, bfloat16": partial(TorchNetwork, device="cpu", reduced=True),
        "OpenVINO, float32": partial(OpenVinoNetwork, precision="f32"),
        "OpenVINO, the processor's precision": OpenVinoNetwork,
    }


def _row(name: str, runtime: str, folder: Path) -> list[str]:
    start = time.perf_counter()
    network = _runtimes()[runtime](folder)
    backend = Sam2Backend(network, SegmenterPart(backend="sam2"), Sam2Settings(sam2_embeddings=1))
    backend.warm_up()
    started = time.perf_counter() - start
    first = _cost(lambda: _answer(backend, 1))
    several = _cost(lambda: _answer(backend, 1 + _FURTHER))
    further = (several.processor - first.processor) / _FURTHER
    cells = [f"{name}: {runtime}", f"{started:.1f}", f"{first.processor:.2f}"]
    cells += [f"{first.elapsed:.2f}", f"{further:.2f}"]
    if torch.cuda.is_available():
        batch = _cost(lambda: network.encode([_picture(network.side)] * _BATCH))
        cells.append(f"{_BATCH / batch.elapsed:.1f}")
    return [*cells, f"{_most_memory():,.0f}"]


def _answer(backend: Sam2Backend, prompts: int) -> None:
    """Does what the service does with a request: decode, segment, build the JSON."""
    with Pictures.open(io.BytesIO(PICTURE.read_bytes())) as file:
        image = np.asarray(file.convert("RGB"))
    # a new digest, so that no embedding is cached
    job = Job(image, os.urandom(8), [PROMPT] * prompts, multimask=True)
    answers = [mask_answer(masks, return_prob=False) for masks in backend.segment([job])]
    BatchAnswer(images=[answers], segmenter=backend.segmenter).model_dump_json()


def _picture(side: int) -> Image:
    return np.random.default_rng(0).integers(0, 255, (side, side, 3), np.uint8)


def _cost(work: Callable[[], object]) -> Cost:
    """Returns the minima of several runs. Results are on the CPU, so a GPU has finished."""
    costs = []
    for _ in range(_RUNS):
        processor, elapsed = time.process_time(), time.perf_counter()
        work()
        costs.append(Cost(time.process_time() - processor, time.perf_counter() - elapsed))
    return Cost(min(cost.processor for cost in costs), min(cost.elapsed for cost in costs))


def _most_memory() -> float:
    """Returns the peak memory in MB, of the GPU or else of this process, which ran one network."""
    if torch.cuda.is_available():
        return torch.cuda.max_memory_allocated() / 2**20
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10


def _device() -> str:
    if torch.cuda.is_available():
        return torch.cuda.get_device_name()
    features = ", ".join(sorted(_matrix_instructions())) or "no bfloat16"
    return f"{torch.get_num_threads()} cores of a {platform.machine()} processor ({features})"


def _matrix_instructions() -> set[str]:
    """Returns the processor's instructions for bfloat16 that Linux lists."""
    file = Path("/proc/cpuinfo")
    words = set(file.read_text().split()) if file.exists() else set()
    return words & {"amx_bf16", "avx512_bf16", "bf16"}


def _write(lines: list[str]) -> None:
    """Writes the table in place of that of the same device, or after the others."""
    head, *sections = DOCUMENT.read_text().split("\n## ")
    heading = lines[0].removeprefix("## ")
    others = [text.strip() for text in sections if text.splitlines()[0] != heading]
    table_text = "\n".join(lines).strip().removeprefix("## ")
    DOCUMENT.write_text("\n\n## ".join([head.strip(), *others, table_text]) + "\n")


if __name__ == "__main__":
    main()
