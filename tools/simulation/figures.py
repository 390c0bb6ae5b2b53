"""What the simulation starts from: measured costs, the sizes of terraform/, list prices."""

import re
from dataclasses import dataclass

from tools.support.examples import ROOT

DAY = 86_400


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of upload: its share of all, and what one of them costs.

    Processor seconds of both functions; pictures that SAM2 sees; objects and bytes in both buckets,
    the upload's included; bytes of its messages.
    """

    title: str
    share: float
    landmarks: float
    segmentation: float
    pictures: int
    objects: int
    stored: int
    message: int


_MEASURED = (ROOT / "docs/performance.md").read_text()


def _processor_seconds(title: str) -> tuple[float, float]:
    """Of landmarks and of segmentation, for the image of this title in docs/performance.md."""
    _, _, section = _MEASURED.partition(f"\n### {title}")
    landmarks, segmentation = re.findall(r"^\| ours: \w+ \| ([\d.]+)", section, re.MULTILINE)[:2]
    return float(landmarks), float(segmentation)


def _start_seconds(function: str) -> float:
    """From the start of its process to its first answer, as docs/performance.md has it."""
    (seconds,) = re.findall(rf"^\| {function} \| ([\d.]+) \| \*\*", _MEASURED, re.MULTILINE)
    return float(seconds)


MIX = (
    Kind("avatar, 512 x 512", 0.6, *_processor_seconds("Avatar"), 1, 8, 330_000, 8_000),
    Kind("scene of six", 0.3, *_processor_seconds("Scene of six"), 2, 18, 1_000_000, 40_000),
    Kind("photo of three, 12 megapixels", 0.1, *_processor_seconds("Photo of three"), 3, 12,
         26_000_000, 20_000),
)  # fmt: skip
"""The shares are assumed."""

_INSTANCE_SECONDS = 2
"""Assumed: for an instance to come up before its process starts."""


@dataclass(frozen=True, slots=True)
class Size:
    """Of a service: requests at a time, most instances, seconds of a start; what an instance has.

    `idle` are the seconds for which an instance that has nothing to do is kept and, where
    `billed_idle`, paid.
    """

    concurrency: int
    most: int
    start: float
    processors: int
    memory: float
    gpu: bool = False
    idle: float = 900
    billed_idle: bool = False


LANDMARKS = Size(
    concurrency=1,
    most=20,
    start=_INSTANCE_SECONDS + _start_seconds("landmarks"),
    processors=1,
    memory=2,
)
SEGMENTATION = Size(
    concurrency=4,
    most=20,
    start=_INSTANCE_SECONDS + _start_seconds("segmentation"),
    processors=1,
    memory=2,
)
SAM2 = Size(
    concurrency=16, most=3, start=30, processors=4, memory=16, gpu=True, idle=600, billed_idle=True
)
"""Sizes as terraform/ has them. The GPU's start: 5 s (Cloud Run's documentation), and 25 s assumed
for loading the model."""

PICTURE_SECONDS = 0.178
"""SAM2 large on an L4, one picture: Roboflow's documentation of its inference server."""


@dataclass(frozen=True, slots=True)
class Prices:
    """Dollars."""

    processor_second: float
    memory_second: float
    idle_processor_second: float
    idle_memory_second: float
    gpu_second: float
    million_requests: float
    tebibyte_of_messages: float
    thousand_writes: float
    thousand_reads: float
    gigabyte_month: float


PRICES = Prices(
    processor_second=0.000_024,
    memory_second=0.000_002_5,
    idle_processor_second=0.000_018,
    idle_memory_second=0.000_002,
    gpu_second=0.67 / 3600,
    million_requests=0.40,
    tebibyte_of_messages=40,
    thousand_writes=0.005,
    thousand_reads=0.000_4,
    gigabyte_month=0.020,
)
"""List prices of Iowa (us-central1) without free tiers and discounts, as published by October 2026:
https://cloud.google.com/run/pricing (request-based billing for functions, instance-based for what
has a GPU, without zonal redundancy), https://cloud.google.com/pubsub/pricing,
https://cloud.google.com/storage/pricing."""
