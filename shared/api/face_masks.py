"""The API's use case: finds the masks of one image, within one request."""

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, Json

from shared.api.settings import ApiSettings
from shared.decoding.formats import check_before_download
from shared.decoding.sandbox import Sandbox
from shared.detection.detections import Detections
from shared.detection.detector import Detector
from shared.imaging.geometry import Image, image_box
from shared.prompting.builder import build_prompts
from shared.prompting.corrections import Located, corrected_prompts, resolved
from shared.prompting.selection import missed
from shared.rendering.artifacts import Artifact, Renderer, result_artifacts
from shared.runtime.deadline import Check
from shared.runtime.stage_timer import StageTimer
from shared.schemas.amounts import NOTHING
from shared.schemas.documents import MOST_INSTANCES, Outputs, Review
from shared.schemas.drawing import CutoutPadding, CutoutShape, Drawing, MaskFeather, MaskGrow
from shared.schemas.frames import MOST_FRAMES
from shared.schemas.given_prompts import GivenPrompts, ShownInstance
from shared.schemas.prompt import (
    SKIN_ONLY,
    InstanceOrder,
    Label,
    MinSize,
    Prompt,
    PromptOptions,
)
from shared.schemas.settings import FaceParts, split
from shared.segmentation.backends import factory
from shared.segmentation.review import reviewed
from shared.segmentation.service import SegmentationResult, SegmentationService


def _targets(value: Any) -> Any:
    if value == "none":
        return []
    targets = split(value)
    if not targets:
        raise ValueError("choose face, hand, face,hand, or none")
    return targets


class NoSuchFrameError(ValueError):
    """The image has fewer frames. The message is a part of a sentence."""


