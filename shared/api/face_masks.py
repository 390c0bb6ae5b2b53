"""The API's use case: finds the masks of one image, within one request."""

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, Json

from shared.api.settings import ApiSettings
from shared.decoding.formats import check_before_download
from shared.decoding.sandbox import Sandbox
from shared.detection.detections import Detections
from shared.detection.detector import Detector
from shared.detection.near_misses import missed
from shared.imaging.geometry import Image, image_box
from shared.prompting.builder import build_prompts
from shared.prompting.corrections import Located, corrected_prompts, resolved
from shared.rendering.artifacts import Artifact, Renderer, result_artifacts
from shared.runtime.deadline import Check
from shared.runtime.stage_timer import StageTimer
from shared.schemas.documents import Outputs, Review
from shared.schemas.given_prompts import GivenPrompts, ShownInstance
from shared.schemas.prompt import SKIN_ONLY, Label, Prompt, PromptOptions
from shared.schemas.settings import FaceParts, split
from shared.segmentation.backends import factory
from shared.segmentation.review import reviewed
from shared.segmentation.service import SegmentationResult, SegmentationService


def _targets(value: Any) -> Any:
    return [] if value == "none" else split(value)


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
    )
    instance_pictures: bool = Field(
        False, description="whether a JSON response has the pictures of each instance, too"
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
        self._detector = Detector(settings.min_score)
        self._service = SegmentationService(
            factory.primary(settings), factory.fallback(settings), settings.sam2_deadline
        )
        self._renderer = Renderer()

    def find(self, data: bytes, options: Options, timer: StageTimer, check: Check) -> FoundMasks:
        """Decodes an image file, detects its faces and hands, and segments them.

        Raises:
            Rejected: `data` is no supported image, or exceeds a limit.
            UnfitPromptsError: the given prompts do not fit the image.
            Permanent: neither SAM2 nor a fallback can make the masks, now or later.
            Transient: a later call may succeed.
            Cancelled: raised by `check`, which is called between the stages and while they wait.
        """
        with timer.stage("read"):
            check_before_download("", len(data), self._settings.max_bytes)
            image = self._sandbox.decode(data, check)
        check()
        with timer.stage("detect") as stage:
            detected = self._detector.detect(
                image, options.targets, options.face_parts, with_candidates=True
            )
            prompts, candidates = self._prompts(image, detected, options)
            stage.fields |= {"found": len(prompts), "given": len(options.prompts)}
        check()
        with timer.stage("segment"):
            segmentation = self._service.segment_image(
                image, prompts, check, multimask=options.multimask
            )
        review = reviewed(segmentation.segmented, missed(detected, self._settings.max_instances))
        artifacts = result_artifacts(image, segmentation.segmented, Outputs())
        by_name = {name: artifact for artifact in artifacts for name in artifact.names}
        return FoundMasks(image, prompts, candidates, segmentation, review, by_name)

    def _prompts(
        self, image: Image, detected: Detections, options: Options
    ) -> tuple[tuple[Prompt, ...], tuple[Prompt, ...]]:
        """Returns the prompts, those that a person gives among them, and the candidates."""
        bounds = image_box(image)
        prompt_options = PromptOptions(
            options.pos_points, options.expand, self._settings.max_instances
        )
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
