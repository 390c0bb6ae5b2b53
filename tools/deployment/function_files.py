"""The files of functions and the tags of their images.

terraform/modules/function/main.tf packs the same files, terraform/sam2.tf makes the same tag.
"""

import hashlib
import json
import re
import shutil
from collections.abc import Iterable
from pathlib import Path

_REPOSITORY = Path(__file__).parents[2]
_FUNCTIONS = _REPOSITORY / "functions"
_OWN = re.compile(r"main\.py|pyproject\.toml|uv\.lock|page/.+")
_SAM2 = (
    "Dockerfile",
    "bake.py",
    "check.py",
    "main.py",
    "pyproject.toml",
    "uv.lock",
    "cloudbuild.yaml",
)
_SUFFIXES = (".py", ".base64")
_TAG_LENGTH = 12
"""Hexadecimal digits of a digest in a tag, as in terraform/sam2.tf."""


def pack(function: str, folder: Path) -> None:
    """Copies the files of a function into an empty folder."""
    for name, file in packed_files(function).items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, place)


def packed_files(function: str) -> dict[str, Path]:
    """Returns the files that a function is built from, by their names in the package."""
    folder = _FUNCTIONS / function
    own = {str(file.relative_to(folder)): file for file in folder.rglob("*") if file.is_file()}
    found = {name: file for name, file in own.items() if _OWN.fullmatch(name)}
    return found | {str(file.relative_to(_REPOSITORY)): file for file in _shared(function)}


def tag(function: str) -> str:
    """Returns a tag that depends on the function's files and on how its image is built."""
    files = {**packed_files(function), "cloudbuild.yaml": _FUNCTIONS / "cloudbuild.yaml"}
    lines = [f"{name} {_digest(file.read_bytes())}\n" for name, file in sorted(files.items())]
    return _digest("".join(lines).encode())[:_TAG_LENGTH]


def sam2_tag(device: str, model: str) -> str:
    """Returns the tag that terraform/sam2.tf gives to the image of the SAM2 service."""
    files = {str(file.relative_to(_REPOSITORY)): file for file in _shared("sam2")}
    files |= {f"functions/sam2/{name}": _FUNCTIONS / "sam2" / name for name in _SAM2}
    sources = _digest("".join(_digest(files[name].read_bytes()) for name in sorted(files)).encode())
    return _digest(f"{sources} {device} {model}".encode())[:_TAG_LENGTH]


def _shared(function: str) -> Iterable[Path]:
    packages = json.loads((_FUNCTIONS / "packages.json").read_text())[function]
    shared = _REPOSITORY / "shared"
    yield from (shared / "__init__.py", shared / "py.typed")
    for package in packages:
        yield from (file for file in (shared / package).rglob("*") if file.suffix in _SUFFIXES)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
