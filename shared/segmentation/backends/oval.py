"""The prompt's polygon as the mask. It never fails."""

from shared.imaging.geometry import Image
from shared.schemas.prompt import Prompt
from shared.segmentation.mask_selection import Candidate, outline_mask


def candidates(crop: Image, prompt: Prompt) -> list[Candidate]:
    """Returns one mask, the polygon, bool (crop.height, crop.width)."""
    del crop
    return [Candidate(outline_mask(prompt))]
