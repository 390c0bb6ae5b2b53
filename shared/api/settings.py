"""Settings of the HTTP API."""

import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, model_validator
from pydantic_settings import NoDecode

from shared.schemas.settings import (
    Blank,
    DetectionSettings,
    SegmenterSettings,
    TopicName,
    split,
)

ANY_ORIGIN = "*"

_ORIGIN = re.compile(r"https?://([a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(:[0-9]{1,5})?")
"""An origin as browsers send it (RFC 6454, section 6.2): no user, no path, no wildcard."""

Action = Literal["archive", "delete", "rerun"]
"""What the API can do with several uploads."""


def _checked_origins(origins: frozenset[str]) -> frozenset[str]:
    lowered = frozenset(map(str.lower, origins))
    if not all(_ORIGIN.fullmatch(origin) for origin in lowered - {ANY_ORIGIN}):
        raise ValueError(
            "an origin is a scheme, a host and perhaps a port, as https://example.com or "
            "http://localhost:8000, without a path or a wildcard"
        )
    if ANY_ORIGIN in lowered and len(lowered) > 1:
        raise ValueError("* stands alone: it allows all origins")
    return lowered


Origins = Annotated[
    frozenset[str], NoDecode, BeforeValidator(split), AfterValidator(_checked_origins)
]


class ApiSettings(SegmenterSettings, DetectionSettings):
    """Settings of the HTTP API."""

    input_bucket: Annotated[str | None, Blank] = Field(
        None,
        description="bucket that the page lists and uploads to; unset: the page has no view of "
        "the buckets",
    )
    output_bucket: Annotated[str | None, Blank] = Field(
        None, description="bucket with the results of these uploads"
    )
    uploads_topic: Annotated[TopicName | None, Blank] = Field(
        None,
        description="topic of the notifications of uploads, to which the API publishes those that "
        "are processed again; unset: it cannot process uploads again",
    )
    prompts_topic: Annotated[TopicName | None, Blank] = Field(
        None,
        description="topic of the prompts messages, to which corrections are published; unset: "
        "corrections cannot be saved",
    )
    can_delete: bool = Field(
        False, description="whether the API may delete uploads with their results"
    )
    api_key: Annotated[SecretStr | None, Blank] = Field(
        None,
        description="key that clients must send as X-API-Key or bearer token; unset: everyone who "
        "can reach the service may use it, so restrict access with Cloud Run's IAM",
    )
    cors_origins: Origins = Field(
        frozenset(),
        description="origins of other sites whose scripts may call the API, separated by commas, "
        "as https://example.com; or * alone",
    )
    max_parallel: int = Field(2, ge=1, le=64, description="images that are processed at a time")
    max_wait: float = Field(
        20, ge=0, description="seconds that a request waits for a free slot before it gets 429"
    )
    max_send: float = Field(
        120,
        gt=0,
        description="seconds for sending a response; its image occupies a slot until then",
    )
    max_bytes: int = Field(
        31 * 2**20,
        gt=0,
        description="largest image, in bytes; Cloud Run accepts requests of at most 32 MiB",
    )
    max_upload: int = Field(
        64 * 2**20,
        gt=0,
        description="largest upload into the bucket, in bytes: MAX_BYTES of the pipeline",
    )
    max_pixels: int = Field(50_000_000, gt=0, description="largest image, in pixels")
    sam2_deadline: float = Field(
        100, gt=0, description="seconds for all SAM2 calls of an image, including retries"
    )

    @property
    def actions(self) -> tuple[Action, ...]:
        """The actions for uploads that the API can do."""
        available: dict[Action, bool] = {
            "archive": True,
            "delete": self.can_delete,
            "rerun": self.uploads_topic is not None,
        }
        has_buckets = self.input_bucket is not None
        return tuple(action for action in available if has_buckets and available[action])

    @property
    def saves_corrections(self) -> bool:
        """Whether corrections of prompts can be saved."""
        return self.output_bucket is not None and self.prompts_topic is not None

    @model_validator(mode="after")
    def _both_buckets_or_none(self) -> Self:
        if (self.input_bucket is None) != (self.output_bucket is None):
            raise ValueError("INPUT_BUCKET and OUTPUT_BUCKET are set together, or neither is")
        return self
