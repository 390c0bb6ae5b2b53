"""The tensors of a checkpoint, by their names in transformers' format."""

from collections.abc import Mapping

import numpy as np

from shared.imaging.geometry import Floats


class Weights:
    """The tensors whose names start with a prefix."""

    def __init__(self, tensors: Mapping[str, Floats], prefix: str = "") -> None:
        self._tensors = tensors
        self._prefix = prefix

    def under(self, part: str) -> "Weights":
        """Returns the tensors of a part of the network."""
        return Weights(self._tensors, f"{self._prefix}{part}.")

    def __getitem__(self, name: str) -> Floats:
        """Returns a tensor as float32.

        Raises:
            ValueError: the checkpoint has no such tensor.
        """
        full = self._prefix + name
        if full not in self._tensors:
            raise ValueError(f"the checkpoint has no tensor {full}, which its config.json promises")
        return np.asarray(self._tensors[full], np.float32)

    def __contains__(self, name: str) -> bool:
        """Returns whether the checkpoint has this tensor, or a part of this name."""
        full = self._prefix + name
        return full in self._tensors or any(key.startswith(f"{full}.") for key in self._tensors)

    def parts(self, name: str) -> "list[Weights]":
        """Returns the numbered parts NAME.0, NAME.1, … of the network."""
        found: list[Weights] = []
        while f"{name}.{len(found)}" in self:
            found.append(self.under(f"{name}.{len(found)}"))
        return found
