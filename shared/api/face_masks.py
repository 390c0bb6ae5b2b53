"""One image in; masks, overlay and cutout out, in the same call."""

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field

from shared.api.settings import ApiSettings
from shared.api.turns import Turns
from shared.decoding.formats import check_before_download
from shared.decoding.sandbox import Sandbox
from shared.detection.detector import Detector
from shared.detection.near_misses import missed
from shared.imaging.geometry import Image, image_box
from shared.prompting.builder import build_prompts
from shared.rendering.artifacts import Artifact, result_artifacts
from shared.runtime.deadline import Check
from shared.runtime.stage_timer import StageTimer
from shared.schemas.documents import Outputs, Review
from shared.schemas.prompt import Prompt, PromptOptions
from shared.schemas.settings import Targets
from shared.segmentation.backends import factory
from shared.segmentation.review import reviewed
from shared.segmentation.service import SegmentationResult, SegmentationService


class Options(BaseModel):
    """What a caller may choose. Others' fields are left alone, as the first API left them."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    multimask: bool = Field(True, description="let SAM2 answer with several candidates")
    expand: float = Field(
        0.15, ge=0, le=4, description="prompt box beyond the outline, as a share on each side"
    )
    pos_points: int = Field(16, ge=1, le=256, description="positive points per face or hand")
    targets: Targets = Field(
        frozenset({"face"}), description="what is looked for: face, hand, or face,hand"
    )


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """What an image shows; `pictures` are drawn when they are asked for, mask.png first."""

    image: Image
    prompts: tuple[Prompt, ...]
    verdict: SegmentationResult
    review: tuple[Review, ...]
    pictures: tuple[Artifact, ...]


class FaceMasks:
    """Finds and cuts. One per process; safe to share between threads."""

    def __init__(self, settings: ApiSettings, sandbox: Sandbox) -> None:
        self._settings = settings
        self._sandbox = sandbox
        self._detector = Detector(settings.max_instances, settings.min_score)
        self._service = SegmentationService(
            factory.primary(settings), factory.fallback(settings), settings.sam2_deadline
        )
        self.turns = Turns(
            settings.max_parallel,
            settings.max_wait,
            f"{settings.max_parallel} images are being worked on, and others wait. Yours has "
            f"waited {settings.max_wait:g} s: send it again a little later.",
        )

    def find(self, data: bytes, options: Options, watch: StageTimer, check: Check) -> Found:
        """What is in an image file.

        Raises:
            Rejected: not a supported image.
            Permanent: neither SAM2 nor a fallback will ever answer.
            Transient: they may do so later.
            Cancelled: `check` raised it between two stages, or while it is decoded.
        """
        check_before_download("", len(data), self._settings.max_bytes)
        image = self._sandbox.decode(data, check)
        watch.lap("read")
        check()
        detected = self._detector.detect(image, options.targets)
        shape = PromptOptions(options.pos_points, options.expand, self._settings.max_instances)
        prompts = build_prompts(detected.detections, image_box(image), shape)
        watch.lap("detect", found=len(prompts))
        check()
        verdict = self._service.segment_image(image, prompts, check, multimask=options.multimask)
        watch.lap("segment")
        return Found(
            image,
            prompts,
            verdict,
            reviewed(verdict.segmented, missed(detected, self._settings.max_instances)),
            tuple(result_artifacts(image, verdict.segmented, Outputs())),
        )
