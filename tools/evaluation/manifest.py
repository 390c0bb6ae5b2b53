"""A corpus: images with true faces, and label maps that show them to the pixel."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image
from pydantic import BaseModel, TypeAdapter

from shared.imaging.geometry import BoolMask
from shared.schemas.box import Box

IGNORE = 255


class Face(BaseModel):
    """One true face."""

    box: Box
    style: str


class CorpusImage(BaseModel):
    """One image; `label` is None where it shows no face. Paths are relative to the manifest."""

    image: str
    label: str | None
    width: int
    height: int
    faces: list[Face]

    @property
    def kind(self) -> str:
        """What it is counted under: its style, `scenes`, or `negatives`."""
        if self.label is None:
            return "negatives"
        return "scenes" if "scenes/" in self.image else self.faces[0].style


class Manifest(BaseModel):
    """All images of a corpus."""

    images: list[CorpusImage]

    @classmethod
    def read(cls, file: Path) -> "Manifest":
        """From a manifest.json."""
        return TypeAdapter(cls).validate_json(file.read_bytes())


def read_label(file: Path) -> npt.NDArray[np.uint8]:
    """uint8 (h, w): 0 background, 1..N faces, IGNORE."""
    return np.asarray(Image.open(file))


def read_mask(file: Path) -> BoolMask:
    """bool (h, w) of a grey picture."""
    return np.asarray(Image.open(file).convert("L")) > 127
