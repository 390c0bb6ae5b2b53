"""The segmentation function's work."""

import os
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from shared.messages import Message
from shared.segmenters import choice
from shared.segmenting import Segmentation
from shared.settings import SegmentationSettings
from tests.benchmarks import servers
from tests.benchmarks.costs import Cost, measured


def measure(documents: Sequence[bytes]) -> Cost:
    """Of one of these prompts.json, which are all the same."""
    settings = SegmentationSettings(
        input_bucket=servers.INPUT,
        output_bucket=servers.OUTPUT,
        sam2_provider="toonmask",
        sam2_url=f"{os.environ[servers.SAM2]}/v1/segment",
        sam2_auth="none",
    )
    handle = Segmentation(settings, choice.primary(settings), choice.fallback(settings)).handle
    servers.sent()
    cost = measured([partial(handle, Message(document, {})) for document in documents])
    return replace(cost, sent=servers.sent() // len(documents))
