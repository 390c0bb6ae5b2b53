"""The figures of each evaluation, one line a run, so that a step back is seen."""

import datetime
import subprocess
from dataclasses import dataclass
from pathlib import Path

_END = "<!-- /history -->"


@dataclass(frozen=True, slots=True)
class Figures:
    """Shares of 1, over a complete set of images."""

    recall: float
    iou: float
    extra_boxes_per_image: float
    false_alarms: float


def append(file: Path, evaluated: str, figures: Figures) -> None:
    """Adds a row to the table that ends at `<!-- /history -->` in a Markdown file.

    Raises:
        ValueError: the file has no such mark.
    """
    before, end, after = file.read_text().partition(_END)
    if not end:
        raise ValueError(f"{file} has no {_END}")
    numbers = figures.recall, figures.iou, figures.extra_boxes_per_image, figures.false_alarms
    cells = [f"{datetime.date.today()}", _commit(), evaluated, *(f"{n:.3f}" for n in numbers)]
    file.write_text(f"{before}| {' | '.join(cells)} |\n{end}{after}")


def _commit() -> str:
    """The commit that is evaluated, with `+` if files have changed since; without Git, nothing."""
    command = ["git", "describe", "--always", "--dirty=+", "--abbrev=8"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return ""
    return done.stdout.strip()
