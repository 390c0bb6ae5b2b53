"""Counts runs of the face models."""

from collections.abc import Callable
from typing import Any

from shared.detection.face_models import FULL_SIDE, MESH_SIDE, SHORT_SIDE, FaceModels
from shared.imaging.geometry import Image

_SIDES = {"short_range": SHORT_SIDE, "full_range": FULL_SIDE, "ovals": MESH_SIDE}


class Passes:
    """Counts passes while the context lasts. A pass is one image of the model's training size.

    A larger image counts as the ratio of the areas.
    """

    def __init__(self) -> None:
        self.count = 0.0

    def __enter__(self) -> "Passes":
        self._plain = {name: getattr(FaceModels, name) for name in _SIDES}
        for name, call in self._plain.items():
            setattr(FaceModels, name, self._counting(call, _SIDES[name]))
        return self

    def __exit__(self, *_: object) -> None:
        for name, call in self._plain.items():
            setattr(FaceModels, name, call)

    def _counting(self, call: Callable[..., Any], side: int) -> Callable[..., Any]:
        def counted(models: FaceModels, pictures: Image, *arguments: Any) -> Any:
            count, height, width = pictures.shape[:3]
            self.count += count * height * width / side**2
            return call(models, pictures, *arguments)

        return counted
