"""The public JSON documents: prompts.json and result.json.

Their JSON Schemas are committed under docs/schemas; `make docs` generates them.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import FailFast, Field, StringConstraints

from shared import VERSION
from shared.schemas import object_names
from shared.schemas.base import Record, at_most
from shared.schemas.box import Box
from shared.schemas.drawing import Drawing
from shared.schemas.errors import Permanent, ReasonCode, Rejected
from shared.schemas.frames import MOST_FRAMES, Frame
from shared.schemas.prompt import FACE_PARTS, FacePart, Label, Prompt, Side

Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{12}$")]
SegmenterName = Annotated[str, StringConstraints(pattern=r"^[\w.:/@+\[\]-]+$", max_length=200)]
"""The segmenter of a mask: `grabcut`, `oval`, a checkpoint such as `sam2.1-hiera-large`,
`replicate:meta/sam-2`, or `http:HOST` for a server that does not report its version."""

BucketName = Annotated[str, StringConstraints(min_length=1, max_length=222)]
ObjectName = Annotated[str, StringConstraints(min_length=1, max_length=1024)]
"""Cloud Storage's limits for names: https://cloud.google.com/storage/quotas#objects."""

Versions = Annotated[dict[str, str], at_most(100)]
"""Versions by the names of packages and models."""

MOST_INSTANCES = 100
"""Limit for the faces and hands of an image. Chosen by hand; patterns of object names and limits of
messages depend on it."""

MOST_GENERATION = 2**63 - 1
"""Generations in Cloud Storage are int64:
https://cloud.google.com/storage/docs/json_api/v1/objects."""

Generation = Annotated[int, Field(gt=0, le=MOST_GENERATION)]
"""Generation of an upload."""

MOST_REVISION = 999_999
"""Chosen by hand: far more than a person saves. A forged number could otherwise fill a result."""

Revision = Annotated[int, Field(ge=0, le=MOST_REVISION)]
"""Revision of the prompts of one upload: 0 for those that landmarks found, then one more for each
correction by a person."""

NO_SETTINGS: Digest = "0" * 12
"""Config of a `failed` result. It depends on no settings, and any other result outranks it."""


