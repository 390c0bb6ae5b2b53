"""The segmenter used when no SAM2 service is configured."""

from collections.abc import Sequence

from shared.imaging.geometry import Image
from shared.runtime.deadline import Deadline
from shared.schemas.documents import SegmenterVersion
from shared.schemas.errors import Permanent, ReasonCode
from shared.schemas.prompt import Prompt
from shared.segmentation.backends.base import CandidateMasks


class UnconfiguredSegmenter:
    """Always fails permanently, so that the fallback is used and the result says why."""

    batch = 1
    parallel = 1

    def segment(
        self, image: Image, prompts: Sequence[Prompt], deadline: Deadline, *, multimask: bool
    ) -> list[CandidateMasks]:
        """Raises Permanent."""
        del image, prompts, deadline, multimask
        raise Permanent(
            ReasonCode.SAM2_NOT_CONFIGURED, "No SAM2 service is configured (SAM2_URL is not set)."
        )

    def version(self, deadline: Deadline) -> SegmenterVersion | None:
        """Returns None: there is no segmenter."""
        del deadline
        return None
