"""python -m tests.terraform.extract_schema WHEEL…: the providers' schemas, as far as they are used.

WHEEL is a cdktf-cdktf-provider-* wheel from PyPI. Its JavaScript, generated from the provider's own
schema, names every attribute and block with its type, and says of each whether it is required,
optional or computed. Writes tests/terraform/schemas/PROVIDER.json for the resources and data
sources that terraform/ names.
"""

import io
import json
import re
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tools.support.examples import ROOT

SCHEMAS = Path(__file__).parent / "schemas"
TYPES = {
    "string": "string",
    "number": "number",
    "boolean": "bool",
    "stringMap": ["map", "string"],
    "numberMap": ["map", "number"],
    "booleanMap": ["map", "bool"],
    "stringList": ["list", "string"],
    "numberList": ["list", "number"],
}
GETTERS = {
    "String": "string",
    "Number": "number",
    "Boolean": "bool",
    "List": ["list", "string"],
    "NumberList": ["list", "number"],
    "StringMap": ["map", "string"],
    "AnyMap": ["map", "string"],
    "BooleanMap": ["map", "bool"],
}

_RESOURCE = re.compile(r'^(resource|data) "(\w+)" "\w+" \{(.*?)^\}', re.DOTALL | re.MULTILINE)
_PROVIDER = re.compile(r"^ +provider += ([\w-]+)", re.MULTILINE)
"""A provider's name without an alias."""

_NAME = re.compile(r"^\s+(\w+): \{$")
_PART = re.compile(r"^\s+(isBlock|type|storageClassType): \"?(\w+)\"?,$")
_REQUIRED = re.compile(r"#(\w+) \w+#\w+\}\s+\*/\s+readonly \w+:")
"""A property without a question mark; the link above it has its name in Terraform."""

_KIND = re.compile(r"// (\w+) - computed: (\w+), optional: (\w+), required: (\w+)")
_COMPUTED = re.compile(r"return this\.get(\w+)Attribute\('(\w+)'\)")
_REFERENCE = re.compile(r"this\._(\w+) = new (\w+?)(List|Map)?\(this, \"(\w+)\"")


def main() -> None:
    """Writes a schema for each wheel."""
    for wheel in map(Path, sys.argv[1:]):
        provider, version, modules = _open(wheel)
        found = {}
        for kind, name in sorted(used(provider)):
            # the types of google-beta keep the google of their names
            module = name.removeprefix(f"{provider}_").replace("_", "-")
            path = f"data-{provider}-{module}" if kind == "data" else module
            found[f"{kind}.{name}"] = modules(path).resource()
        text = json.dumps({"provider": provider, "version": version, "types": found}, indent=1)
        SCHEMAS.mkdir(exist_ok=True)
        (SCHEMAS / f"{provider}.json").write_text(f"{text}\n")


def used(provider: str) -> set[tuple[str, str]]:
    """Returns the kinds ("resource", "data") and types of the provider that terraform/ uses.

    A resource belongs to the provider that its type begins with, unless it names another.
    """
    files = [file for file in (ROOT / "terraform").rglob("*.tf") if ".terraform" not in file.parts]
    return {
        (kind, name)
        for file in files
        for kind, name, body in _RESOURCE.findall(file.read_text())
        if provider == (match.group(1) if (match := _PROVIDER.search(body)) else name.split("_")[0])
    }


def _open(wheel: Path) -> tuple[str, str, Any]:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (n for n in archive.namelist() if n.endswith(".jsii.tgz"))
        packed = io.BytesIO(archive.read(name))
    files: dict[str, str] = {}
    with tarfile.open(fileobj=packed) as package:
        # Read once from front to end: a gzip has no shorter way to a file in its middle.
        for member in package:
            file = package.extractfile(member)
            if file and member.name.endswith(("/package.json", "/index.js", "/index.d.ts")):
                files[member.name.removeprefix("package/")] = file.read().decode()
    about = json.loads(files["package.json"])["cdktf"]["provider"]
    provider = about["name"].rpartition("/")[2]

    def module(path: str) -> "_Module":
        return _Module(files[f"lib/{path}/index.js"], files[f"lib/{path}/index.d.ts"])

    return provider, about["version"], module


