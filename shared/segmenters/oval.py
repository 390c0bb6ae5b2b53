"""The outline itself as the mask: the last resort that never fails."""

from shared.geometry import Image, polygon_mask
from shared.masks import Candidate
from shared.prompts import Prompt


def candidates(crop: Image, prompt: Prompt) -> list[Candidate]:
    """One mask: the polygon."""
    del crop
    return [Candidate(polygon_mask(prompt.outline, prompt.crop))]
