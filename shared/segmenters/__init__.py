"""What turns prompts into candidate masks: one small module per backend."""

from collections.abc import Sequence
from typing import Protocol, TypeAlias

from shared.deadline import Deadline
from shared.documents import Segmenter as SegmenterName
from shared.errors import Permanent
from shared.geometry import Image
from shared.masks import Candidate
from shared.prompts import Prompt

Answer: TypeAlias = list[Candidate] | Permanent
"""To one prompt: candidate masks of the size of its crop, or why there never will be any."""


class Segmenter(Protocol):
    """A backend.

    `batch` is the most prompts that one call takes, `parallel` the most calls at a time.
    """

    @property
    def name(self) -> SegmenterName:
        """As it is recorded in result.json."""
        ...

    @property
    def batch(self) -> int:
        """Prompts."""
        ...

    @property
    def parallel(self) -> int:
        """Calls."""
        ...

    def segment(self, image: Image, prompts: Sequence[Prompt], deadline: Deadline) -> list[Answer]:
        """The answer to each prompt.

        Raises:
            Permanent: none of these prompts will ever be answered.
            Transient: they may be answered later.
        """
        ...
