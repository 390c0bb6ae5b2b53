"""The inputs of the simulation: measured costs, the sizes in terraform/, list prices."""

import re
from dataclasses import dataclass

from tools.support.examples import ROOT

DAY = 86_400


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of upload: its share of all uploads, and its costs.

    `landmarks` and `segmentation` are CPU seconds, `pictures` the images for SAM2. `objects` and
    `stored` are objects and bytes in both buckets, including the upload. `message` is the size of
    its prompts message in bytes.
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
    """Returns the CPU seconds of landmarks and segmentation for an image in docs/performance.md."""
    _, _, section = _MEASURED.partition(f"\n### {title}")
    landmarks, segmentation = re.findall(r"^\| ours: \w+ \| ([\d.]+)", section, re.MULTILINE)[:2]
    return float(landmarks), float(segmentation)


def _start_seconds(function: str) -> float:
    """Returns the seconds from a process's start to its first response, by docs/performance.md."""
    (seconds,) = re.findall(rf"^\| {function} \| ([\d.]+) \| \*\*", _MEASURED, re.MULTILINE)
    return float(seconds)


MIX = (
    Kind("avatar, 512 x 512", 0.6, *_processor_seconds("Avatar"), 1, 8, 330_000, 8_000),
    Kind("scene of six", 0.3, *_processor_seconds("Scene of six"), 2, 18, 1_000_000, 40_000),
    Kind("photo of three, 12 megapixels", 0.1, *_processor_seconds("Photo of three"), 3, 12,
         26_000_000, 20_000),
)  # fmt: skip
"""The shares are assumed. The objects follow from the files of a result, the bytes are
estimates."""

_INSTANCE_SECONDS = 2
"""Seconds until a new instance starts its process. Assumed, not measured."""


@dataclass(frozen=True, slots=True)
class Size:
    """The size of a service.

    `concurrency` limits the concurrent requests of an instance, `most` the number of instances.
    `start` is the duration of a start in seconds, `memory` is in GiB. An idle instance is kept for
    `idle` seconds, and charged during them if `billed_idle` is set. Cloud Run keeps idle instances
    for at most 15 minutes, with a GPU for at most 10:
    https://cloud.google.com/run/docs/about-instance-autoscaling.
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
    most=5,
    start=_INSTANCE_SECONDS + _start_seconds("landmarks"),
    processors=1,
    memory=2,
)
SEGMENTATION = Size(
    concurrency=4,
    most=3,
    start=_INSTANCE_SECONDS + _start_seconds("segmentation"),
    processors=1,
    memory=2,
)
SAM2 = Size(
    concurrency=16, most=1, start=30, processors=4, memory=16, gpu=True, idle=600, billed_idle=True
)
"""The sizes are the defaults of terraform/. The start of an instance with a GPU takes 5 s, by Cloud
Run's documentation. Loading the model takes 25 s, which is assumed."""

PICTURE_SECONDS = 0.178
"""Seconds for an image by SAM2 large on an L4, from the documentation of Roboflow's inference
server."""


@dataclass(frozen=True, slots=True)
class Prices:
    """Prices in dollars. Memory is per GiB."""

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
"""List prices of Iowa (us-central1) in October 2026, without free tiers and discounts:
https://cloud.google.com/run/pricing (request-based billing for functions; instance-based billing
without zonal redundancy for the GPU), https://cloud.google.com/pubsub/pricing,
https://cloud.google.com/storage/pricing."""
