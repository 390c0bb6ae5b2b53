"""The four preconditions of the JSON API.

Semantics: https://cloud.google.com/storage/docs/request-preconditions. The generation 0 means that
the object does not exist.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from local.storage.errors import condition_not_met, invalid, not_modified


@dataclass(frozen=True, slots=True)
class Preconditions:
    """The preconditions of a request; None for those that it does not have."""

    generation_match: int | None = None
    generation_not_match: int | None = None
    metageneration_match: int | None = None
    metageneration_not_match: int | None = None

    @classmethod
    def of(cls, arguments: Mapping[str, str], prefix: str = "if") -> "Preconditions":
        """Parses query parameters. For the source of a copy, `prefix` is `ifSource`.

        The case of names is ignored: Google's Python client sends ifMetaGenerationNotMatch.

        Raises:
            ApiError: a value is not a number.
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
        """Checks the preconditions against the object.

        Raises:
            ApiError: 412 if one is not met; 304 if it is a not-match precondition of a read.
        """
        pairs = (
            (self.generation_match, self.generation_not_match, generation, "generation"),
            (
                self.metageneration_match,
                self.metageneration_not_match,
                metageneration,
                "metageneration",
            ),
        )
        for match, _, actual, name in pairs:
            if match is not None and match != actual:
                raise condition_not_met(f"The {name} is {actual}, not {match}.")
        for _, not_match, actual, name in pairs:
            if not_match is not None and not_match == actual:
                raise not_modified() if reading else condition_not_met(f"The {name} is {actual}.")


def _number(arguments: Mapping[str, str], name: str) -> int | None:
    value = arguments.get(name.lower())
    if value is None:
        return None
    try:
        return int(value)
    except ValueError as error:
        raise invalid(f"{name} must be a number, not {value!r}.") from error
