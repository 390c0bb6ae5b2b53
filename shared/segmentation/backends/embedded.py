"""Segmenters that run in this process."""

from collections.abc import Callable, Sequence

from shared import VERSION
from shared.imaging.geometry import Image
from shared.runtime.deadline import Deadline
from shared.schemas.documents import SegmenterVersion
from shared.schemas.prompt import Prompt
from shared.segmentation.backends.base import Answer, Answered
from shared.segmentation.masks import Candidate


class EmbeddedSegmenter:
    """Hands each prompt with its crop to a function."""

    batch = 1
    parallel = 1

    def __init__(self, name: str, candidates: Callable[[Image, Prompt], list[Candidate]]) -> None:
        self._version = SegmenterVersion(name, VERSION)
        self._candidates = candidates

    def segment(
        self, image: Image, prompts: Sequence[Prompt], deadline: Deadline, *, multimask: bool
    ) -> list[Answer]:
        """What the function gives for each; nothing here waits."""
        del deadline, multimask
        return [
            Answered(self._version, self._candidates(image[prompt.crop.slices], prompt))
            for prompt in prompts
        ]

    def version(self, deadline: Deadline) -> SegmenterVersion:
        """Always the same; its revision is toonmask's own."""
        del deadline
        return self._version
