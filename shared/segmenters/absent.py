"""Stands where no SAM2 service is configured."""

from typing import Literal

from shared.errors import Permanent, ReasonCode
from shared.geometry import Image
from shared.masks import Candidate
from shared.prompts import Prompt


class AbsentSegmenter:
    """Answers nothing, so that the fallback works and the result says why."""

    name: Literal["sam2"] = "sam2"

    def segment(self, crop: Image, prompt: Prompt) -> list[Candidate]:
        """Raises Permanent."""
        del crop, prompt
        raise Permanent(
            ReasonCode.SAM2_NOT_CONFIGURED, "No SAM2 service is configured (SAM2_URL is not set)."
        )
