"""Patterns of the models' fields."""

import importlib
import pkgutil
import re
from collections.abc import Iterator

from pydantic import BaseModel

import shared

COUNTED = re.compile(r"\{\d*,?(\d+)\}")


def _patterns(node: object) -> Iterator[str]:
    """All patterns in a JSON schema."""
    if isinstance(node, dict):
        if isinstance(pattern := node.get("pattern"), str):
            yield pattern
        for value in node.values():
            yield from _patterns(value)
    elif isinstance(node, list):
        for value in node:
            yield from _patterns(value)


def test_no_pattern_repeats_word_characters_a_counted_number_of_times() -> None:
    r"""The regex engine of pydantic writes out each repetition, and `\w` has all of Unicode.

    `^\w{1,200}$` takes 25 MB and 50 ms in each process; `max_length` with `^\w+$` takes nothing.
    """
    for module in pkgutil.walk_packages(shared.__path__, "shared."):
        if not module.name.startswith("shared.sam2_server"):  # needs the packages of its own image
            importlib.import_module(module.name)
    seen = set()
    for model in BaseModel.__subclasses__():
        seen |= _all_patterns(model)
    assert len(seen) > 10
    for pattern in seen:
        most = max((int(count) for count in COUNTED.findall(pattern)), default=0)
        assert r"\w" not in pattern or most < 10, pattern


def _all_patterns(model: type[BaseModel]) -> set[str]:
    if not model.__module__.startswith("shared."):
        return set().union(*map(_all_patterns, model.__subclasses__()))
    found = set(_patterns(model.model_json_schema()))
    return found.union(*map(_all_patterns, model.__subclasses__()))
