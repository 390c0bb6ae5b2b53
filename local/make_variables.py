"""python -m local.make_variables GOALS GIVEN AROUND: says which variables come to nothing.

`make run TARGET=hand` would otherwise end well and look for faces. A variable is used where the
Makefile's rule of a goal names it, or where it is a setting of a function that the goal starts.
GIVEN are those of make's command line. AROUND are those of the environment that look like ours:
of these only what is nearly the name of a setting is spoken of.
"""

from __future__ import annotations

import difflib
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_MAKEFILE = Path(__file__).parent.parent / "Makefile"
_REFERENCE = re.compile(r"\$\((?:call |origin )?(\w+)")
_DEFINITION = re.compile(r"^(\w+) *(?:\?=|:=|=) *(.*)", re.MULTILINE)
_RULE = re.compile(r"^([^\t#\s:][^:=\n]*):(?!=)(.*\n(?:\t.*\n)*)", re.MULTILINE)
_STARTS = re.compile(r"^([a-z0-9 -]+): STARTS := (.+)$", re.MULTILINE)
_OF_MAKE = {"MAKEFLAGS", "SHELL"}
_ALIKE = 0.7
"""Least likeness of a name to the one that was meant, as difflib has it."""


def main() -> None:
    """Prints a sentence for each variable that the goals do not use."""
    goals, given, around = (argument.split() for argument in sys.argv[1:])
    known = Known.of(goals, _MAKEFILE.read_text())
    sentences = [*known.complaints(given), *known.complaints(around, only_near=True)]
    if "PYTHON" in given:
        sentences += _too_late(os.environ["PYTHON"])
    for sentence in sentences:
        sys.stderr.write(f"make: {sentence}\n")


def _too_late(python: str) -> Iterator[str]:
    """A sentence where this environment was made with another Python than the one named now."""
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    wanted = re.search(r"3\.\d+", Path(python).name)
    if wanted and wanted.group() != here and sys.prefix != sys.base_prefix:
        yield (
            f"PYTHON={python} is not used: {Path(sys.prefix).name} was made with Python {here}; "
            "`make clean` comes first"
        )


@dataclass(frozen=True)
class Known:
    """What the goals use, and what they do not although there is such a thing."""

    goals: str
    variables: set[str]
    settings: set[str]
    fixed: frozenset[str]
    others: dict[str, str]
    """Settings of functions that no goal starts, and whose they are."""

    @classmethod
    def of(cls, goals: list[str], makefile: str) -> Known:
        """What a Makefile and the settings say about its goals."""
        variables = set().union(_OF_MAKE, *(_variables(goal, makefile) for goal in goals))
        starts = {
            goal: functions.split()
            for targets, functions in _STARTS.findall(makefile)
            for goal in targets.split()
        }
        started = [function for goal in goals for function in starts.get(goal, ())]
        shown = ", ".join(f"`{goal}`" for goal in goals)
        if not started:
            return cls(shown, variables, set(), frozenset(), {})
        # where no function is started, what settings are made of need not be installed
        from local.settings import FIXED, SETTINGS, WIRED, names_of  # noqa: PLC0415

        others = {name: function for function in SETTINGS for name in names_of([function])}
        fixed = WIRED.union(FIXED)
        return cls(shown, variables, names_of(started) - fixed, fixed, others)

    def complaints(self, names: list[str], *, only_near: bool = False) -> Iterator[str]:
        """A sentence for each name that comes to nothing."""
        usable = self.settings | {name for name in self.variables if name.isupper()}
        for name in sorted(names):
            # settings are read whatever their case
            if name in self.variables or name.upper() in self.settings:
                continue
            unused = f"{name} is not used by {self.goals}"
            near = difflib.get_close_matches(name.upper(), usable, 1, _ALIKE)
            if only_near and (name in self.others or not near):
                continue
            if name in self.fixed:
                yield f"{unused}, which has its own"
            elif name in self.others:
                yield f"{unused}: it is a setting of the function {self.others[name]}"
            elif near:
                yield f"{unused}; did you mean {near[0]}?"
            else:
                yield f"{name} is no variable of {self.goals}: programs get it as it is"


def _variables(goal: str, makefile: str) -> set[str]:
    """Those that a goal's rule names, and those that these are made of."""
    definitions = dict(_DEFINITION.findall(makefile))
    rules = dict(_RULE.findall(makefile))
    # with the rules of files that goals need: of the environment
    texts = [rules.get(goal, ""), *(text for target, text in rules.items() if "$" in target)]
    found: set[str] = set()
    while texts:
        new = set(_REFERENCE.findall(texts.pop())) - found
        found |= new
        texts += [definitions.get(name, "") for name in new]
    return found


if __name__ == "__main__":
    main()
