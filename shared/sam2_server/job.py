"""The input of the service's backends."""

from collections.abc import Sequence
from dataclasses import dataclass

from shared.imaging.geometry import Image
from shared.segmentation.sam2.contract import PromptPart


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """One image with its prompts.

    `image` is RGB uint8 (h, w, 3), `digest` the SHA-256 of its file. Prompts are in pixels of the
    image. With `multimask`, an ambiguous prompt gives several masks.
    """

    image: Image
    digest: bytes
    prompts: Sequence[PromptPart]
    multimask: bool
