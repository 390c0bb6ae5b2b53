"""The prompt encoder: points and boxes become tokens. https://arxiv.org/abs/2304.02643, appendix A.

It computes in float32 with NumPy: in less, coordinates would shift by pixels.
"""

import numpy as np
import numpy.typing as npt

from shared.imaging.geometry import Floats
from shared.sam2_server.graphs.config import ModelConfig
from shared.sam2_server.graphs.weights import Weights

Labels = npt.NDArray[np.int64]

_CENTRE = 0.5
"""From the corner of a pixel to its centre."""

_CORNER_LABELS = 2, 3
"""Labels of the top left and the bottom right corner of a box."""


class PromptEncoder:
    """Encodes prompts in pixels of the network's input."""

    def __init__(self, weights: Weights, config: ModelConfig) -> None:
        part = weights.under("prompt_encoder")
        self._frequencies = part["shared_embedding.positional_embedding"]
        self._image_frequencies = weights["shared_image_embedding.positional_embedding"]
        self._labels = part["point_embed.weight"]
        self._none = part["not_a_point_embed.weight"]
        self._side = config.prompt_encoder_config.image_size

    def grid(self, size: int) -> Floats:
        """Returns the position embedding (1, size², channels) of a grid of cells, row by row."""
        steps = (np.arange(size, dtype=np.float32) + _CENTRE) / size
        columns, rows = np.meshgrid(steps, steps)
        places = np.stack([columns, rows], -1).reshape(1, -1, 2)
        return _fourier(places, self._image_frequencies)

    def tokens(self, points: Floats, labels: Labels, boxes: Floats | None) -> Floats:
        """Returns the tokens (prompts, tokens, channels).

        `points` are (prompts, points, 2), `labels` (prompts, points) with 1 for inside and 0 for
        outside, `boxes` (prompts, 4). A token of no point follows them, two if there is nothing
        else, as in transformers' `Sam2PromptEncoder`.
        """
        parts = [self._placed(points) + self._labels[labels]]
        if boxes is not None:
            corners = self._placed(boxes.reshape(-1, 2, 2))
            parts.append(corners + self._labels[list(_CORNER_LABELS)])
        empty = boxes is None and not points.shape[1]
        none = np.tile(self._none, (len(points), 2 if empty else 1, 1))
        return np.concatenate([*parts, none], 1)

    def _placed(self, points: Floats) -> Floats:
        places = (points + np.float32(_CENTRE)) / np.float32(self._side)
        return _fourier(places, self._frequencies)


def _fourier(places: Floats, frequencies: Floats) -> Floats:
    """Returns Fourier features of places in the unit square."""
    angles = 2 * np.pi * ((2 * places - 1) @ frequencies)
    return np.concatenate([np.sin(angles), np.cos(angles)], -1).astype(np.float32)
