"""The response of GET /v1/about: what the page needs to know when it starts."""

from pydantic import Field

from shared import VERSION
from shared.api.settings import Action, ApiSettings
from shared.schemas.base import Record


class About(Record):
    """The version, the limits, and the buckets of this service."""

    version: str
    max_bytes: int = Field(description="largest image, in bytes")
    max_pixels: int = Field(description="largest image, in pixels")
    input_bucket: str | None
    output_bucket: str | None
    actions: tuple[Action, ...] = Field(
        description="what this service can do with uploads: POST /v1/uploads/archive, …"
    )
    corrections: bool = Field(description="whether this service saves corrections of prompts")

    @classmethod
    def of(cls, settings: ApiSettings) -> "About":
        """Returns the description of a service with these settings."""
        return cls(
            version=VERSION,
            max_bytes=settings.max_bytes,
            max_pixels=settings.max_pixels,
            input_bucket=settings.input_bucket,
            output_bucket=settings.output_bucket,
            actions=settings.actions,
            corrections=settings.saves_corrections,
        )
