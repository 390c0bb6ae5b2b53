"""Lengths in pixels or in per cent, as settings and form fields have them: `3`, `-2` or `5%`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from pydantic import PlainSerializer, PlainValidator, WithJsonSchema

_TEXT = re.compile(r"(-?[0-9]{1,6}(?:\.[0-9]{1,2})?)(%?)", re.ASCII)

AS_TEXT = PlainSerializer(str, return_type=str)
"""Writes an amount in the notation in which it is read."""


@dataclass(frozen=True, slots=True)
class Amount:
    """A length in pixels or, with `is_percent`, in per cent of another length."""

    number: float
    is_percent: bool = False

    @classmethod
    def parse(cls, value: Any) -> Amount:
        """Parses text such as `3`, `-2.5` or `5%`; returns an amount unchanged.

        Raises:
            ValueError: it is something else.
        """
        if isinstance(value, Amount):
            return value
        found = _TEXT.fullmatch(value) if isinstance(value, str) else None
        if not found:
            raise ValueError("give pixels, as 3 or -2.5, or per cent, as 5%")
        return cls(float(found[1]) + 0.0, bool(found[2]))  # -0 + 0.0 is 0

    def __str__(self) -> str:
        """The notation that `parse` reads."""
        return f"{self.number:.8g}{'%' * self.is_percent}"

    def pixels(self, length: float) -> float:
        """Returns the amount in pixels. `length` is what per cent refer to, in pixels."""
        return self.number * length / 100 if self.is_percent else self.number


NOTHING = Amount(0)


def limited(*, pixels: tuple[int, int], percent: tuple[int, int]) -> PlainValidator:
    """Parses an amount, and refuses one outside of these limits, which are inclusive."""

    def parse(value: Any) -> Amount:
        amount = Amount.parse(value)
        low, high = percent if amount.is_percent else pixels
        if not low <= amount.number <= high:
            raise ValueError(
                f"the limits are {pixels[0]} to {pixels[1]} pixels, or {percent[0]}% to "
                f"{percent[1]}%"
            )
        return amount

    return PlainValidator(parse)


def text_schema(*, signed: bool = False) -> WithJsonSchema:
    """The JSON Schema of an amount's text."""
    sign = "-?" if signed else ""
    pattern = rf"^{sign}[0-9]{{1,6}}(\.[0-9]{{1,2}})?%?$"
    return WithJsonSchema({"type": "string", "pattern": pattern})
