"""The prompt's polygon as the mask. It never fails."""

from shared.imaging.geometry import Image, polygon_mask, polygon_of
from shared.schemas.prompt import Prompt
from shared.segmentation.masks import Candidate


def candidates(crop: Image, prompt: Prompt) -> list[Candidate]:
    """Returns one mask, the polygon, bool (crop.height, crop.width)."""
    del crop
    return [Candidate(polygon_mask(polygon_of(prompt.polygon), prompt.crop))]
