"""Checks object names as file paths. They become file paths when a bucket is copied to a disk."""

import re
import unicodedata

_UNSAFE = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\\]"
)
"""The Unicode categories Cc, Zl, Zp and Cs, the property Bidi_Control, and the path separator of
Windows. https://www.unicode.org/Public/UCD/latest/ucd/PropList.txt"""

_NO_FILE = re.compile(r"\.{0,2} *")
"""An empty part, `.` and `..`. Trailing spaces are included, because Windows removes them."""

_DRIVE = re.compile(r"^([A-Za-z]):")

_FORBIDDEN = re.compile(r'[:*?"<>|]')
"""Characters that Windows forbids in file names, besides those of _UNSAFE.
https://learn.microsoft.com/windows/win32/fileio/naming-a-file"""

_DEVICE = re.compile(
    r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[\d¹²³])(?= *(\.|$))", re.IGNORECASE
)
"""Names that Windows reserves for devices, also with an extension (same source)."""

_TRAILING = re.compile(r"[. ]+$")
"""Dots and spaces at the end of a part, which Windows removes."""

_MOST_PART_BYTES = 240
"""Limit for a part of a portable path, in bytes of UTF-8. File systems accept 255
(https://en.wikipedia.org/wiki/Comparison_of_file_systems#Limits); the rest is for a number."""


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


def portable(name: str) -> str:
    """Returns the name as a path that every system can unpack, and that leads out of no folder.

    functions/api/page/file_names.js has the same rules, except that long parts are cut here.
    """
    return "/".join(map(_portable_part, _FORBIDDEN.sub("_", _UNSAFE.sub("_", name)).split("/")))


def _portable_part(part: str) -> str:
    named = _DEVICE.sub(r"_\g<0>", part, count=1) if _DEVICE.match(part) else part
    cut = named.encode()[:_MOST_PART_BYTES].decode(errors="ignore")
    return _TRAILING.sub(lambda end: "_" * len(end[0]), cut) or "_"


def collision_key(path: str) -> str:
    """Returns a key that is equal for paths that some file systems treat as the same.

    Some ignore case, and some normalise Unicode.
    """
    return unicodedata.normalize("NFC", path).casefold()
