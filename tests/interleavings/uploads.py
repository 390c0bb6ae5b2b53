"""What is uploaded, and the states in which it ends."""

import io

import numpy as np
from PIL import Image as PillowImage

from shared.schemas.documents import Status
from tools.support.examples import EXAMPLES
from tools.support.pipeline import png

NAMES = ("cat.png", "cat.png/dog.png")
"""The results of the second upload are in the folder of the first."""

FACE = np.asarray(PillowImage.open(EXAMPLES / "avataaars_05.png").convert("RGB").resize((96, 96)))


def _animation() -> bytes:
    """A GIF of two frames, each with a face."""
    first, second = PillowImage.fromarray(FACE), PillowImage.fromarray(FACE[:, ::-1])
    file = io.BytesIO()
    first.save(file, "GIF", save_all=True, append_images=[second], duration=100)
    return file.getvalue()


UPLOADS = {
    "nothing": png(np.full((40, 60, 3), 200, np.uint8)),
    "one face": png(FACE),
    "two faces": png(np.concatenate([FACE, FACE], axis=1)),
    "two frames": _animation(),
    "no image": b"hello",
}
STATES = {
    "nothing": {Status.EMPTY},
    "one face": {Status.SEGMENTED, Status.DEGRADED},
    "two faces": {Status.SEGMENTED, Status.DEGRADED},
    "two frames": {Status.SEGMENTED, Status.DEGRADED},
    "no image": {Status.REJECTED},
}
