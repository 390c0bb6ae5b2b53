"""The commands of gcloud in the documentation exist, with their flags."""

import itertools
import re
import runpy
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tools.support.examples import ROOT

_PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), ROOT / "terraform/README.md"])
_CODE = re.compile(r"```[^\n]*\n(?P<block>.*?)```|`(?P<span>[^`]+)`", re.DOTALL)
_TABLE = "data/cli/gcloud_completions.py"
"""All commands of gcloud and their flags, for its completion in shells; relative to the SDK."""

Words = tuple[str, ...]


def _commands() -> set[Words]:
    """The documented commands of gcloud, without the name and variables in front of it."""
    lines = itertools.chain.from_iterable(map(_lines, _PAGES))
    words = (_without_variables(part) for line in lines for part in _parts(line))
    return {command[1:] for command in words if command[:1] == ("gcloud",)}


def _lines(page: Path) -> Iterator[str]:
    for match in _CODE.finditer(page.read_text()):
        if match["block"]:
            yield from match["block"].replace("\\\n", " ").splitlines()
        else:
            yield " ".join(match["span"].split())


def _parts(line: str) -> Iterator[Words]:
    """The commands of a line. Nothing, if it is none."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    try:
        words = list(lexer)
    except ValueError:  # a quote that does not end
        return
    for is_end, part in itertools.groupby(words, lambda word: set(word) <= set(";|&()<>")):
        if not is_end:
            yield tuple(part)


def _without_variables(words: Words) -> Words:
    return tuple(itertools.dropwhile(re.compile(r"\w+=").match, words))


@pytest.fixture(scope="module")
def gcloud() -> dict[str, Any]:
    """gcloud's own table of its commands."""
    program = shutil.which("gcloud")
    table = Path(program).resolve().parents[1] / _TABLE if program else None
    if table is None or not table.exists():
        pytest.skip("gcloud is not on PATH: install the Google Cloud SDK to check its commands")
    tree: dict[str, Any] = runpy.run_path(str(table))["STATIC_COMPLETION_CLI_TREE"]
    return tree


def _unknown(tree: dict[str, Any], words: Words) -> list[str]:
    """The words of a command of gcloud that gcloud does not know."""
    node, unknown = tree, []
    for word in words:
        if word.startswith("--"):
            name = word.partition("=")[0]
            unknown += [] if name in tree["flags"] | node["flags"] else [name]
        elif word in node["commands"]:
            node = node["commands"][word]
        elif node["commands"] and not word.startswith("-"):
            return [*unknown, word]
    return unknown


def test_commands_of_gcloud(gcloud: dict[str, Any]) -> None:
    documented = _commands()
    assert len(documented) > 10
    unknown = {" ".join(words): _unknown(gcloud, words) for words in documented}
    assert not {command: words for command, words in unknown.items() if words}


@pytest.mark.parametrize("command", ["storage bucket list", "logging read --newest=1"])
def test_a_command_that_gcloud_does_not_have_is_found(gcloud: dict[str, Any], command: str) -> None:
    """Otherwise the test above would prove nothing."""
    assert _unknown(gcloud, tuple(command.split()))
