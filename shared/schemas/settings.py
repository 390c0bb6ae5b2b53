"""The functions' settings. Each function reads its own from the environment, once, at its start."""

from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    HttpUrl,
    SecretStr,
    StringConstraints,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from shared.schemas.amounts import NOTHING
from shared.schemas.documents import MOST_INSTANCES, Digest, SegmenterVersion, digest
from shared.schemas.drawing import CutoutPadding, CutoutShape, Drawing, MaskFeather, MaskGrow
from shared.schemas.frames import MOST_FRAMES
from shared.schemas.object_names import Preview
from shared.schemas.prompt import (
    MIN_SCORE,
    SKIN_ONLY,
    FacePart,
    InstanceOrder,
    Label,
    MinSize,
    PromptOptions,
)

_MOST_PARTS = 100
"""Limit for the commas in a list. Chosen by hand: a higher one allows longer error messages."""


def split(value: Any) -> Any:
    """Splits text at commas; returns any other value unchanged.

    Raises:
        ValueError: there are more than `_MOST_PARTS` commas.
    """
    if not isinstance(value, str):
        return value
    if value.count(",") > _MOST_PARTS:
        raise ValueError(f"the limit is {_MOST_PARTS} parts")
    return [part.strip() for part in value.split(",") if part.strip()]


def _with_skin(parts: frozenset[FacePart]) -> frozenset[FacePart]:
    if "skin" not in parts:
        raise ValueError("skin must be among the parts of a face")
    return parts


Targets = Annotated[frozenset[Label], NoDecode, BeforeValidator(split), Field(min_length=1)]
FaceParts = Annotated[
    frozenset[FacePart], NoDecode, BeforeValidator(split), AfterValidator(_with_skin)
]
Hosts = Annotated[
    frozenset[Annotated[str, StringConstraints(to_lower=True)]], NoDecode, BeforeValidator(split)
]
TopicName = Annotated[str, StringConstraints(pattern=r"^projects/[^/]+/topics/[^/]+$")]
Blank = BeforeValidator(lambda value: value or None)
"""Treats an empty variable as unset, because Terraform and shells write unset ones as empty."""


