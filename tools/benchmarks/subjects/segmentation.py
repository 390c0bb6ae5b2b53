"""The segmentation function's work."""

import os
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from shared.gcp.events import Message
from shared.pipeline.segmentation import Segmentation
from shared.schemas.settings import SegmentationSettings
from shared.segmentation.backends import factory
from tools.benchmarks import servers
from tools.benchmarks.costs import Cost, measured


def measure(documents: Sequence[bytes]) -> Cost:
    """Measures the function with equal prompts.json documents; returns the cost of one."""
    settings = SegmentationSettings(
        input_bucket=servers.INPUT,
        output_bucket=servers.OUTPUT,
        sam2_provider="toonmask",
        sam2_url=f"{os.environ[servers.SAM2]}/v1/segment",
        sam2_auth="none",
    )
    handle = Segmentation(settings, factory.primary(settings), factory.fallback(settings)).handle
    servers.sent()
    cost = measured([partial(handle, Message(document, {})) for document in documents])
    return replace(cost, sent=servers.sent() // len(documents))
