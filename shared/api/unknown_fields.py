"""Warnings about unknown form fields and query parameters.

They are ignored, not refused, because clients of other APIs send more fields.
"""

from collections.abc import Sequence
from difflib import get_close_matches

_MOST_NAMES = 5
"""Limit for the names in the warnings. Chosen by hand: the warnings are also a header, which has to
stay far below the limits of proxies."""

_MOST_CHARACTERS = 40
"""Limit for a name in a warning, in characters. Chosen by hand: the client chooses the names, and
the search for a similar known name takes longer for longer ones."""


def unknown(kind: str, names: Sequence[str], known: Sequence[str]) -> list[str]:
    """Returns an ASCII sentence for each of the first `_MOST_NAMES` names.

    A sentence suggests the most similar known name. `kind` says what the names are.
    """
    sentences = [_sentence(kind, name, known) for name in names[:_MOST_NAMES]]
    left = len(names) - len(sentences)
    return [*sentences, f"{left} more were ignored."] if left else sentences


def _sentence(kind: str, name: str, known: Sequence[str]) -> str:
    name = name[: _MOST_CHARACTERS + 1]
    quoted = ascii(name)
    if len(quoted) > _MOST_CHARACTERS:
        quoted = f"{quoted[:_MOST_CHARACTERS]}..."
    near = get_close_matches(name, known, 1)
    hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(known)}."
    return f"The {kind} {quoted} was ignored: {hint}"
