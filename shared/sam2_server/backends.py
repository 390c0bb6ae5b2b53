"""What computes masks in the service: real SAM2, or the embedded segmenter."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol

from shared import VERSION
from shared.sam2_server.job import Job
from shared.sam2_server.settings import Sam2Settings
from shared.schemas.box import Box
from shared.segmentation.backends import grabcut
from shared.segmentation.sam2.answers import ScoredMask
from shared.segmentation.sam2.contract import SegmenterPart, scored


class Backend(Protocol):
    """Safe to share between threads."""

    @property
    def segmenter(self) -> SegmenterPart:
        """What computes the masks, as answers name it."""
        ...

    def segment(self, jobs: Sequence[Job]) -> Iterator[Iterable[ScoredMask]]:
        """For each prompt of each job, in order, at least one mask of the picture's size.

        One mask after the other: those of a large request would not fit into memory together.
        """
        ...


class GrabCutBackend:
    """The embedded segmenter: no weights, no GPU."""

    segmenter = SegmenterPart(backend="grabcut", revision=VERSION)

    def segment(self, jobs: Sequence[Job]) -> Iterator[Iterable[ScoredMask]]:
        """Masks of certainties."""
        for job in jobs:
            for prompt in job.prompts:
                box = Box(*(round(edge) for edge in prompt.box)) if prompt.box else None
                masks = grabcut.segment(job.image, prompt.points, box, multimask=job.multimask)
                yield map(scored, masks)


def load(settings: Sam2Settings) -> Backend:
    """The backend that is set, ready to answer."""
    return _BACKENDS[settings.sam2_backend](settings)


def _load_sam2(settings: Sam2Settings) -> Backend:
    # Imported here: torch and transformers are installed with the dependency group `model` alone.
    from shared.sam2_server.model import Sam2Backend  # noqa: PLC0415

    backend = Sam2Backend(settings)
    backend.warm_up()
    return backend


_BACKENDS: dict[str, Callable[[Sam2Settings], Backend]] = {
    "grabcut": lambda _: GrabCutBackend(),
    "sam2": _load_sam2,
}
