"""What a brush, a pencil or a stencil leaves of a rendered drawing."""

import cv2
import numpy as np
import numpy.typing as npt

from tools.training.procedural.chance import Rng, around_zero, between, chance, count
from tools.training.sprite import Pixels


def textured(rng: Rng, image: Pixels, label: Pixels) -> tuple[Pixels, Pixels]:
    """Some drawings with a texture, the others unchanged: RGBA uint8 (h, w, 4) and label (h, w).

    Edges move by a pixel or two, in places by up to six, and the label with them.
    """
    if chance(rng, 0.12):
        image = _with_relief(rng, image)
    if chance(rng, 0.1):
        image = _with_contours(rng, image)
    if chance(rng, 0.06):
        image = _posterised(rng, image)
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


def _with_relief(rng: Rng, image: Pixels) -> Pixels:
    """Thick paint, lit from a side: dark and light colours and uneven spots cast shadows."""
    height = image[..., :3].mean(axis=2).astype(np.float32) * between(rng, 0, 0.4)
    for coarseness in (24, 12, 6):
        across, down = (-(-side // coarseness) + 1 for side in height.shape)
        spots = rng.normal(0, 2.2 * coarseness, (across, down)).astype(np.float32)
        height += cv2.resize(spots, height.shape[::-1], interpolation=cv2.INTER_CUBIC)
    height = cv2.GaussianBlur(height, (0, 0), between(rng, 1, 2.5))
    light = cv2.Sobel(height, cv2.CV_32F, 1, 0) * around_zero(rng, 1)
    light += cv2.Sobel(height, cv2.CV_32F, 0, 1) * between(rng, 0.2, 1)
    return _brightened(image, np.clip(1 + light / 250, 0.5, 1.4))


def _with_contours(rng: Rng, image: Pixels) -> Pixels:
    """Dark lines where colours meet."""
    colors = cv2.GaussianBlur(image, (0, 0), between(rng, 0.7, 1.6)).astype(np.float32)
    across, down = cv2.Sobel(colors, cv2.CV_32F, 1, 0), cv2.Sobel(colors, cv2.CV_32F, 0, 1)
    edge = np.hypot(across, down).max(axis=2) / between(rng, 60, 200)
    return _brightened(image, 1 - np.clip(edge, 0, 1) * between(rng, 0.4, 1))


def _posterised(rng: Rng, image: Pixels) -> Pixels:
    """Two to four tones, as of a stencil or a woodcut."""
    grey = cv2.cvtColor(np.ascontiguousarray(image[..., :3]), cv2.COLOR_RGB2GRAY)
    drawn = grey[image[..., 3] > 127]
    if not len(drawn):
        return image
    tones = count(rng, 2, 5)
    limits = np.quantile(drawn, np.sort(rng.uniform(0.1, 0.9, tones - 1)))
    darkest, lightest = rng.uniform(0, 70, 3), rng.uniform(170, 256, 3)
    shares = np.linspace(0, 1, tones)[:, None]
    palette = darkest * (1 - shares) + lightest * shares
    colors = palette[np.searchsorted(limits, grey)]
    return np.dstack([colors, image[..., 3]]).astype(np.uint8)


def _brightened(image: Pixels, factor: npt.NDArray[np.float32]) -> Pixels:
    colors = np.clip(image[..., :3] * factor[..., None], 0, 255)
    return np.dstack([colors, image[..., 3]]).astype(np.uint8)
