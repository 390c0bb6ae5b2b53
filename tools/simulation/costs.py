"""Calculates the cost of a simulated day, in dollars."""

from collections.abc import Sequence

from tools.simulation.figures import PRICES, Kind
from tools.simulation.simulation import Run, Service

_LEAST_MESSAGE = 1_000
"""Minimum size of a message that Pub/Sub charges for, in bytes:
https://cloud.google.com/pubsub/pricing."""

_NOTIFICATION = 1_500
"""Size of a bucket notification, in bytes. An estimate: object names differ in length."""

_READS = 2
"""Reads of each upload: one by each function."""


def bill(run: Run) -> dict[str, float]:
    """Returns the cost by purpose. Storage is charged for a month."""
    uploads = run.uploads
    return {
        "landmarks": _compute(run.landmarks),
        "segmentation": _compute(run.segmentation),
        "SAM2": _compute(run.sam2) if run.sam2 else 0.0,
        "requests": 2 * len(uploads) / 1e6 * PRICES.million_requests,
        "messages": _messages(uploads),
        "writing objects": sum(kind.objects for kind in uploads) / 1e3 * PRICES.thousand_writes,
        "reading objects": _READS * len(uploads) / 1e3 * PRICES.thousand_reads,
        "a month of storage": sum(kind.stored for kind in uploads) / 1e9 * PRICES.gigabyte_month,
    }


def _compute(service: Service) -> float:
    size = service.size
    if size.billed_idle:
        processor, memory = PRICES.idle_processor_second, PRICES.idle_memory_second
    else:
        processor, memory = PRICES.processor_second, PRICES.memory_second
    second = size.processors * processor + size.memory * memory + size.gpu * PRICES.gpu_second
    return service.paid_seconds * second


def _messages(uploads: Sequence[Kind]) -> float:
    """Returns the cost of messages. On both hops, each is published once and delivered once."""
    sizes = (_NOTIFICATION + max(kind.message, _LEAST_MESSAGE) for kind in uploads)
    return 2 * sum(sizes) / 2**40 * PRICES.tebibyte_of_messages
