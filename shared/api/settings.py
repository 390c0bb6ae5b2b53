"""Settings of the HTTP API."""

import re
from typing import Annotated, Self

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, model_validator
from pydantic_settings import NoDecode

from shared.schemas.settings import Blank, DetectionSettings, MaskingSettings, split

ANY_ORIGIN = "*"

_ORIGIN = re.compile(r"https?://([a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(:[0-9]{1,5})?")
"""As browsers write one (RFC 6454, section 6.2): neither a user, nor a path, nor a wildcard."""


def _plain_origins(origins: frozenset[str]) -> frozenset[str]:
    lowered = frozenset(map(str.lower, origins))
    strange = sorted(one for one in lowered - {ANY_ORIGIN} if not _ORIGIN.fullmatch(one))
    if strange:
        raise ValueError(
            "an origin is a scheme, a host and perhaps a port, as https://example.com or "
            "http://localhost:8000, without a path or a wildcard"
        )
    if ANY_ORIGIN in lowered and len(lowered) > 1:
        raise ValueError("* stands alone: it lets in the pages of all origins")
    return lowered


Origins = Annotated[
    frozenset[str], NoDecode, BeforeValidator(split), AfterValidator(_plain_origins)
]


class ApiSettings(MaskingSettings, DetectionSettings):
    """Of the HTTP API."""

    input_bucket: Annotated[str | None, Blank] = Field(
        None, description="bucket that the page lists and uploads to; unset: it shows no buckets"
    )
    output_bucket: Annotated[str | None, Blank] = Field(
        None, description="bucket with the results of its uploads"
    )
    api_key: Annotated[SecretStr | None, Blank] = Field(
        None,
        description="what callers have to send as X-API-Key or bearer token; unset: whoever can "
        "reach the service may use it, so leave that to Cloud Run's IAM",
    )
    cors_origins: Origins = Field(
        frozenset(),
        description="other pages whose scripts may call, as https://example.com, with commas "
        "between them; or * alone",
    )
    max_parallel: int = Field(2, ge=1, le=64, description="images that are worked on at a time")
    max_wait: float = Field(
        20, ge=0, description="seconds that a request waits for its turn before it is answered 429"
    )
    max_send: float = Field(
        120, gt=0, description="seconds that an answer may take to be sent; its image has its turn"
    )
    max_bytes: int = Field(
        31 * 2**20, gt=0, description="largest image, in bytes; Cloud Run takes requests of 32 MiB"
    )
    max_upload: int = Field(
        64 * 2**20,
        gt=0,
        description="largest upload into the bucket, in bytes: MAX_BYTES of the pipeline",
    )
    max_pixels: int = Field(50_000_000, gt=0, description="largest image, in pixels")
    sam2_deadline: float = Field(
        100, gt=0, description="most seconds for all of an image's answers, repeats included"
    )

    @model_validator(mode="after")
    def _both_buckets_or_none(self) -> Self:
        if (self.input_bucket is None) != (self.output_bucket is None):
            raise ValueError("INPUT_BUCKET and OUTPUT_BUCKET are set together, or neither is")
        return self
