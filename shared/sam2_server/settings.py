"""Settings of the SAM2 service."""

from typing import Annotated, Literal

from pydantic import Field

from shared.schemas.settings import Blank, Settings


class Sam2Settings(Settings):
    """Of the SAM2 service."""

    sam2_backend: Literal["grabcut", "sam2"] = Field(
        "grabcut", description="what computes the masks: the embedded segmenter, or real SAM2"
    )
    sam2_checkpoint: str = Field(
        "facebook/sam2.1-hiera-large",
        description="for SAM2_BACKEND=sam2: a model at huggingface.co, or a folder",
    )
    sam2_device: Annotated[Literal["cuda", "cpu"] | None, Blank] = Field(
        None, description="for SAM2_BACKEND=sam2; unset: a GPU if there is one"
    )
    sam2_encoder_batch: Annotated[int | None, Blank] = Field(
        None,
        ge=1,
        le=64,
        description="most pictures that the encoder takes at a time; unset: 8 on a GPU, 1 on a "
        "CPU, where more at a time are slower",
    )
    sam2_embeddings: int = Field(
        32, ge=1, description="pictures whose embeddings are kept, of 16 MB each"
    )
    max_bytes: int = Field(32 * 2**20, gt=0, description="largest request, in bytes")
    max_pixels: int = Field(
        50_000_000, gt=0, description="most pixels of all pictures in a request"
    )
