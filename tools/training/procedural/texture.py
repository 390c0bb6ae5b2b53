"""The edges and the grain of a brush or a pencil, over a rendered drawing."""

import cv2
import numpy as np

from tools.training.procedural.chance import Rng, between, chance
from tools.training.sprite import Pixels


def textured(rng: Rng, image: Pixels, label: Pixels) -> tuple[Pixels, Pixels]:
    """Some drawings with a texture, the others unchanged: RGBA uint8 (h, w, 4) and label (h, w).

    Edges move by a pixel or two, in places by up to six, and the label with them.
    """
    if not chance(rng, 0.22):
        return image, label
    moved, label = _uneven(rng, image, label)
    if chance(rng, 0.5):
        moved[..., :3] = np.clip(moved[..., :3] + _grain(rng, moved.shape[:2]), 0, 255)
    if chance(rng, 0.4):  # flat spots with soft borders, as of thick paint
        colors = np.ascontiguousarray(moved[..., :3])
        moved[..., :3] = cv2.medianBlur(colors, int(rng.choice([3, 5, 7])))
    return moved, label


def _uneven(rng: Rng, image: Pixels, label: Pixels) -> tuple[Pixels, Pixels]:
    """The image and the label, each pixel moved a little, together with those around it."""
    height, width = image.shape[:2]
    coarse = rng.normal(0, 1, (2, height // 8, width // 8)).astype(np.float32)
    across, down = (
        cv2.resize(field, (width, height), interpolation=cv2.INTER_CUBIC) * between(rng, 0.5, 2.2)
        for field in coarse
    )
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    image, label = (
        np.asarray(
            cv2.remap(pixels, x + across, y + down, how, borderMode=cv2.BORDER_CONSTANT), np.uint8
        )
        for pixels, how in ((image, cv2.INTER_LINEAR), (label, cv2.INTER_NEAREST))
    )
    return image, label


def _grain(rng: Rng, shape: tuple[int, ...]) -> Pixels:
    """Blurred noise, float32 (h, w, 1)."""
    noise = rng.normal(0, between(rng, 4, 28), (*shape, 1)).astype(np.float32)
    return np.atleast_3d(cv2.GaussianBlur(noise, (0, 0), between(rng, 0.5, 1.5)))
