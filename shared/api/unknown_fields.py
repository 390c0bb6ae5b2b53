"""What a caller sent that nothing reads: said, not refused, since clients of others send more."""

from collections.abc import Sequence
from difflib import get_close_matches

_MOST_NAMES = 5
_MOST_CHARACTERS = 40


def unknown(kind: str, names: Sequence[str], known: Sequence[str]) -> list[str]:
    """A sentence in ASCII for each of the first few names, with the known one that is nearest."""
    sentences = [_sentence(kind, name, known) for name in names[:_MOST_NAMES]]
    left = len(names) - len(sentences)
    return [*sentences, f"{left} more were ignored."] if left else sentences


def _sentence(kind: str, name: str, known: Sequence[str]) -> str:
    name = name[: _MOST_CHARACTERS + 1]  # likeness to others takes its time for each character
    shown = ascii(name)
    if len(shown) > _MOST_CHARACTERS:
        shown = f"{shown[:_MOST_CHARACTERS]}..."
    near = get_close_matches(name, known, 1)
    hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(known)}."
    return f"The {kind} {shown} was ignored: {hint}"
