"""The manifest of a corpus: images with true faces, and label maps with their pixels."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image
from pydantic import BaseModel, TypeAdapter

from shared.imaging.geometry import BoolMask
from shared.schemas.box import Box

IGNORE = 255
"""Label of pixels that are neither right nor wrong."""

IGNORE_BAND = 3
"""Width of the ignored band on each side of a face's edge in label maps, in pixels."""


class Face(BaseModel):
    """One true face."""

    box: Box
    style: str


class CorpusImage(BaseModel):
    """One image. `label` is None if it has no face. Paths are relative to the manifest."""

    image: str
    label: str | None
    width: int
    height: int
    faces: list[Face]

    @property
    def kind(self) -> str:
        """The image's group in the report: its style, `scenes`, or `negatives`."""
        if self.label is None:
            return "negatives"
        return "scenes" if "scenes/" in self.image else self.faces[0].style


class Manifest(BaseModel):
    """All images of a corpus. `name` is the place of its tables in docs/quality.md."""

    name: str = "corpus"
    images: list[CorpusImage]

    @classmethod
    def read(cls, file: Path) -> "Manifest":
        """Reads a manifest.json."""
        return TypeAdapter(cls).validate_json(file.read_bytes())


def read_label(file: Path) -> npt.NDArray[np.uint8]:
    """Reads a label map, uint8 (h, w): 0 for background, 1..N for faces, IGNORE."""
    return np.asarray(Image.open(file))


def read_mask(file: Path) -> BoolMask:
    """Reads a grey image as a mask, bool (h, w)."""
    return np.asarray(Image.open(file).convert("L")) > 127
