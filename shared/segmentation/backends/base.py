"""What turns prompts into candidate masks: one small module per backend."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from shared.imaging.geometry import Image
from shared.runtime.deadline import Deadline
from shared.schemas.documents import SegmenterVersion
from shared.schemas.errors import Permanent
from shared.schemas.prompt import Prompt
from shared.segmentation.masks import Candidate


@dataclass(frozen=True, slots=True, eq=False)
class Answered:
    """Candidate masks of the size of the prompt's crop, and what computed them.

    They are decoded one by one, while they are gone through once: all of them together may be far
    larger than the answer that they came in. Permanent is raised where one makes no sense.
    """

    segmenter: SegmenterVersion
    candidates: Iterable[Candidate]


Answer: TypeAlias = Answered | Permanent
"""To one prompt: masks, or why there never will be any."""


class Segmenter(Protocol):
    """A backend.

    `batch` is the most prompts that one call takes, `parallel` the most calls at a time.
    """

    @property
    def batch(self) -> int:
        """Prompts."""
        ...

    @property
    def parallel(self) -> int:
        """Calls."""
        ...

    def segment(
        self, image: Image, prompts: Sequence[Prompt], deadline: Deadline, *, multimask: bool
    ) -> list[Answer]:
        """The answer to each prompt.

        With `multimask` a backend that can do so answers with several candidates where the
        prompt is ambiguous, else with one.

        Raises:
            Permanent: none of these prompts will ever be answered.
            Transient: they may be answered later.
        """
        ...

    def version(self, deadline: Deadline) -> SegmenterVersion | None:
        """What would answer now; None where that cannot be known."""
        ...
