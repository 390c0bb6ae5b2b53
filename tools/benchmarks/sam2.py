"""python -m tools.benchmarks.sam2: measures real SAM2 in its real sizes on this device.

The weights are random, because the time does not depend on them. It writes a table into
docs/sam2-performance.md, beside those of other devices. It needs the dependency group `sam2-gpu`.
"""

import argparse
import io
import multiprocessing
import os
import platform
import re
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image as Pictures

from shared.sam2_server.backends import Backend, GrabCutBackend
from shared.sam2_server.job import Job
from shared.sam2_server.network import Device, Network
from shared.sam2_server.runtimes import available_device
from shared.segmentation.sam2.contract import BatchAnswer, PromptPart, mask_answer
from tools.benchmarks.report import table
from tools.support.examples import EXAMPLES

DOCUMENT = Path(__file__).parents[2] / "docs/sam2-performance.md"
PICTURE = EXAMPLES / "avataaars_05.png"
PROMPT = PromptPart(
    points=[(200 + 10 * index, 180 + 7 * index, 1 if index < 8 else 0) for index in range(16)],
    box=(110, 80, 400, 400),
    outline=[(120, 200), (250, 90), (390, 200), (390, 330), (250, 395), (120, 330)],
)
"""Sixteen points and a box, as many as prompts of this project have. Where they are does not matter
to the networks."""

_EMBEDDED = "embedded segmenter"
_RUNS = 3
"""Runs of a measurement. The minimum counts."""

_BATCH = 8
_FURTHER = 7
"""Images in a batch on a GPU, and prompts after the first one. Chosen by hand."""

_RUNTIMES: dict[Device, Sequence[str]] = {
    "cpu": ("torch, float32", "torch, bfloat16", "OpenVINO, float32", "OpenVINO, fastest"),
    "cuda": ("torch, float32", "torch, bfloat16"),
}
"""`fastest` is the precision that OpenVINO chooses for the processor."""


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU seconds and elapsed seconds."""

    processor: float
    elapsed: float


def main() -> None:
    """Measures every model with every runtime, and writes the table."""
    from tools.benchmarks import sam2_checkpoints  # noqa: PLC0415 it imports torch

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=sam2_checkpoints.NAMES)
    names = parser.parse_args().names
    device = available_device()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for row in _rows(names, device, Path(folder)):
            rows.append(row)
            sys.stdout.write(" | ".join(row) + "\n")
            sys.stdout.flush()
    headings = ["", "start, s", "first prompt, CPU s", "elapsed, s", "further prompts, CPU s"]
    headings += [f"images a second, {_BATCH} at once"] if device == "cuda" else []
    _write([f"## {_name_of(device)}", "", *table([*headings, "memory, MB"], rows)])


def _rows(names: Sequence[str], device: Device, folder: Path) -> Iterator[list[str]]:
    """Yields a row for each model and runtime, each measured in a process of its own."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, context, max_tasks_per_child=1) as fresh:
        yield fresh.submit(_row, _EMBEDDED, _EMBEDDED, folder, device).result()
        for name in names:
            parameters = fresh.submit(_save, name, folder / name).result() / 1e6
            for runtime in _RUNTIMES[device]:
                title = f"{name} ({parameters:.0f} M parameters): {runtime}"
                yield fresh.submit(_row, title, runtime, folder / name, device).result()


def _save(name: str, folder: Path) -> int:
    from tools.benchmarks import sam2_checkpoints  # noqa: PLC0415 it imports torch

    return sam2_checkpoints.save(name, folder)


def _row(title: str, runtime: str, folder: Path, device: Device) -> list[str]:
    start = time.perf_counter()
    backend = GrabCutBackend() if runtime == _EMBEDDED else _backend(runtime, folder, device)
    _answer(backend, 1)
    started = time.perf_counter() - start
    first = _cost(lambda: _answer(backend, 1))
    several = _cost(lambda: _answer(backend, 1 + _FURTHER))
    further = (several.processor - first.processor) / _FURTHER
    cells = [title, f"{started:.1f}", f"{first.processor:.2f}", f"{first.elapsed:.2f}"]
    cells.append(f"{further:.2f}")
    if device == "cuda":
        batch = _cost(lambda: _answer(backend, 1, images=_BATCH))
        cells.append(f"{_BATCH / batch.elapsed:.1f}")
    return [*cells, f"{_most_memory(device):,.0f}"]


def _backend(runtime: str, folder: Path, device: Device) -> Backend:
    # Imported here, so that torch is not in the memory of a process that runs without it.
    from shared.sam2_server.sam2_backend import Sam2Backend  # noqa: PLC0415
    from shared.sam2_server.settings import Sam2Settings  # noqa: PLC0415
    from shared.segmentation.sam2.contract import SegmenterPart  # noqa: PLC0415

    network = _network(runtime, folder, device)
    return Sam2Backend(network, SegmenterPart(backend="sam2"), Sam2Settings())


def _network(runtime: str, folder: Path, device: Device) -> Network:
    if runtime.startswith("torch"):
        from shared.sam2_server.torch_network import TorchNetwork  # noqa: PLC0415 it imports torch

        return TorchNetwork(folder, device, reduced=runtime.endswith("bfloat16"))
    from shared.sam2_server.openvino_network import OpenVinoNetwork  # noqa: PLC0415 where torch computes, it is not needed

    return OpenVinoNetwork(folder, "f32" if runtime.endswith("float32") else None)


def _answer(backend: Backend, prompts: int, images: int = 1) -> None:
    """Does what the service does with a request: decode, segment, build the JSON."""
    with Pictures.open(io.BytesIO(PICTURE.read_bytes())) as file:
        image = np.asarray(file.convert("RGB"))
    # new digests, so that no embedding is cached
    jobs = [Job(image, os.urandom(8), [PROMPT] * prompts, True) for _ in range(images)]
    answers = [mask_answer(masks, return_prob=False) for masks in backend.segment(jobs)]
    BatchAnswer(images=[answers], segmenter=backend.segmenter).model_dump_json()


def _cost(work: Callable[[], object]) -> Cost:
    """Returns the minima of several runs. Results are on the CPU, so a GPU has finished."""
    costs = []
    for _ in range(_RUNS):
        processor, elapsed = time.process_time(), time.perf_counter()
        work()
        costs.append(Cost(time.process_time() - processor, time.perf_counter() - elapsed))
    return Cost(min(cost.processor for cost in costs), min(cost.elapsed for cost in costs))


def _most_memory(device: Device) -> float:
    """Returns the peak memory in MB, of the GPU or else of this process, which ran one network."""
    if device == "cuda":
        import torch  # noqa: PLC0415 3 GB, needed for a GPU alone

        return float(torch.cuda.max_memory_allocated()) / 2**20
    status = Path("/proc/self/status")  # the other interface counts what came before exec
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20  # macOS: bytes
    (kilobytes,) = re.findall(r"VmHWM:\s+(\d+)", status.read_text())
    return int(kilobytes) / 2**10


def _name_of(device: Device) -> str:
    if device == "cuda":
        import torch  # noqa: PLC0415 3 GB, needed for a GPU alone

        return str(torch.cuda.get_device_name())
    features = ", ".join(sorted(_instructions())) or "no bfloat16"
    return f"{os.cpu_count()} cores of a {platform.machine()} processor ({features})"


def _instructions() -> set[str]:
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