class _Module:
    """The JavaScript of one resource, and its type declarations."""

    def __init__(self, source: str, declarations: str) -> None:
        self._required = {
            match.group(1): set(_REQUIRED.findall(part))
            for part in declarations.split("export interface ")
            if (match := re.match(r"(\w+)", part))
        }
        parts = re.split(r"^(?=class |function )", source, flags=re.MULTILINE)
        self._classes = {m.group(1): p for p in parts if (m := re.match(r"class (\w+)", p))}
        self._functions = {m.group(1): p for p in parts if (m := re.match(r"function (\w+)", p))}

    def resource(self) -> dict[str, Any]:
        base = re.compile(r"extends cdktf\.Terraform(Resource|DataSource)")
        (name,) = (name for name, text in self._classes.items() if base.search(text))
        text = self._classes[name]
        required = self._required[f"{name}Config"]
        return self._block(text, text[text.index("synthesizeHclAttributes") :], required)

    def _block(self, text: str, attributes: str, required: set[str]) -> dict[str, Any]:
        """Attributes and nested blocks; `text` is the class, `attributes` how it is written out."""
        kinds = {name: kind for name, *kind in _KIND.findall(text)}
        block: dict[str, Any] = {"attributes": {}, "blocks": {}}
        for name, is_block, nesting, storage in _attributes(attributes):
            if is_block == "true":
                block["blocks"][name] = self._nested(nesting, storage, least=int(name in required))
                continue
            kind = TYPES[storage]
            if nesting == "set":
                kind = ["set", kind[1]]
            block["attributes"][name] = {
                "type": kind,
                "required": name in required,
                "optional": name not in required,
                # What the sources do not say: an optional one may also be the provider's to fill.
                "computed": name not in required,
            }
        self._add_computed(block, text, kinds)
        return block

    def _nested(self, nesting: str, storage: str, least: int) -> dict[str, Any]:
        name = storage.removesuffix("List")
        function = name[0].lower() + name[1:] + "ToHclTerraform"
        single = f"{name}List" not in self._classes
        text = self._classes[f"{name}OutputReference"]
        nested = self._block(text, self._functions[function], self._required[name])
        return {
            "nesting": {"list": "list", "set": "set", "struct": "single"}[nesting],
            "min": least,
            "max": 1 if single and nesting != "struct" else 0,
            **nested,
        }

    def _add_computed(self, block: dict[str, Any], text: str, kinds: dict[str, list[str]]) -> None:
        """Adds the attributes that only the provider sets."""
        for getter, name in _COMPUTED.findall(text):
            if name in kinds and kinds[name][1:] == ["false", "false"]:
                block["attributes"].setdefault(
                    name,
                    {
                        "type": GETTERS[getter],
                        "required": False,
                        "optional": False,
                        "computed": True,
                    },
                )
        for _, reference, _, name in _REFERENCE.findall(text):
            if kinds.get(name, [])[1:] == ["false", "false"] and name not in block["blocks"]:
                block["attributes"][name] = {
                    "type": ["list", self._object(reference)],
                    "required": False,
                    "optional": False,
                    "computed": True,
                }

    def _object(self, reference: str) -> list[Any]:
        text = self._classes[f"{reference.removesuffix('List')}OutputReference"]
        return ["object", {name: GETTERS[getter] for getter, name in _COMPUTED.findall(text)}]


def _attributes(text: str) -> Iterator[tuple[str, str, str, str]]:
    """Yields name, isBlock, type and storageClassType of each attribute."""
    name = ""
    parts: dict[str, str] = {}
    for line in text.splitlines():
        if match := _NAME.match(line):
            name, parts = match.group(1), {}
        elif match := _PART.match(line):
            parts[match.group(1)] = match.group(2)
            if len(parts) == 3:
                yield name, parts["isBlock"], parts["type"], parts["storageClassType"]


if __name__ == "__main__":
    main()
