"""Drawings with faces known by eye: a JSON object, image name -> {"set", "faces", "unsure"}."""

from pathlib import Path

from pydantic import BaseModel, TypeAdapter

from shared.schemas.box import Box


class Place(BaseModel):
    """A place in an image; its other fields are not used here."""

    box: Box


class Drawing(BaseModel):
    """The faces of one image, and places that count neither as a face nor as none.

    `set` is the folder of the image, beside the JSON file.
    """

    set: str
    faces: list[Place]
    unsure: list[Place] = []


def read_truth(file: Path) -> dict[Path, Drawing]:
    """Returns the drawings of a JSON file by the paths of their images."""
    drawings = TypeAdapter(dict[str, Drawing]).validate_json(file.read_bytes())
    return {file.parent / drawing.set / name: drawing for name, drawing in drawings.items()}
