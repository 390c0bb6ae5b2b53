"""Settings of the SAM2 service."""

from typing import Annotated, Literal

from pydantic import Field

from shared.schemas.settings import Blank, Settings


class Sam2Settings(Settings):
    """The settings of `functions/sam2`."""

    sam2_backend: Literal["grabcut", "sam2"] = Field(
        "grabcut", description="segmenter: `grabcut`, the embedded one, or `sam2`, real SAM2"
    )
    sam2_checkpoint: str = Field(
        "facebook/sam2.1-hiera-tiny",
        description="for SAM2_BACKEND=sam2: NAME@COMMIT at huggingface.co, or a folder; SAM 2.1's "
        "own checkpoints and yonigozlan/EdgeTAM-hf need no commit",
    )
    sam2_device: Annotated[Literal["cuda", "cpu"] | None, Blank] = Field(
        None, description="for SAM2_BACKEND=sam2: `cuda` or `cpu`; unset: a GPU if there is one"
    )
    sam2_encoder_batch: Annotated[int | None, Blank] = Field(
        None,
        ge=1,
        le=64,
        description="maximum number of images that the encoder processes at once; unset: 8 on a "
        "GPU, 1 on a CPU, where more at once are no faster",
    )
    sam2_embeddings: int = Field(
        8, ge=1, description="number of images whose embeddings are kept in memory, 17 MB each"
    )
    max_bytes: int = Field(32 * 2**20, gt=0, description="limit for a request, in bytes")
    max_pixels: int = Field(
        50_000_000, gt=0, description="limit for the pixels of all images in a request together"
    )