class Settings(BaseSettings):
    """Common base of all settings."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    trusted_hosts: Hosts = Field(
        frozenset(),
        description="host names that requests may use, separated by commas, such as `localhost`. "
        "Empty: any name; Cloud Run itself accepts only the service's own names",
    )
    trace_project: Annotated[str | None, Blank] = Field(
        None,
        description="project of the traces in logs and spans. Unset: logs have only the trace ID",
    )
    otel_exporter_otlp_traces_endpoint: Annotated[HttpUrl | None, Blank] = Field(
        None,
        description="URL that gets the spans as OTLP over HTTP: "
        "`https://telemetry.googleapis.com/v1/traces` for Cloud Trace, or a collector's. Unset: "
        "no spans",
    )


class BucketSettings(Settings):
    """Settings of all functions between the buckets: landmarks, segmentation, drain."""

    input_bucket: str = Field(min_length=3, description="bucket of the uploads")
    output_bucket: str = Field(min_length=3, description="bucket of the results")
    push_account: Annotated[str | None, Blank] = Field(
        None,
        description="e-mail of the service account that pushes; each push must have its identity "
        "token. Unset: only Cloud Run checks the caller",
    )
    push_certs_url: HttpUrl = Field(
        HttpUrl("https://www.googleapis.com/oauth2/v1/certs"),
        description="URL of the certificates for the identity tokens of pushes",
    )

    @model_validator(mode="after")
    def _output_feeds_no_input(self) -> Self:
        if self.input_bucket == self.output_bucket:
            raise ValueError(
                f"INPUT_BUCKET and OUTPUT_BUCKET are both {self.input_bucket}: each result "
                "would be a new upload"
            )
        return self


class PipelineSettings(BucketSettings):
    """Settings of the landmarks and segmentation functions: their limits for uploads."""

    max_delivery_attempts: int = Field(
        10,
        ge=5,
        le=100,
        description="number of deliveries before a message becomes a dead letter; must equal the "
        "subscription's max_delivery_attempts",
    )
    max_bytes: int = Field(64 * 2**20, gt=0, description="largest upload, in bytes")
    max_pixels: int = Field(50_000_000, gt=0, description="largest image, in pixels")


class DetectionSettings(Settings):
    """Settings of the detection."""

    max_instances: int = Field(
        20, ge=1, le=MOST_INSTANCES, description="limit for the number of faces and hands per image"
    )
    min_score: float = Field(
        MIN_SCORE,
        ge=0,
        le=1,
        description="lowest score of a detection. A lower one finds more, also more false alarms. "
        "It is a probability from several views and models, not a detector's confidence",
    )
    min_size: Annotated[MinSize, NoDecode] = NOTHING
    instance_order: InstanceOrder = "score"


class LandmarksSettings(DetectionSettings, PipelineSettings):
    """Settings of the landmarks function."""

    prompts_topic: TopicName = Field(
        description="topic of the prompts messages, as projects/PROJECT/topics/NAME",
    )
    targets: Targets = Field(
        frozenset({"face"}), description="what to detect: `face`, `hand`, or `face,hand`"
    )
    face_parts: FaceParts = Field(
        SKIN_ONLY,
        description="what of a face is cut out: `skin`, and any of `hair`, `beard` and `ears`",
    )
    frames: Literal["first", "all"] = Field(
        "first",
        description="which frames of animations and pages of TIFFs are processed: the `first`, or "
        "`all`, each with results of its own",
    )
    max_frames: int = Field(
        100,
        ge=1,
        le=MOST_FRAMES,
        description="limit for the frames of an upload, if FRAMES is `all`; uploads with more are "
        "rejected",
    )
    pos_points: int = Field(16, ge=1, le=64, description="most positive points per instance")
    box_expand: float = Field(
        0.15, ge=0, le=1, description="margin of the prompt box, as a share of the outline's size"
    )

    @property
    def prompt_options(self) -> PromptOptions:
        """The options for prompts."""
        return PromptOptions(
            self.pos_points,
            self.box_expand,
            self.max_instances,
            self.min_size,
            self.instance_order,
        )

    @property
    def config(self) -> Digest:
        """Digest of the settings that affect the prompts."""
        return digest(
            targets=sorted(self.targets),
            face_parts=sorted(self.face_parts),
            max_instances=self.max_instances,
            min_score=self.min_score,
            min_size=str(self.min_size),
            instance_order=self.instance_order,
            pos_points=self.pos_points,
            box_expand=self.box_expand,
            max_bytes=self.max_bytes,
            max_pixels=self.max_pixels,
        )


class SegmenterSettings(Settings):
    """Settings of the SAM2 calls and of the fallback."""

    sam2_provider: Literal["http", "toonmask", "replicate"] = Field(
        "http",
        description="`http`: any SAM2 server, one prompt per call. `toonmask`: functions/sam2, "
        "many prompts per call. `replicate`: a model at replicate.com",
    )
    sam2_url: Annotated[HttpUrl | None, Blank] = Field(
        None, description="URL of the SAM2 service. Unset: SAM2_FALLBACK makes the masks"
    )
    sam2_auth: Literal["identity", "api-key", "none"] = Field(
        "identity",
        description="authorisation of SAM2 calls: `identity` (a Google identity token), `api-key`, "
        "or `none`",
    )
    sam2_api_key: Annotated[SecretStr | None, Blank] = Field(
        None, description="bearer token for SAM2_AUTH=api-key"
    )
    sam2_audience: Annotated[str | None, Blank] = Field(
        None, description="audience of the identity token. Unset: the root of SAM2_URL"
    )
    sam2_image_field: str = Field("image_base64", description="request field with the image")
    sam2_points_field: str = Field("points", description="request field with the points")
    sam2_box_field: str = Field("box", description="request field with the box; empty: no box")
    sam2_multimask: str = Field("multimask", description="request field for several candidates")
    sam2_return_prob: str = Field("return_prob", description="request field for probabilities")
    sam2_timeout: float = Field(
        60, gt=0, description="timeout of one attempt, in seconds for each picture sent"
    )
    sam2_deadline: float = Field(
        300,
        gt=0,
        description="timeout of all calls for an image, with retries, in seconds; shorter than the "
        "subscription's acknowledgement deadline",
    )
    sam2_fallback: Literal["grabcut", "oval", "none"] = Field(
        "grabcut", description="segmenter where SAM2 fails: `grabcut`, `oval` or `none`"
    )
    replicate_api_token: Annotated[SecretStr | None, Blank] = Field(
        None, description="API token for SAM2_PROVIDER=replicate"
    )
    replicate_model: str = Field(
        "meta/sam-2",
        pattern=r"^[\w.-]+/[\w.-]+(:[0-9a-f]{64})?$",
        description="`owner/name` (its newest version) or `owner/name:version`",
    )

    @field_validator("sam2_url")
    @classmethod
    def _no_credentials(cls, url: HttpUrl | None) -> HttpUrl | None:
        if url and (url.username or url.password):
            raise ValueError(
                "a URL with a user or a password appears in logs: set SAM2_AUTH=api-key and "
                "put the key into SAM2_API_KEY"
            )
        return url

    @model_validator(mode="after")
    def _secrets_are_there(self) -> Self:
        if self.sam2_auth == "api-key" and self.sam2_api_key is None:
            raise ValueError("SAM2_AUTH=api-key needs SAM2_API_KEY")
        if self.sam2_provider == "replicate" and self.replicate_api_token is None:
            raise ValueError("SAM2_PROVIDER=replicate needs REPLICATE_API_TOKEN")
        return self

    @property
    def audience(self) -> str:
        """The audience of identity tokens: SAM2_AUDIENCE, or the root of SAM2_URL."""
        if self.sam2_audience:
            return self.sam2_audience
        parts = urlsplit(str(self.sam2_url))
        return f"{parts.scheme}://{parts.netloc}"


class SegmentationSettings(SegmenterSettings, PipelineSettings):
    """Settings of the segmentation function."""

    preview: Preview = Field(
        "none",
        description="format of an additional small overlay: `jpeg` (preview.jpg), `webp` "
        "(preview.webp), or `none`",
    )
    mask_grow: Annotated[MaskGrow, NoDecode] = NOTHING
    mask_feather: MaskFeather = 0
    cutout: CutoutShape = "canvas"
    cutout_padding: Annotated[CutoutPadding, NoDecode] = NOTHING

    @property
    def drawing(self) -> Drawing:
        """The options with which masks and cutouts are drawn."""
        return Drawing.of(self)

    def config(self, prompts: Digest, segmenters: frozenset[SegmenterVersion]) -> Digest:
        """Digest of all that affects the image files: the masks, and how they are drawn."""
        return digest(
            masks=self.mask_config(prompts, segmenters),
            preview=self.preview,
            **self.drawing.model_dump(),
        )

    def mask_config(self, prompts: Digest, segmenters: frozenset[SegmenterVersion]) -> Digest:
        """Digest of all that affects the segmenter's masks: prompts, segmenters and settings."""
        return digest(
            prompts=prompts,
            segmenters=sorted(map(str, segmenters)),
            provider=self.sam2_provider,
            sam2=str(self.sam2_url) if self.sam2_url else None,
            replicate=self.replicate_model,
            fallback=self.sam2_fallback,
        )


def revealed(secret: SecretStr | None) -> str:
    """Returns the secret as plain text, or an empty string if it is not set."""
    return secret.get_secret_value() if secret else ""
