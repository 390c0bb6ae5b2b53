"""The inputs of the simulation: measured costs, the sizes in terraform/, list prices."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from tools.support.examples import ROOT

DAY = 86_400


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of upload: its share of all uploads, and its costs.

    `landmarks` and `segmentation` are CPU seconds, `faces` the prompts, `pictures` the images for
    SAM2. `objects` and `stored` are objects and bytes in both buckets, including the upload.
    `message` is the size of its prompts message in bytes.
    """

    title: str
    share: float
    landmarks: float
    segmentation: float
    faces: int
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
    Kind("avatar, 512 x 512", 0.6, *_processor_seconds("Avatar"), 1, 1, 8, 330_000, 8_000),
    Kind("scene of six", 0.3, *_processor_seconds("Scene of six"), 6, 2, 18, 1_000_000,
         40_000),
    Kind("photo of three, 12 megapixels", 0.1, *_processor_seconds("Photo of three"), 3, 3,
         12, 26_000_000, 20_000),
)  # fmt: skip
"""The shares are assumed. The objects follow from the files of a result, the bytes are
estimates."""

_INSTANCE_SECONDS = 2
"""Seconds until a new instance starts its process. Assumed, not measured."""


@dataclass(frozen=True, slots=True)
class Size:
    """The size of a service.

    `concurrency` limits the concurrent requests of an instance, `most` the number of instances. An
    instance computes one request at a time, with all its processors or its GPU. `start` is the
    duration of a start in seconds, `memory` is in GiB. An idle instance is kept for `idle` seconds,
    and charged during them if `billed_idle` is set. Cloud Run keeps idle instances for at most 15
    minutes, with a GPU for at most 10:
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


@dataclass(frozen=True, slots=True)
class Segmenter:
    """What computes the masks.

    `service` is the size of its service; None: the function segmentation computes them. `picture`
    is the seconds for a picture with one prompt, `prompt` those for each further prompt of it.
    """

    title: str
    service: Size | None
    picture: float
    prompt: float

    def seconds(self, kind: Kind) -> float:
        """Returns the seconds for an upload."""
        return kind.pictures * self.picture + (kind.faces - kind.pictures) * self.prompt

    def with_limit(self, most: int) -> Segmenter:
        """Returns the segmenter with another limit of instances."""
        return replace(self, service=replace(self.service, most=most)) if self.service else self


_SAM2_MEASURED = (ROOT / "docs/sam2-performance.md").read_text()
_SAM2_PROCESSORS = 2


def _sam2_row(title: str) -> tuple[float, float, float, float]:
    """Returns a row of docs/sam2-performance.md.

    Seconds: of the start, of the processors and elapsed for a first prompt, of the processors for a
    further one.
    """
    numbers = r" \| ".join([r"([\d.]+)"] * 4)
    (row,) = re.findall(
        rf"^\| {re.escape(title)}[^|]*\| {numbers} \|", _SAM2_MEASURED, re.MULTILINE
    )
    start, processor, elapsed, further = map(float, row)
    return start, processor, elapsed, further


def _on_processors(title: str, row: str) -> Segmenter:
    start, _, elapsed, further = _sam2_row(row)
    size = Size(
        concurrency=2,
        most=4,
        start=_INSTANCE_SECONDS + start,
        processors=_SAM2_PROCESSORS,
        memory=4,
    )
    return Segmenter(title, size, elapsed, further / _SAM2_PROCESSORS)


_, _EMBEDDED_PICTURE, _, _EMBEDDED_PROMPT = _sam2_row("embedded segmenter")
EMBEDDED = Segmenter("embedded segmenter", None, _EMBEDDED_PICTURE, _EMBEDDED_PROMPT)

EDGETAM = _on_processors("EdgeTAM, 2 CPUs", "EdgeTAM (9 M parameters): OpenVINO, float32")
TINY = _on_processors("SAM 2.1 tiny, 2 CPUs", "SAM 2.1 tiny (31 M parameters): OpenVINO, float32")
TINY_REDUCED = _on_processors(
    "SAM 2.1 tiny, 2 CPUs with bfloat16", "SAM 2.1 tiny (31 M parameters): OpenVINO, fastest"
)
"""On Cloud Run's processors. It is not known whether they have instructions for bfloat16."""

LARGE = Segmenter(
    "SAM 2.1 large, an L4",
    Size(
        concurrency=16,
        most=1,
        start=30,
        processors=4,
        memory=16,
        gpu=True,
        idle=600,
        billed_idle=True,
    ),
    0.178,
    0,
)
"""The start of an instance with a GPU takes 5 s, by Cloud Run's documentation. Loading the model
takes 25 s, which is assumed. The seconds for a picture are from the documentation of Roboflow's
inference server; those of further prompts are not known."""

SEGMENTERS = (EMBEDDED, EDGETAM, TINY, TINY_REDUCED, LARGE)


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
