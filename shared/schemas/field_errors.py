"""Turns validation errors into sentences for the sender."""

import json
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError

_MOST_PROBLEMS = 5
"""Limit for the sentences in a message. Chosen by hand, to keep messages short."""

_MOST_READ = 100
"""Limit for the pydantic errors that are read; each member of a union creates one. Chosen by hand:
a higher limit takes longer for requests with many errors."""

_LONGEST_PLACE = 200
"""Limit for a field's location, in characters: the sender chooses field names. Chosen by hand."""

_MOST_SHOWN = 60
"""Limit for the part of a value that is shown, in characters. Chosen by hand."""

_LARGEST_SHOWN = 10**_MOST_SHOWN
"""Limit for an integer that is shown. Python cannot format more than 4,300 digits."""

_UNION_MEMBER = re.compile(r"[\w-]+\[.*\]")
"""The name of a union member in a pydantic location, such as `str-enum[Status]`."""

_CHOICES = ("enum", "literal_error")
_KIND = re.compile(r"(.+?)(_attributes)?_(type|parsing|parsing_size|from_float)")
_KINDS = {
    "bool": "true or false",
    "int": "a whole number",
    "float": "a number",
    "string": "text",
    "list": "a list",
    "tuple": "a list",
    "set": "a list",
    "frozen_set": "a list",
    "dict": "an object",
    "model": "an object",
}
_DEMANDS = {
    "missing": "is missing",
    "extra_forbidden": "is an unknown field",
    "json_invalid": "is not JSON: {error}",
    "value_error": "must not be {got}: {error}",
    "finite_number": "must be a finite number, not {got}",
    "greater_than_equal": "must be at least {ge}, not {got}",
    "greater_than": "must be more than {gt}, not {got}",
    "less_than_equal": "must be at most {le}, not {got}",
    "less_than": "must be less than {lt}, not {got}",
    "union_tag_invalid": "must have {discriminator} {expected_tags}, not '{tag}'",
    "string_pattern_mismatch": "must match {pattern}, but is {got}",
    "string_too_short": "must have at least {min_length} characters, not {length}",
    "string_too_long": "must have at most {max_length} characters, not {length}",
    "too_short": "must have at least {min_length} parts, not {length}",
    "too_long": "must have at most {max_length} parts, not {length}",
}


def problems(error: ValidationError, skip: int = 0, parts: int | None = None) -> str:
    """Returns one sentence per invalid field, for the sender.

    A field is named by its location, without the first `skip` parts, and with at most `parts` parts
    after them.
    """
    stop = None if parts is None else skip + parts
    found: list[tuple[str, Mapping[str, Any]]] = [
        (_place(problem["loc"][skip:stop]), problem)
        for problem in error.errors(include_url=False)[:_MOST_READ]
    ]
    choices: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for place, problem in found:  # each member of a union has its own choices
        if problem["type"] in _CHOICES:
            choices[place, _shown(problem["input"])] += re.findall(
                "'[^']*'", problem["ctx"]["expected"]
            )
    sentences = dict.fromkeys(
        f"{place} {_demand(problem, choices[place, _shown(problem['input'])])}."
        for place, problem in found
    )
    shown_sentences = list(sentences)[:_MOST_PROBLEMS]
    unread = max(0, error.error_count() - _MOST_READ)
    if more := len(sentences) - len(shown_sentences) + unread:
        shown_sentences.append(f"And {more} more problem{'s' * (more > 1)}.")
    return " ".join(shown_sentences)


def _place(parts: Sequence[str | int]) -> str:
    """Returns a location in the notation of callers: `images[0].box`."""
    named = (
        f"[{part}]" if isinstance(part, int) else f".{part}"
        for part in parts
        if isinstance(part, int) or not _UNION_MEMBER.fullmatch(part)
    )
    return cut("".join(named).removeprefix("."), _LONGEST_PLACE) or "The body"


def _demand(problem: Mapping[str, Any], choices: Sequence[str]) -> str:
    """Returns the part of a sentence that has the expected and the actual value of a field."""
    kind, value, got = problem["type"], problem["input"], _shown(problem["input"])
    length = len(value) if hasattr(value, "__len__") else 0
    limits = {
        name: int(limit) if isinstance(limit, float) and limit.is_integer() else limit
        for name, limit in problem.get("ctx", {}).items()
    }
    if choices:
        *others, last = dict.fromkeys(choices)
        return f"must be {' or '.join(filter(None, (', '.join(others), last)))}, not {got}"
    if kind.endswith("too_short") and length == 0:
        return "must not be empty"
    if kind == "value_error" and isinstance(value, dict | BaseModel):
        return f"is not valid: {limits['error']}"
    if demand := _DEMANDS.get(kind):
        return demand.format(**limits, got=got, length=length)
    known = _KIND.fullmatch(kind)
    return f"must be {_KINDS.get(known[1] if known else '', 'something else')}, not {got}"


def _shown(value: Any) -> str:
    """Returns a value in JSON notation, or the name of its type."""
    match value:
        case str():
            text = repr(value[: _MOST_SHOWN + 1])
        case int() if abs(value) >= _LARGEST_SHOWN:
            return f"a number of more than {_MOST_SHOWN} digits"
        case None | bool() | int() | float():
            text = json.dumps(value)
        case dict() | BaseModel():
            return "an object"
        case _:
            return "a list" if hasattr(value, "__iter__") else "that"
    return cut(text, _MOST_SHOWN)


def cut(text: str, most: int) -> str:
    """Returns the text, cut after `most` characters with an ellipsis."""
    return text if len(text) <= most else f"{text[:most]}…"
