"""What each kind of data buys: trains the drawn-face network without it.

`python -m tools.training.ablation`, with the environment of training, trains six networks for a
short time each: with all data, again with another seed, and without each group of sprites. Their
files are in `.toonmask/training/ablation`; `python -m tools.evaluation.networks` compares them. A
network whose file exists is not trained again, and an interrupted training continues.
"""

from __future__ import annotations

import argparse
import math
import shutil
import sys

from tools.training.detection_task import DetectionTask
from tools.training.paths import SPRITES, WORK
from tools.training.sources import GROUPS, split
from tools.training.state import State
from tools.training.train import Budget, Run, best_device, train_and_export

_FOLDER = WORK / "ablation"

_VARIANTS: dict[str, tuple[str | None, int]] = {
    "all": (None, 0),
    **{f"no-{group}": (group, 0) for group in GROUPS},
    "all-again": (None, 1),
}
"""By name: what is left out, and the seed."""


def main() -> None:
    """Trains the networks that have no file yet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=240_000, help="that each network sees")
    samples = parser.parse_args().samples
    task = DetectionTask()
    device = best_device()
    evaluate = task.evaluator(split(SPRITES)[1], device)
    for name, (group, seed) in _VARIANTS.items():
        file = _FOLDER / f"{name}.onnx.base64"
        if file.exists():
            continue
        training, _ = split(SPRITES, group)
        run = Run(task, evaluate, Budget(math.inf, samples), _FOLDER / name)
        train_and_export(run, training, State(task.network, seed, device), file=file)
        shutil.rmtree(run.folder / "tiles")
        sys.stdout.write(f"{name}: {file}\n")


if __name__ == "__main__":
    main()
