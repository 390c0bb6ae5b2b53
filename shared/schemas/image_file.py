"""An image file of a result."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, eq=False)
class ImageFile:
    """An encoded image. `name` is relative to the upload's folder, and its suffix is the format."""

    name: str
    data: bytes
