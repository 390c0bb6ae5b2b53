"""Detection and the embedded segmenter in this process, with the defaults of the functions."""

from collections.abc import Sequence

from shared.decoding import pixels
from shared.detection.detections import Detection, Detections
from shared.detection.detector import Detector
from shared.imaging.geometry import Image, image_box
from shared.prompting.builder import build_prompts
from shared.schemas.prompt import SKIN_ONLY, FacePart, Label, PromptOptions
from shared.segmentation.backends.embedded import EmbeddedSegmenter
from shared.segmentation.backends.embedded_masks import EmbeddedMasks
from shared.segmentation.service import SegmentationService, SegmentedInstance

_MOST_PIXELS = 50_000_000
"""The default of MAX_PIXELS."""


class InProcess:
    """The steps between an upload and its masks."""

    def __init__(self) -> None:
        self._detector = Detector()
        segmenter = EmbeddedSegmenter("grabcut", EmbeddedMasks().candidates)
        self._masking = SegmentationService(segmenter, None, seconds=600)

    @staticmethod
    def decode(data: bytes) -> Image:
        """Decodes a file to RGB uint8 (h, w, 3)."""
        return pixels.decode(data, _MOST_PIXELS)

    def detect(
        self, image: Image, label: Label, face_parts: frozenset[FacePart] = SKIN_ONLY
    ) -> Detections:
        """Finds all faces, or all hands."""
        return self._detector.detect(image, frozenset({label}), face_parts)

    def segment(self, image: Image, detections: Sequence[Detection]) -> list[SegmentedInstance]:
        """Returns the masks of detections."""
        prompts = build_prompts(detections, image_box(image), PromptOptions())
        return list(self._masking.segment_image(image, prompts).segmented)