class Options(BaseModel):
    """Options of a request. Unknown fields are ignored, as in the first version of the API."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    multimask: bool = Field(True, description="whether SAM2 may return several candidates")
    expand: float = Field(
        0.15,
        ge=0,
        le=4,
        description="margin of the prompt's box on each side, as a share of the outline's size",
    )
    pos_points: int = Field(16, ge=1, le=256, description="positive points per face or hand")
    frame: int = Field(
        1,
        ge=1,
        le=MOST_FRAMES,
        description="number of the frame of an animation, or of the page of a TIFF, from 1",
    )
    targets: Annotated[frozenset[Label], BeforeValidator(_targets)] = Field(
        frozenset({"face"}),
        description="targets of the detection: face, hand, face,hand, or none: then only `prompts` "
        "are segmented",
    )
    face_parts: FaceParts = Field(
        SKIN_ONLY, description="parts of a face: skin, and any of hair, beard, ears, as skin,hair"
    )
    prompts: Json[GivenPrompts] = Field(
        (),
        description="JSON: a list of places that a person shows, each with a `label`, a `box` or "
        "clicks (`points`), perhaps the `id` of an instance to correct; or of complete prompts, as "
        "in a response",
        json_schema_extra={"format": "given-prompts"},
    )
    instance_pictures: bool = Field(
        False, description="whether a JSON response has the pictures of each instance, too"
    )
    min_score: float | None = Field(
        None,
        ge=0,
        le=1,
        description="lowest score of a face or hand; if it is missing, MIN_SCORE of the service",
    )
    min_size: MinSize | None = Field(
        None,
        description="smallest face or hand: the shorter side of its outline's bounds, in pixels, "
        "as 40, or in per cent of the image's shorter side, as 5%; if it is missing, MIN_SIZE of "
        "the service",
    )
    max_instances: int = Field(
        MOST_INSTANCES,
        ge=1,
        le=MOST_INSTANCES,
        description="limit for the number of faces and hands; MAX_INSTANCES of the service if that "
        "is lower",
    )
    instance_order: InstanceOrder | None = Field(
        None,
        description="which ones stay if there are more: those with the highest score, or the "
        "largest (size); if it is missing, INSTANCE_ORDER of the service",
    )
    mask_grow: MaskGrow = NOTHING
    mask_feather: MaskFeather = 0
    cutout: CutoutShape = "canvas"
    cutout_padding: CutoutPadding = NOTHING

    @property
    def drawing(self) -> Drawing:
        """The options with which masks and cutouts are drawn."""
        return Drawing.of(self)

    def prompt_options(self, settings: ApiSettings) -> PromptOptions:
        """The options for prompts. The settings replace missing fields, and limit the instances."""
        return PromptOptions(
            self.pos_points,
            self.expand,
            min(self.max_instances, settings.max_instances),
            settings.min_size if self.min_size is None else self.min_size,
            self.instance_order or settings.instance_order,
        )


@dataclass(frozen=True, slots=True, eq=False)
class FoundMasks:
    """The masks of an image. `artifacts` are its image files by name; each is drawn on demand.

    `candidates` are prompts for what scores too little to be among the prompts.
    """

    image: Image
    prompts: tuple[Prompt, ...]
    candidates: tuple[Prompt, ...]
    segmentation: SegmentationResult
    drawing: Drawing
    review: tuple[Review, ...]
    artifacts: dict[str, Artifact]

    @property
    def instance_files(self) -> tuple[str, ...]:
        """Names of the masks and cutouts of single instances, in the order of the instances."""
        files = [item.files for item in self.segmentation.segmented]
        return tuple(name for each in files for name in (each.mask, each.cutout))


class FaceMasks:
    """Finds faces and hands and their masks. One per process; safe to share between threads."""

    def __init__(self, settings: ApiSettings, sandbox: Sandbox) -> None:
        self._settings = settings
        self._sandbox = sandbox
        self._detector = Detector()
        self._service = SegmentationService(
            factory.primary(settings), factory.fallback(settings), settings.sam2_deadline
        )
        self._renderer = Renderer()

    def find(self, data: bytes, options: Options, timer: StageTimer, check: Check) -> FoundMasks:
        """Decodes an image file, detects its faces and hands, and segments them.

        Raises:
            Rejected: `data` is no supported image, or exceeds a limit.
            NoSuchFrameError: the image has fewer frames than `options.frame`.
            UnfitPromptsError: the given prompts do not fit the image.
            Permanent: neither SAM2 nor a fallback can make the masks, now or later.
            Transient: a later call may succeed.
            Cancelled: raised by `check`, which is called between the stages and while they wait.
        """
        with timer.stage("read"):
            check_before_download("", len(data), self._settings.max_bytes)
            image = self._decoded(data, options.frame, check)
            bounds = image_box(image)
        check()
        with timer.stage("detect") as stage:
            least = options.min_score
            min_score = self._settings.min_score if least is None else least
            detected = self._detector.detect(
                image, options.targets, options.face_parts, min_score, with_candidates=True
            )
            prompt_options = options.prompt_options(self._settings)
            prompts, candidates = self._prompts(image, detected, options, prompt_options)
            stage.fields |= {"found": len(prompts), "given": len(options.prompts)}
        check()
        with timer.stage("segment"):
            segmentation = self._service.segment_image(
                image, prompts, check, multimask=options.multimask
            ).grown(options.mask_grow, bounds)
        review = reviewed(segmentation.segmented, missed(detected, bounds, prompt_options))
        artifacts = result_artifacts(image, segmentation, Outputs(), options.drawing)
        by_name = {name: artifact for artifact in artifacts for name in artifact.names}
        return FoundMasks(
            image, prompts, candidates, segmentation, options.drawing, review, by_name
        )

    def _decoded(self, data: bytes, frame: int, check: Check) -> Image:
        if frame == 1:
            return self._sandbox.decode(data, check)
        with self._sandbox.opened(data, check, most_frames=MOST_FRAMES) as file:
            if frame > file.frames:
                raise NoSuchFrameError(f"the image has {file.frames}")
            file.seek(frame)
            return file.decode()

    def _prompts(
        self,
        image: Image,
        detected: Detections,
        options: Options,
        prompt_options: PromptOptions,
    ) -> tuple[tuple[Prompt, ...], tuple[Prompt, ...]]:
        """Returns the prompts, those that a person gives among them, and the candidates."""
        bounds = image_box(image)
        found = build_prompts(detected.detections, bounds, prompt_options)
        candidates = build_prompts(detected.candidates, bounds, prompt_options)
        if not options.prompts:
            return found, candidates
        given = [
            resolved(item, found, bounds) if isinstance(item, ShownInstance) else item
            for item in options.prompts
        ]
        shown = [item for item in given if isinstance(item, ShownInstance)]
        detections = iter(self._detector.locate(image, shown, options.face_parts))
        located = [
            Located(item, next(detections)) if isinstance(item, ShownInstance) else item
            for item in given
        ]
        return corrected_prompts(found, located, bounds, prompt_options), candidates

    def draw(self, artifact: Artifact) -> bytes:
        """Returns the content of an image file. Waits for memory.

        Raises:
            Transient: the memory did not become free in time.
        """
        return self._renderer.encode(artifact)
