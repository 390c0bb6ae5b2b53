"""Segmenters that run in this process."""

from collections.abc import Callable, Sequence

from shared import VERSION
from shared.deadline import Deadline
from shared.documents import SegmenterVersion
from shared.geometry import Image
from shared.masks import Candidate
from shared.prompts import Prompt
from shared.segmenters import Answer, Answered


class EmbeddedSegmenter:
    """Hands each prompt with its crop to a function."""

    batch = 1
    parallel = 1

    def __init__(self, name: str, candidates: Callable[[Image, Prompt], list[Candidate]]) -> None:
        self._version = SegmenterVersion(name, VERSION)
        self._candidates = candidates

    def segment(self, image: Image, prompts: Sequence[Prompt], deadline: Deadline) -> list[Answer]:
        """What the function gives for each; nothing here waits."""
        del deadline
        return [
            Answered(self._version, self._candidates(image[prompt.crop.slices], prompt))
            for prompt in prompts
        ]

    def version(self, deadline: Deadline) -> SegmenterVersion:
        """Always the same; its revision is toonmask's own."""
        del deadline
        return self._version
