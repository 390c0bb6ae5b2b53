"""The four preconditions of the JSON API.

Semantics: https://cloud.google.com/storage/docs/request-preconditions. A generation of 0 means
that there is no live object.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from local.storage.errors import condition_not_met, invalid, not_modified


@dataclass(frozen=True, slots=True)
class Preconditions:
    """What a request demands of the live object; None where it demands nothing."""

    generation_match: int | None = None
    generation_not_match: int | None = None
    metageneration_match: int | None = None
    metageneration_not_match: int | None = None

    @classmethod
    def of(cls, arguments: Mapping[str, str], prefix: str = "if") -> "Preconditions":
        """From query parameters; `prefix` is ifSource for the source of a copy.

        Case does not matter: Google's Python client writes ifMetaGenerationNotMatch in uploads.
        """
        folded = {name.lower(): value for name, value in arguments.items()}
        return cls(
            *(
                _number(folded, f"{prefix}{name}")
                for name in (
                    "GenerationMatch",
                    "GenerationNotMatch",
                    "MetagenerationMatch",
                    "MetagenerationNotMatch",
                )
            )
        )

    def check(self, generation: int, metageneration: int, *, reading: bool = False) -> None:
        """Raises 412, or 304 for a not-match demand of a read, unless the object is as demanded."""
        pairs = (
            (self.generation_match, self.generation_not_match, generation, "generation"),
            (
                self.metageneration_match,
                self.metageneration_not_match,
                metageneration,
                "metageneration",
            ),
        )
        for match, _, actual, what in pairs:
            if match is not None and match != actual:
                raise condition_not_met(f"The {what} is {actual}, not {match}.")
        for _, not_match, actual, what in pairs:
            if not_match is not None and not_match == actual:
                raise not_modified() if reading else condition_not_met(f"The {what} is {actual}.")


def _number(arguments: Mapping[str, str], name: str) -> int | None:
    value = arguments.get(name.lower())
    if value is None:
        return None
    try:
        return int(value)
    except ValueError as error:
        raise invalid(f"{name} must be a number, not {value!r}.") from error
