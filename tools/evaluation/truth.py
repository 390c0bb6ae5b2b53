"""Drawings with faces or hands known by eye: a JSON object, image name -> `Drawing`.

tools/evaluation/art/README.md describes the fields.
"""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, TypeAdapter

from shared.schemas.box import Box

Outline = list[tuple[float, float]]


class Place(BaseModel):
    """A place in an image. Inside `ignore`, a mask is neither right nor wrong."""

    box: Box
    kind: str | None = None
    style: str | None = None
    small: bool = False
    creature: bool = False
    tags: list[str] = []
    polygon: Outline | None = None
    ignore: Outline | None = None

    @property
    def traits(self) -> list[str]:
        """What is said about the place, in words."""
        said = [self.style, self.kind, "small" * self.small, "creature" * self.creature]
        return [*filter(None, said), *self.tags]


class Drawing(BaseModel):
    """The faces or the hands of one image, and places that count neither way.

    `set` is the folder of the image, beside the JSON file. A file has either `faces` or `hands`.
    """

    set: str
    faces: list[Place] = []
    hands: list[Place] | None = None
    unsure: list[Place] = []

    @property
    def label(self) -> Literal["face", "hand"]:
        """What is known about the image."""
        return "face" if self.hands is None else "hand"

    @property
    def places(self) -> list[Place]:
        """The faces, or the hands."""
        return self.faces if self.hands is None else self.hands


def read_truth(file: Path) -> dict[Path, Drawing]:
    """Returns the drawings of a JSON file by the paths of their images."""
    drawings = TypeAdapter(dict[str, Drawing]).validate_json(file.read_bytes())
    return {file.parent / drawing.set / name: drawing for name, drawing in drawings.items()}