def digest(**shaping: Any) -> Digest:
    """Returns 12 hexadecimal digits that depend on all values, and on our version."""
    text = json.dumps({"version": VERSION, **shaping}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


class Status(StrEnum):
    """The final status of an upload. Every upload ends in exactly one."""

    SEGMENTED = "segmented"
    DEGRADED = "degraded"
    EMPTY = "empty"
    REJECTED = "rejected"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class SegmenterVersion:
    """The name of a segmenter, and its revision if it is known."""

    name: SegmenterName
    revision: str = ""

    def __str__(self) -> str:
        """The notation in logs and in the digest of a result's config."""
        return f"{self.name}@{self.revision}" if self.revision else self.name


def revisions(segmenters: Iterable[SegmenterVersion]) -> dict[str, str]:
    """Returns the known revisions by the segmenters' names, as in the field `versions`."""
    return {item.name: item.revision for item in segmenters if item.revision}


class Source(Record):
    """The upload of a document, or one frame of it.

    `frame` is None for the complete upload, and if only its first frame is processed. `width` and
    `height` are those of the image as displayed; None if it was never decoded.
    """

    bucket: BucketName
    name: ObjectName
    generation: Generation
    frame: Frame | None = None
    width: int | None = Field(default=None, gt=0)
    height: int | None = Field(default=None, gt=0)

    @property
    def folder(self) -> str:
        """The prefix of all objects of the upload, or of the frame, with a slash at its end."""
        return object_names.folder(self.name, self.frame.number if self.frame else None)

    @property
    def log_fields(self) -> dict[str, str]:
        """The fields that identify the upload, and the frame, in log lines."""
        frame = {"frame": str(self.frame.number)} if self.frame else {}
        upload = {"upload": f"gs://{self.bucket}/{self.name}", "generation": str(self.generation)}
        return upload | frame


class Reason(Record):
    """Why a result is `degraded`, `rejected` or `failed`: a code, and a sentence for people."""

    code: ReasonCode
    message: str

    @classmethod
    def of(cls, error: Rejected | Permanent) -> "Reason":
        """Returns the reason with the error's code and message."""
        return cls(code=error.code, message=str(error))


class Missed(Record):
    """Numbers of candidates that are not among the instances: reasons to review a result."""

    near: int = Field(
        0,
        ge=0,
        description="candidates that score less than MIN_SCORE, but at least 0.4 times that",
    )
    omitted: int = Field(0, ge=0, description="detections beyond MAX_INSTANCES")


class PromptsDocument(Record):
    """prompts.json, which is also the data of the prompts message.

    `frames` is None, except for an upload whose frames have prompts of their own: then this
    document only says how many there are, and there is no message of it.
    """

    schema_: Literal["toonmask/prompts/1"] = Field("toonmask/prompts/1", alias="schema")
    source: Source
    revision: Revision = 0
    config: Digest
    frames: int | None = Field(None, ge=2, le=MOST_FRAMES)
    instances: Annotated[tuple[Prompt, ...], FailFast()] = Field(max_length=MOST_INSTANCES)
    missed: Missed = Missed()
    versions: Versions


class ReviewCode(StrEnum):
    """The kinds of reasons to review a result."""

    LOW_SCORE = "low-score"
    LOW_QUALITY = "low-quality"
    ODD_SIZE = "odd-size"
    NEAR_MISSES = "near-misses"
    OMITTED = "omitted"
    CORRECTION_FAILED = "correction-failed"


class Review(Record):
    """A reason for a person to review a result.

    `instance` is the id of the instance; None if the reason concerns the complete image.
    """

    code: ReviewCode
    message: str
    instance: str | None = None


class RleModel(Record):
    """A mask as COCO's compressed run-length encoding; `size` is [height, width]."""

    size: tuple[int, int]
    counts: str


class InstanceFiles(Record):
    """Names of an instance's image files, relative to the upload's folder."""

    mask: str
    cutout: str


class Instance(Record):
    """One face or hand. `box` has the mask's bounds in pixels, or the prompt's box if it is empty.

    `area` is the number of the mask's pixels, `quality` the IoU that the segmenter's mask is
    expected to have with the true mask. `segmented_rle` is the segmenter's mask if MASK_GROW has
    changed it. `cutout_box` is the part of the image that its cutout shows.
    """

    id: str
    label: Label
    side: Side | None
    parts: tuple[FacePart, ...] = Field((), max_length=len(FACE_PARTS))
    score: float = Field(ge=0, le=1)
    box: Box
    area: int = Field(ge=0)
    segmenter: SegmenterName
    quality: float = Field(ge=0, le=1)
    rle: RleModel
    segmented_rle: RleModel | None = None
    cutout_box: Box | None = None
    files: InstanceFiles


class Outputs(Record):
    """Names of the image files of the complete image, relative to the upload's folder."""

    mask: str = "mask.png"
    overlay: str = "overlay.png"
    cutout: str = "cutout.png"
    preview: str | None = None


class FrameResult(Record):
    """The result of one frame, in the summary of an upload with frames."""

    number: int = Field(ge=1, le=MOST_FRAMES)
    status: Status
    revision: Revision = 0
    review: int = Field(0, ge=0, description="number of reasons to review the frame's result")


class ResultDocument(Record):
    """result.json. It is written last: if it exists, all image files of the result exist.

    For an upload with frames, it is their summary, and has no images of its own: `frames` has an
    entry for each, `status` is the worst of them, and `revision` the number of corrections.

    `config` is the digest of all that affects the image files, `mask_config` of all that affects
    the segmenter's masks. `drawing` has the options with which they are drawn, and `cutout_box` is
    the part of the image that cutout.png shows.
    """

    schema_: Literal["toonmask/result/1"] = Field("toonmask/result/1", alias="schema")
    status: Status
    reason: Reason | None
    source: Source
    revision: Revision = 0
    config: Digest
    mask_config: Digest | None = None
    instances: tuple[Instance, ...] = ()
    review: tuple[Review, ...] = ()
    frames: tuple[FrameResult, ...] = Field((), max_length=MOST_FRAMES)
    outputs: Outputs | None
    drawing: Drawing | None = None
    cutout_box: Box | None = None
    timing: dict[str, float]
    versions: Versions

    @property
    def pictures(self) -> tuple[str, ...]:
        """Names of all image files, relative to the upload's folder; mask.png is the first."""
        if self.outputs is None:
            return ()
        files = (self.outputs, *(instance.files for instance in self.instances))
        return tuple(name for each in files for name in each.model_dump(exclude_none=True).values())

    @property
    def segmenters(self) -> frozenset[SegmenterVersion]:
        """The segmenters that made the masks, with their revisions from `versions`."""
        names = {instance.segmenter for instance in self.instances}
        return frozenset(SegmenterVersion(name, self.versions.get(name, "")) for name in names)

    @property
    def content_digest(self) -> Digest:
        """Digest of the masks: SAM2 may return different masks for the same request."""
        frames = {"frames": [item.model_dump() for item in self.frames]} if self.frames else {}
        return digest(
            status=self.status,
            shown=[(item.id, item.rle.counts) for item in self.instances],
            **frames,
        )
