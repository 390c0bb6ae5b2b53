"""Segmenters that run in this process."""

from collections.abc import Callable, Iterable, Sequence

from shared import VERSION
from shared.imaging.geometry import Image
from shared.runtime import tracing
from shared.runtime.deadline import Deadline
from shared.schemas.documents import SegmenterVersion
from shared.schemas.prompt import Prompt
from shared.segmentation.backends.base import CandidateMasks
from shared.segmentation.mask_selection import Candidate


class EmbeddedSegmenter:
    """Calls a function with each prompt and its crop."""

    batch = 1
    parallel = 1

    def __init__(
        self, name: str, candidates: Callable[[Image, Prompt], Iterable[Candidate]]
    ) -> None:
        self._version = SegmenterVersion(name, VERSION)
        self._candidates = candidates

    def segment(
        self, image: Image, prompts: Sequence[Prompt], deadline: Deadline, *, multimask: bool
    ) -> list[CandidateMasks]:
        """Returns the function's candidates for each prompt. The deadline is not used."""
        del deadline, multimask
        with tracing.span(self._version.name):
            return [
                CandidateMasks(
                    self._version, list(self._candidates(image[prompt.crop.slices], prompt))
                )
                for prompt in prompts
            ]

    def version(self, deadline: Deadline) -> SegmenterVersion:
        """Returns the name with toonmask's version as its revision."""
        del deadline
        return self._version
