"""What a backend of the service works on."""

from collections.abc import Sequence
from dataclasses import dataclass

from shared.imaging.geometry import Image
from shared.segmentation.sam2.contract import PromptPart


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """An RGB picture, a digest of the file that it came in, and what is asked about it."""

    image: Image
    digest: bytes
    prompts: Sequence[PromptPart]
    multimask: bool
