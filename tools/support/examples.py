"""The repository's root and its example images."""

from pathlib import Path

import numpy as np
from PIL import Image as PillowImage

from shared.imaging.geometry import Image

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"


def example(name: str) -> Image:
    """Returns an example image, RGB uint8 (h, w, 3)."""
    return np.asarray(PillowImage.open(EXAMPLES / name).convert("RGB"))
