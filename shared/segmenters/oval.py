"""The outline itself as the mask: the last resort that never fails."""

from typing import Literal

from shared.geometry import Image, polygon_mask
from shared.masks import Candidate
from shared.prompts import Prompt


class OvalSegmenter:
    """Fills the prompt's polygon."""

    name: Literal["oval"] = "oval"

    def segment(self, crop: Image, prompt: Prompt) -> list[Candidate]:
        """One candidate: the polygon."""
        del crop
        return [Candidate(polygon_mask(prompt.outline, prompt.crop))]
