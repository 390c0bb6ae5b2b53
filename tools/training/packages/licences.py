"""Writes LICENCES.md from what the installed packages say about themselves.

python -m tools.training.packages.licences
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import NamedTuple

from tools.training.packages import node
from tools.training.sources import UNSEEN

_PAGE = Path(__file__).with_name("LICENCES.md")

_GIVES = {
    **dict.fromkeys(UNSEEN, "nothing: they judge the model"),
    "@bigheads/core": "people",
    "@lobehub/fluent-emoji-3d": "shaded smileys, hands and negatives",
    "emojione": "people, hands, smileys, negatives",
    "facesjs": "people",
    "fluent-emoji-flat": "people, hands, smileys, negatives",
    "fun-emoji": "smileys",
    "fxemoji": "smileys, negatives",
    "noto": "people, hands, smileys, negatives",
    "noto-v1": "people, hands, smileys, negatives",
    "streamline-emojis": "smileys",
    "thumbs": "smileys",
    "twemoji": "people, hands, smileys, negatives",
}

_TOOLS = {"@dicebear/core", "@emotion/core", "react", "react-dom"}
"""Packages that draw others and contain no pictures."""

_INTRODUCTION = """\
# Licences of the packages

`python -m tools.training.packages.licences` writes this page from the packages of
`package-lock.json`. Nothing of them is part of this repository: they are installed to make training
data.

DiceBear's generator is under MIT; the licence here is that of the designs. Fluent's shaded pictures
are the Fluent emoji by Microsoft (MIT), which LobeHub redistributes.

Left out, because their licences are not CC0, public domain, MIT, Apache, BSD or CC BY: DiceBear's
Avataaars and Bottts ("free for personal and commercial use"), Multiavatar (forbids similar
products), Emoji One 1 and OpenMoji (share-alike). Kept unseen, to judge the model: DiceBear's
Personas, Big Ears, Toon Head, Dylan and Miniavs.

| package | version | licence | author | gives |
| --- | --- | --- | --- | --- |
"""


class _Terms(NamedTuple):
    licence: str
    author: str


def _terms(name: str) -> _Terms:
    folder = node.package(name)
    manifest = json.loads((folder / "package.json").read_text())
    if name.startswith("@iconify-json/"):
        info = json.loads((folder / "info.json").read_text())
        return _Terms(info["license"]["spdx"], info["author"]["name"])
    if name.startswith("@dicebear/"):
        text = (folder / "LICENSE").read_text()
        return _Terms(_field("License", text), _field("Designer", text))
    author = manifest.get("author", "")
    return _Terms(manifest["license"], re.sub(r" *[<(].*", "", author))


def _field(name: str, text: str) -> str:
    """The first such line of a DiceBear licence, without its address."""
    found = re.search(rf"^{name}: (.+?)(?: \(http.*)?$", text, re.MULTILINE)
    if found is None:
        raise ValueError(f"A licence has no line {name!r}. Read it and adapt licences.py.")
    return found[1]


def main() -> None:
    dependencies = json.loads((node.PROJECT / "package.json").read_text())["dependencies"]
    rows = []
    for name, version in sorted(dependencies.items()):
        if name in _TOOLS:
            continue
        terms = _terms(name)
        kind = name if name in _GIVES else name.rpartition("/")[2]
        gives = _GIVES.get(kind, "negatives" if name.startswith("@iconify-json/") else "people")
        rows.append(f"| `{name}` | {version} | {terms.licence} | {terms.author} | {gives} |\n")
    _PAGE.write_text(_INTRODUCTION + "".join(rows))


if __name__ == "__main__":
    main()
