"""What is to go wrong, and how often."""

import argparse
from dataclasses import dataclass, fields


@dataclass(frozen=True)
class Mix:
    """Rates are shares of SAM2's calls, of messages, or of uploads; times are seconds."""

    uploads: int = 1000
    seed: int = 1
    errors: float = 0.2
    limits: float = 0.1
    hangs: float = 0.05
    garbage: float = 0.05
    duplicates: float = 0.1
    overwrites: float = 0.1
    kill_every: float = 5.0
    broker_restarts: int = 1
    storage_outage: float = 5.0

    @classmethod
    def from_arguments(cls) -> "Mix":
        """From the command line: each field is an option."""
        parser = argparse.ArgumentParser(description="Chaos on the local stack.")
        for field in fields(cls):
            kind = type(field.default)
            option = "--" + field.name.replace("_", "-")
            parser.add_argument(option, type=kind, default=field.default, help=f"{field.default}")
        return cls(**vars(parser.parse_args()))
