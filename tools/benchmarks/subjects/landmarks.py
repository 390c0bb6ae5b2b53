"""The landmarks function's work."""

from collections.abc import Sequence
from functools import partial

from shared.gcp.events import Message
from shared.pipeline.landmarks import Landmarks
from shared.schemas.settings import LandmarksSettings
from tools.benchmarks import servers
from tools.benchmarks.costs import Cost, measured


def measure(messages: Sequence[Message]) -> Cost:
    """Measures the function with notifications of equal uploads; returns the cost of one."""
    settings = LandmarksSettings(
        input_bucket=servers.INPUT, output_bucket=servers.OUTPUT, prompts_topic=servers.TOPIC
    )
    handle = Landmarks(settings).handle
    return measured([partial(handle, message) for message in messages])
