"""python -m tools.benchmarks.soak --images 5000: measures memory while it processes many images.

It runs the complete local system. The exit code is 1 if the memory of a function keeps growing.
"""

import argparse
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np

from local import stack
from local.stack import Stack
from shared.imaging import png
from tools.benchmarks import pictures
from tools.benchmarks.processes import resident
from tools.benchmarks.report import table
from tools.support.pipeline import await_results, put

_BATCH = 100
"""Images between two measurements. Chosen by hand."""

_SETTLED = 0.2
"""Share of the images after which memory must be constant. Before that, caches and heaps fill.
Chosen by hand."""

_MOST_GROWTH = 10.0
"""Limit for the growth of memory, in MB per 1,000 images. Chosen by hand: a lower limit fails by
noise, a higher one hides small leaks."""

_FUNCTIONS = ("landmarks", "segmentation", "sam2")


def main() -> None:
    """Prints a line for each batch, then a table with the growth."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=5000)
    batches = parser.parse_args().images // _BATCH
    memory: list[list[float]] = []
    with (
        tempfile.TemporaryDirectory() as root,
        stack.running(Path(root), {}, "embedded") as system,
    ):
        for batch in range(batches):
            _run(system, batch)
            memory.append([resident(system.processes.group(name)) for name in _FUNCTIONS])
            usage = ", ".join(
                f"{name} {used:.0f} MB" for name, used in zip(_FUNCTIONS, memory[-1], strict=True)
            )
            sys.stdout.write(f"{(batch + 1) * _BATCH:>6} images: {usage}\n")
            sys.stdout.flush()
    settled = np.array(memory[round(_SETTLED * batches) :])
    thousands = np.arange(len(settled)) * _BATCH / 1000
    slopes = np.polyfit(thousands, settled, 1)[0]
    rows = [
        [name, f"{settled[0, column]:.0f}", f"{settled[-1, column]:.0f}", f"{slopes[column]:.2f}"]
        for column, name in enumerate(_FUNCTIONS)
    ]
    headings = ["all workers of", "MB when settled", "MB at the end", "MB per 1,000 images"]
    sys.stdout.write("\n".join(table(headings, rows)))
    sys.exit(bool((slopes > _MOST_GROWTH).any()))


def _run(system: Stack, batch: int) -> None:
    """Processes a batch of avatars. Each is different, so that no cache helps."""
    avatar = pictures.avatar()
    names = [f"{batch:04}/{number:03}.png" for number in range(_BATCH)]
    files = [png.encode_array(np.roll(avatar, batch * _BATCH + n, axis=1)) for n in range(_BATCH)]
    with ThreadPoolExecutor(4) as pool:
        upload = partial(put, system)
        generations = {
            name: generation
            for found in pool.map(upload, names, files)
            for name, generation in found.items()
        }
    await_results(system, generations)
    for bucket in (stack.INPUT_BUCKET, stack.OUTPUT_BUCKET):
        for blob in system.storage.list_blobs(bucket, prefix=f"{batch:04}/"):
            blob.delete()


if __name__ == "__main__":
    main()
