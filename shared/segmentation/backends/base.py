"""The protocol of the segmenters, which turn prompts into candidate masks."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from shared.imaging.geometry import Image
from shared.runtime.deadline import Deadline
from shared.schemas.documents import SegmenterVersion
from shared.schemas.prompt import Prompt
from shared.segmentation.mask_selection import Candidate


@dataclass(frozen=True, slots=True, eq=False)
class CandidateMasks:
    """Candidate masks of the size of the prompt's crop, and the segmenter that computed them.

    `candidates` can be iterated once. It decodes one mask at a time, because all masks together may
    be far larger than the encoded response. It raises Permanent for an invalid mask.
    """

    segmenter: SegmenterVersion
    candidates: Iterable[Candidate]


class Segmenter(Protocol):
    """A backend that segments prompts.

    `batch` limits the prompts per call, `parallel` the concurrent calls.
    """

    @property
    def batch(self) -> int:
        """Maximum number of prompts per call."""
        ...

    @property
    def parallel(self) -> int:
        """Maximum number of concurrent calls."""
        ...

    def segment(
        self, image: Image, prompts: Sequence[Prompt], deadline: Deadline, *, multimask: bool
    ) -> list[CandidateMasks]:
        """Returns the candidates for each prompt, in order. `image` is RGB uint8 (h, w, 3).

        With `multimask`, a backend that can do so returns several candidates for an ambiguous
        prompt, else one.

        Raises:
            Permanent: the call fails for all prompts, and a retry would fail too.
            Transient: a later call may succeed.
        """
        ...

    def version(self, deadline: Deadline) -> SegmenterVersion | None:
        """Returns the segmenter's current version; None if it is unknown."""
        ...
