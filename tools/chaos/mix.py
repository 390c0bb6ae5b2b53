"""What is to go wrong, and how often."""

import argparse
import time
from dataclasses import dataclass, field, fields

_SURE = 10
"""Expected times of what is sure to happen at least once."""


def _from_the_clock() -> int:
    return time.time_ns() // 1_000_000 % 10**9


@dataclass(frozen=True)
class Mix:
    """Rates are shares of SAM2's calls, of messages, or of uploads.

    `kill_every`, `storage_outage` and `disk_full` are seconds; the rest are counts.
    """

    uploads: int = 1000
    seed: int = field(default_factory=_from_the_clock)
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
        """What must have been injected in a run of this length, by parts of its names.

        Of what is left to chance, that which fails to come once in 10,000 runs at most.
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
            "a day late": self.overwrites * bool(self.late),
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
        likely = [name for name, rate in by_chance.items() if rate * self.uploads >= _SURE]
        return likely + [name for name, wanted in always.items() if wanted]

    @classmethod
    def from_arguments(cls) -> "Mix":
        """From the command line: each field is an option."""
        parser = argparse.ArgumentParser(description="Chaos on the local stack.")
        usual = cls()
        for one in fields(cls):
            default = getattr(usual, one.name)
            option = "--" + one.name.replace("_", "-")
            parser.add_argument(option, type=type(default), default=default, help=f"{default}")
        return cls(**vars(parser.parse_args()))
