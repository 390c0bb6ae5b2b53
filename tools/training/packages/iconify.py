"""Icon sets in the JSON format of Iconify: packages @iconify-json/*."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from tools.training.packages import node


@dataclass(frozen=True, slots=True, eq=False)
class IconSet:
    name: str
    categories: dict[str, list[str]]
    icons: dict[str, Any]
    width: float
    height: float

    def svg(self, icon: str) -> str:
        entry = self.icons[icon]
        box = (
            entry.get("left", 0),
            entry.get("top", 0),
            entry.get("width", self.width),
            entry.get("height", self.height),
        )
        # icons of one colour have the colour of the text around them
        body = entry["body"].replace("currentColor", "#202020")
        return (
            '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
            f'viewBox="{" ".join(map(str, box))}" width="{box[2]}" height="{box[3]}">{body}</svg>'
        )

    def within(self, categories: Sequence[str]) -> list[str]:
        """The icons of these categories, without aliases."""
        names = [name for category in categories for name in self.categories.get(category, [])]
        return sorted({name for name in names if name in self.icons})


@cache
def icon_set(name: str) -> IconSet:
    folder = node.package(f"@iconify-json/{name}")
    data = json.loads((folder / "icons.json").read_text())
    categories = json.loads((folder / "metadata.json").read_text()).get("categories", {})
    # the format's default for sets that do not state their size
    width = data.get("width", 16)
    return IconSet(name, categories, data["icons"], width, data.get("height", width))


@cache
def fluent_3d() -> dict[str, str]:
    """The files of the shaded Fluent emoji, by the names of the flat ones."""
    characters = json.loads(
        (node.package("@iconify-json/fluent-emoji-flat") / "chars.json").read_text()
    )
    assets = node.package("@lobehub/fluent-emoji-3d") / "assets"
    # file names have the variation selector, the keys of chars.json do not
    files = {path.stem.replace("-fe0f", ""): str(path) for path in sorted(assets.glob("*.webp"))}
    found = {
        characters[code.replace("-fe0f", "")]: path
        for code, path in files.items()
        if code in characters
    }
    return dict(sorted(found.items()))
