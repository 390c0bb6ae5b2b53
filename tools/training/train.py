"""`make train`: trains a network, or continues a run that was interrupted, and exports it."""

from __future__ import annotations

import argparse
import math
import shutil
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from tools.training import journal
from tools.training.detection_task import DetectionTask
from tools.training.export import smallest_bytes
from tools.training.journal import Position
from tools.training.models import write
from tools.training.parsing.task import ParsingTask
from tools.training.paths import SPRITES, WORK
from tools.training.sources import Sources, split
from tools.training.state import LEARNING_RATE, State
from tools.training.stream import Round, TileStream
from tools.training.task import Evaluator, Task
from tools.training.variation import varied

TASKS: dict[str, type[Task]] = {"drawn-face": DetectionTask, "face-parsing": ParsingTask}
WARM_UP = 200
"""Steps in which the learning rate rises: before, the averages of BatchNorm and AdamW are noise."""
FINAL_RATE = 0.005
"""Of the learning rate, at the end of the cosine."""
LARGEST_GRADIENT = 5.0
"""A longer gradient is shortened: a batch with an odd tile must not undo many others."""
CHECKPOINT_SECONDS = 45
"""What a killed run loses at most, with a round of some seconds."""
EVALUATION_SECONDS = 600
CHECKPOINT = "checkpoint.pt"


@dataclass(frozen=True, slots=True)
class Budget:
    """A run ends after so many minutes of training, or samples, whichever is first."""

    minutes: float
    samples: float

    def used(self, state: State) -> float:
        """From 0 to 1."""
        return min(1, max(state.seconds / 60 / self.minutes, state.samples / self.samples))


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """A training of a task within a budget. Its files are in `folder`."""

    task: Task
    evaluate: Evaluator
    budget: Budget
    folder: Path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", choices=TASKS)
    parser.add_argument("--minutes", type=float, default=150)
    parser.add_argument("--samples", type=float, default=math.inf)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=1, help="processes that draw tiles")
    arguments = parser.parse_args()
    try:
        training, validation = split(SPRITES)
    except ValueError as error:
        sys.exit(str(error))
    task = TASKS[arguments.model]()
    folder: Path = WORK / arguments.model
    if not (folder / CHECKPOINT).exists():  # a new run: the tiles may be of other sprites or code
        shutil.rmtree(folder, ignore_errors=True)
    device = best_device()
    budget = Budget(arguments.minutes, arguments.samples)
    run = Run(task, task.evaluator(validation, device), budget, folder)
    train_and_export(run, training, State(task.network, arguments.seed, device), arguments.workers)
    sys.stdout.write(f"The model is {task.file}.\n")


def best_device() -> torch.device:
    """An accelerator, if torch finds one."""
    return torch.accelerator.current_accelerator(check_available=True) or torch.device("cpu")


def train_and_export(
    run: Run, sources: Sources, state: State, workers: int = 1, file: Path | None = None
) -> None:
    """Trains, or continues, and writes the model into `file`, by default that of the task."""
    task, folder = run.task, run.folder
    folder.mkdir(parents=True, exist_ok=True)
    with TileStream(task.composer, sources, state.seed, folder / "tiles", workers) as stream:
        train(run, state, stream)
    (folder / CHECKPOINT).unlink(missing_ok=True)  # so the next run is a new one
    write(file or task.file, smallest_bytes(state.average.cpu(), task.side, task.outputs))


def train(run: Run, state: State, stream: TileStream) -> None:
    """Trains until the budget is used up. Continues from the run's checkpoint, if any."""
    task, budget, folder, seed = run.task, run.budget, run.folder, state.seed
    if (folder / CHECKPOINT).exists():
        state.restore(folder / CHECKPOINT)
        if state.seed != seed:
            sys.exit(f"The interrupted run has the seed {state.seed}. Use it, or delete {folder}.")
    shares = torch.tensor(list(task.shares.values()), device=state.device)
    saved = evaluated = state.seconds
    means = np.zeros(len(shares))
    columns = TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn()
    with Progress(*columns, speed_estimate_period=600) as progress:
        bar = progress.add_task("", total=1.0)
        while budget.used(state) < 1:
            tiles = stream.round(state.round)
            means += (_train_round(task, state, tiles, shares, budget) - means) * 0.2
            shown = dict(zip(task.shares, means.tolist(), strict=True))
            text = " ".join(f"{name} {value:.3f}" for name, value in shown.items())
            progress.update(
                bar, completed=budget.used(state), description=f"{state.samples:,} samples, {text}"
            )
            over = budget.used(state) >= 1
            if over or state.seconds - evaluated > EVALUATION_SECONDS:
                evaluated = state.seconds
                at = Position(state.samples, state.seconds)
                journal.record(folder, at, shown, run.evaluate(state.average), task.title)
            if over or state.seconds - saved > CHECKPOINT_SECONDS:
                saved = state.seconds
                state.save(folder / CHECKPOINT)


def _train_round(
    task: Task, state: State, tiles: Round, shares: torch.Tensor, budget: Budget
) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """The mean losses of the round, in the order of the task's shares."""
    state.network.train()
    started = time.monotonic()
    rng = np.random.default_rng((state.seed, state.round, 1))
    values = []
    for chosen in tiles.batches(task.batch):
        for group in state.optimiser.param_groups:
            group["lr"] = _learning_rate(state.steps, budget.used(state))
        varied_tiles = varied(chosen, task.mirrored, rng)
        losses = task.losses(state.network, varied_tiles, state.device)
        state.optimiser.zero_grad()
        (losses * shares).sum().backward()
        torch.nn.utils.clip_grad_norm_(state.network.parameters(), LARGEST_GRADIENT)
        state.optimiser.step()
        state.steps += 1
        state.samples += len(chosen)
        state.update_average()
        values.append(losses.detach())
    state.round += 1
    state.seconds += time.monotonic() - started
    return torch.stack(values).mean(0).double().cpu().numpy()


def _learning_rate(step: int, used: float) -> float:
    cosine = 0.5 + 0.5 * math.cos(math.pi * used)
    return LEARNING_RATE * min(1, (step + 1) / WARM_UP) * (FINAL_RATE + (1 - FINAL_RATE) * cosine)


if __name__ == "__main__":
    main()
