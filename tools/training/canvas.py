"""A tile while it is composed: figures are pasted one over the other."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from tools.training.figure import Figure, Matrix, premultiplied
from tools.training.sprite import BACKGROUND, Pixels
from tools.training.targets import Placed, transformed, write


class Canvas:
    """`picture` is float32 (side, side, 3); `label`, uint8 (side, side), is a sprite's."""

    def __init__(self, picture: npt.NDArray[np.float32]) -> None:
        self.picture = picture
        self.side = len(picture)
        self.label = np.zeros((self.side, self.side), np.uint8)
        self._owners = np.zeros((self.side, self.side), np.uint8)
        self._placed: list[Placed] = []

    def paste(self, figure: Figure, matrix: Matrix, angle: float) -> None:
        """Pastes a figure, transformed by `matrix`, (2, 3); `angle` is how far that turns it."""
        warped = self._warped(premultiplied(figure.image), matrix, cv2.INTER_LINEAR)
        alpha = warped[..., 3:].astype(np.float32) * np.float32(1 / 255)
        self.picture = self.picture * (1 - alpha) + warped[..., :3]
        label = self._warped(figure.label, matrix, cv2.INTER_NEAREST)
        regions = self._warped(figure.regions, matrix, cv2.INTER_NEAREST)
        solid = (warped[..., 3] > 127) | (label != BACKGROUND)
        self.label[solid] = label[solid]
        self._owners[solid] = 0
        scale = abs(np.linalg.det(matrix[:, :2]))
        for index, value in enumerate(figure.classes, start=1):
            hull = figure.hull(index)
            if not len(hull):
                continue
            area = np.count_nonzero(figure.regions == index) * scale
            self._placed.append(Placed(value, transformed(hull, matrix), area, angle))
            self._owners[solid & (regions == index)] = len(self._placed)

    def cover(self, mask: npt.NDArray[np.uint8], colour: tuple[int, int, int]) -> None:
        """Paints over everything where `mask` (side, side; 0 to 255) is set."""
        alpha = mask[..., None] / np.float32(255)
        painted = self.picture * (1 - alpha) + np.array(colour, np.float32) * alpha
        self.picture = np.asarray(painted, np.float32)
        self.label[mask > 127] = BACKGROUND
        self._owners[mask > 127] = 0

    def write_targets(self, tile: npt.NDArray[np.void]) -> None:
        write(tile, self.label, self._owners, self._placed)

    def _warped(self, pixels: Pixels, matrix: Matrix, interpolation: int) -> Pixels:
        size = self.side, self.side
        return np.asarray(cv2.warpAffine(pixels, matrix, size, flags=interpolation), np.uint8)
