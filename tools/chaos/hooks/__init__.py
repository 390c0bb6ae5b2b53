"""Names of the faults in a process whose PYTHONPATH has this folder; see sitecustomize.py."""

from pathlib import Path

FOLDER = Path(__file__).parent
ROOT = FOLDER.parent.parent.parent

CLOCK, CLOCK_AFTER, DISK_FULL = "CHAOS_CLOCK", "CHAOS_CLOCK_AFTER", "CHAOS_DISK_FULL"
JUMPED = "chaos: the clock jumped"
