"""Checks object names as file paths. They become file paths when a bucket is copied to a disk."""

import re

_UNSAFE = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\\]"
)
"""The Unicode categories Cc, Zl, Zp and Cs, the property Bidi_Control, and the path separator of
Windows. https://www.unicode.org/Public/UCD/latest/ucd/PropList.txt"""

_NO_FILE = re.compile(r"\.{0,2} *")
"""An empty part, `.` and `..`. Trailing spaces are included, because Windows removes them."""

_DRIVE = re.compile(r"^([A-Za-z]):")


def fault(name: str) -> str | None:
    """Returns why a name is unsafe as a file path, or misleading on display; None if it is safe."""
    if found := _UNSAFE.search(name):
        code = f"U+{ord(found[0]):04X}"
        return f"it has the character {code}, which can change how it is displayed or saved"
    parts = name.split("/")
    if any(map(_NO_FILE.fullmatch, parts)):
        return "a part between its slashes is empty, . or .., which can lead out of a folder"
    if any(map(_DRIVE.match, parts)):
        return "a part of it begins like a Windows drive, which can lead out of a folder"
    return None


def without_faults(name: str) -> str:
    """Returns the name with `_` in place of each unsafe character and each unsafe part."""
    parts = _UNSAFE.sub("_", name).split("/")
    return "/".join("_" if _NO_FILE.fullmatch(part) else _DRIVE.sub(r"\1_", part) for part in parts)
