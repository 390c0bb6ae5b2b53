"""The configuration of faults: which ones, and how often."""

import argparse
import time
from dataclasses import dataclass, field, fields

_LEAST_EXPECTED = 10
"""A fault with at least this expected number must occur. By the Poisson distribution, it is missing
in one of 20,000 runs."""


def _seed_from_clock() -> int:
    return time.time_ns() // 1_000_000 % 10**9


@dataclass(frozen=True)
class Mix:
    """The faults of a run.

    Numbers with a fraction are shares of SAM2's calls, of messages, or of uploads, except
    `kill_every`, `storage_outage` and `disk_full`, which are seconds. The others are counts.
    """

    uploads: int = 1000
    seed: int = field(default_factory=_seed_from_clock)
    errors: float = 0.2
    limits: float = 0.1
    hangs: float = 0.05
    garbage: float = 0.05
    swaps: float = 0.03
    duplicates: float = 0.1
    twins: float = 0.05
    late: int = 1
    overwrites: float = 0.1
    truncated: float = 0.05
    kill_every: float = 10.0
    broker_restarts: int = 1
    storage_outage: float = 5.0
    disk_full: float = 5.0
    memory_limits: int = 2
    metadata_troubles: int = 1
    clock_jumps: int = 2
    upgrades: int = 1

    def demanded(self, seconds: float) -> list[str]:
        """Returns parts of the names of all faults that must occur in a run of this duration.

        Random faults are included only if they are very likely to occur.
        """
        by_chance = {
            "SAM2: 500": self.errors,
            "SAM2: 429": self.limits,
            "SAM2: hang": self.hangs,
            "SAM2: garbage": self.garbage,
            "SAM2: another's masks": self.swaps,
            "messages duplicated": self.duplicates,
            "messages pushed twice": self.twins,
            "overwritten": self.overwrites,
            "cut off": self.truncated,
            "sent late": self.overwrites * bool(self.late),
            "killed": seconds / self.kill_every / self.uploads if self.kill_every else 0,
        }
        always = {
            "broker killed": self.broker_restarts,
            "503 of storage": self.storage_outage,
            "disk full": self.disk_full,
            "out of memory": self.memory_limits,
            "metadata server refused": self.metadata_troubles,
            "metadata server slow": self.metadata_troubles,
            "metadata server an hour": self.metadata_troubles,
            "tokens refused": self.metadata_troubles,
            "clock jumped": self.clock_jumps,
            "upgraded": self.upgrades,
        }
        likely = [
            name for name, rate in by_chance.items() if rate * self.uploads >= _LEAST_EXPECTED
        ]
        return likely + [name for name, wanted in always.items() if wanted]

    @classmethod
    def from_arguments(cls) -> "Mix":
        """Parses the command line. Each field is an option."""
        parser = argparse.ArgumentParser(description="Injects faults into the local stack.")
        defaults = cls()
        for item in fields(cls):
            default = getattr(defaults, item.name)
            option = "--" + item.name.replace("_", "-")
            parser.add_argument(option, type=type(default), default=default, help=f"{default}")
        return cls(**vars(parser.parse_args()))
