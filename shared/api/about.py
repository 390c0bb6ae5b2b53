"""The response of GET /v1/about: what the page needs to know when it starts."""

from pydantic import Field

from shared import VERSION
from shared.api.settings import Action, ApiSettings
from shared.schemas.base import Record
from shared.schemas.prompt import InstanceOrder, MinSize


class About(Record):
    """The version, the limits, and the buckets of this service."""

    version: str
    max_bytes: int = Field(description="largest image, in bytes")
    max_pixels: int = Field(description="largest image, in pixels")
    min_score: float = Field(description="lowest score of a face or hand, unless one is given")
    min_size: MinSize
    max_instances: int = Field(description="limit for the faces and hands of an image")
    instance_order: InstanceOrder
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
            min_score=settings.min_score,
            min_size=settings.min_size,
            max_instances=settings.max_instances,
            instance_order=settings.instance_order,
            input_bucket=settings.input_bucket,
            output_bucket=settings.output_bucket,
            actions=settings.actions,
            corrections=settings.saves_corrections,
        )
