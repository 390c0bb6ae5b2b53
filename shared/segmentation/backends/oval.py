"""The outline itself as the mask: the last resort that never fails."""

from shared.imaging.geometry import Image, polygon_mask, polygon_of
from shared.schemas.prompt import Prompt
from shared.segmentation.masks import Candidate


def candidates(crop: Image, prompt: Prompt) -> list[Candidate]:
    """One mask: the polygon."""
    del crop
    return [Candidate(polygon_mask(polygon_of(prompt.polygon), prompt.crop))]
