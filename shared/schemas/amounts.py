"""Lengths in pixels or in per cent, as settings and form fields have them: `3`, `-2` or `5%`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from pydantic import PlainSerializer, PlainValidator, WithJsonSchema

_TEXT = re.compile(r"(-?(?:0|[1-9][0-9]{0,5})(?:\.[0-9]{1,2})?)(%?)", re.ASCII)

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


@dataclass(frozen=True, slots=True)
class Limits:
    """The largest number of pixels, and the largest number of per cent, both a digit and zeros.

    With `signed`, an amount may be negative, with the same limits. Without, the least is 0.
    """

    pixels: int
    percent: int
    signed: bool = False

    @property
    def parser(self) -> PlainValidator:
        """Parses an amount, and refuses one outside of the limits."""
        return PlainValidator(self._parsed)

    @property
    def schema(self) -> WithJsonSchema:
        """The JSON Schema of the text that `parser` accepts."""
        return WithJsonSchema({"type": "string", "pattern": f"^{self._pattern}$"})

    @property
    def _pattern(self) -> str:
        sign = "-?" if self.signed else ""
        return f"{sign}(({_up_to(self.pixels)})|({_up_to(self.percent)})%)"

    def _parsed(self, value: Any) -> Amount:
        amount = Amount.parse(value)
        if not re.fullmatch(self._pattern, value if isinstance(value, str) else str(amount)):
            low, low_percent = (-self.pixels, -self.percent) if self.signed else (0, 0)
            raise ValueError(
                f"the limits are {low} to {self.pixels} pixels, or {low_percent}% to "
                f"{self.percent}%"
            )
        return amount


def _up_to(most: int) -> str:
    """Returns a pattern of the decimal numbers from 0 to `most`, a digit and zeros."""
    first, zeros = most // 10 ** (len(str(most)) - 1), len(str(most)) - 1
    whole = ["0", f"[1-9][0-9]{{0,{zeros - 1}}}"]
    if first > 1:
        whole.append(f"[1-{first - 1}][0-9]{{{zeros}}}")
    return rf"({'|'.join(whole)})(\.[0-9]{{1,2}})?|{most}(\.0{{1,2}})?"
