"""Where training keeps its files. Git ignores the folder; `make clean` deletes it."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WORK = ROOT / ".toonmask" / "training"
SPRITES = WORK / "sprites"
"""Beside it, each network has a folder with the checkpoint, evaluations, curves and tiles of its
current run."""
