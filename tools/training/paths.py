"""Where training keeps its files. Git ignores the folder; `make clean` deletes it."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WORK = ROOT / ".toonmask" / "training"
SPRITES = WORK / "sprites"
TILES = WORK / "tiles"
RUN = WORK / "run"
"""The checkpoint, evaluations and curves of the current run."""
