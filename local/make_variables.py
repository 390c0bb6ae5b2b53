"""python -m local.make_variables GOALS GIVEN ENVIRONMENT: warns about variables without effect.

For example, `make run TARGET=hand` would succeed, but detect faces. A goal uses a variable if its
rule in the Makefile names it, or if it is a setting of a function that the goal starts. GIVEN are
the variables of make's command line. ENVIRONMENT are environment variables that look like settings:
only those with nearly the name of a setting cause a warning.
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
_MAKES_OWN = {"MAKEFLAGS", "SHELL"}
_LEAST_SIMILARITY = 0.7
"""Lowest similarity of two names, 0..1 by difflib, for a suggestion. Chosen by hand: a lower one
suggests unrelated names, a higher one misses typing errors."""


def main() -> None:
    """Prints a warning for each variable that the goals do not use."""
    goals, given, environment = (argument.split() for argument in sys.argv[1:])
    usage = VariableUsage.of(goals, _MAKEFILE.read_text())
    sentences = [*usage.warnings(given), *usage.warnings(environment, only_similar=True)]
    if "PYTHON" in given:
        sentences += _python_warning(os.environ["PYTHON"])
    for sentence in sentences:
        sys.stderr.write(f"make: {sentence}\n")


def _python_warning(python: str) -> Iterator[str]:
    """Yields a warning if the virtual environment exists and has another version of Python."""
    current = f"{sys.version_info.major}.{sys.version_info.minor}"
    wanted = re.search(r"3\.\d+", Path(python).name)
    if wanted and wanted.group() != current and sys.prefix != sys.base_prefix:
        yield (
            f"PYTHON={python} is not used: {Path(sys.prefix).name} was made with Python {current}; "
            "run `make clean` first"
        )


@dataclass(frozen=True)
class VariableUsage:
    """The variables and settings that the goals use.

    `fixed` are settings that the local system sets itself. `others` maps settings of functions that
    no goal starts to the function's name.
    """

    goals: str
    variables: set[str]
    settings: set[str]
    fixed: frozenset[str]
    others: dict[str, str]

    @classmethod
    def of(cls, goals: list[str], makefile: str) -> VariableUsage:
        """Returns the usage of goals, from the Makefile's text and the functions' settings."""
        variables = set().union(_MAKES_OWN, *(_variables(goal, makefile) for goal in goals))
        starts = {
            goal: functions.split()
            for targets, functions in _STARTS.findall(makefile)
            for goal in targets.split()
        }
        started = [function for goal in goals for function in starts.get(goal, ())]
        goal_names = ", ".join(f"`{goal}`" for goal in goals)
        if not started:
            return cls(goal_names, variables, set(), frozenset(), {})
        # imported here, because goals that start no function work without installed packages
        from local.settings import FIXED, SETTINGS, WIRED, names_of  # noqa: PLC0415

        others = {name: function for function in SETTINGS for name in names_of([function])}
        fixed = WIRED.union(FIXED)
        return cls(goal_names, variables, names_of(started) - fixed, fixed, others)

    def warnings(self, names: list[str], *, only_similar: bool = False) -> Iterator[str]:
        """Yields a warning for each name that the goals do not use.

        With `only_similar`, only names that are similar to a used one cause a warning.
        """
        usable = self.settings | {name for name in self.variables if name.isupper()}
        for name in sorted(names):
            # the case of a setting's name does not matter
            if name in self.variables or name.upper() in self.settings:
                continue
            unused = f"{name} is not used by {self.goals}"
            similar = difflib.get_close_matches(name.upper(), usable, 1, _LEAST_SIMILARITY)
            if only_similar and (name in self.others or not similar):
                continue
            if name in self.fixed:
                yield f"{unused}, which sets it itself"
            elif name in self.others:
                yield f"{unused}: it is a setting of the function {self.others[name]}"
            elif similar:
                yield f"{unused}; did you mean {similar[0]}?"
            else:
                yield f"{name} is not a variable of {self.goals}; it is only passed to programs"


def _variables(goal: str, makefile: str) -> set[str]:
    """Returns the variables that a goal's rule uses, directly or through other variables."""
    definitions = dict(_DEFINITION.findall(makefile))
    rules = dict(_RULE.findall(makefile))
    # includes the rules of files that goals need, such as the virtual environment
    texts = [rules.get(goal, ""), *(text for target, text in rules.items() if "$" in target)]
    found: set[str] = set()
    while texts:
        new = set(_REFERENCE.findall(texts.pop())) - found
        found |= new
        texts += [definitions.get(name, "") for name in new]
    return found


if __name__ == "__main__":
    main()
