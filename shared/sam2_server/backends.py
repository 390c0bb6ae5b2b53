"""The backends that compute masks in the service: real SAM2, and the embedded segmenter."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Protocol

from shared import VERSION
from shared.imaging.geometry import polygon_of
from shared.sam2_server.job import Job
from shared.sam2_server.settings import Sam2Settings
from shared.schemas.box import Box
from shared.segmentation.backends.embedded_masks import EmbeddedMasks
from shared.segmentation.sam2.answers import ScoredMask
from shared.segmentation.sam2.contract import SegmenterPart, scored

_LEAST_VERTICES = 3
"""Of a polygon."""


class Backend(Protocol):
    """Computes masks. Safe to share between threads."""

    @property
    def segmenter(self) -> SegmenterPart:
        """The segmenter, as responses name it."""
        ...

    def segment(self, jobs: Sequence[Job]) -> Iterator[Iterable[ScoredMask]]:
        """Yields the masks for each prompt of each job, in order: at least one for each prompt.

        Masks have the size of the job's image. They are computed one at a time, because all masks
        of a large request would not fit into memory.
        """
        ...


class GrabCutBackend:
    """The embedded segmenter: no weights, no GPU."""

    segmenter = SegmenterPart(backend="grabcut", revision=VERSION)

    def __init__(self) -> None:
        self._masks = EmbeddedMasks()

    def segment(self, jobs: Sequence[Job]) -> Iterator[Iterable[ScoredMask]]:
        """Yields masks with the probabilities 0 and 1."""
        for job in jobs:
            for prompt in job.prompts:
                box = Box(*(round(edge) for edge in prompt.box)) if prompt.box else None
                outline = (
                    polygon_of(prompt.outline) if len(prompt.outline) >= _LEAST_VERTICES else None
                )
                masks = self._masks.segment(job.image, prompt.points, box, outline)
                yield map(scored, islice(masks, None if job.multimask else 1))


def load(settings: Sam2Settings) -> Backend:
    """Returns the configured backend, ready to use."""
    return _BACKENDS[settings.sam2_backend](settings)


def _load_sam2(settings: Sam2Settings) -> Backend:
    # Imported here, because only a dependency group of its own installs what it needs.
    from shared.sam2_server import sam2_backend  # noqa: PLC0415

    return sam2_backend.load(settings)


_BACKENDS: dict[str, Callable[[Sam2Settings], Backend]] = {
    "grabcut": lambda _: GrabCutBackend(),
    "sam2": _load_sam2,
}
