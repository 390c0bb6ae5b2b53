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


_NOT_PORTABLE = re.compile(r'[:*?"<>|]')
_ENDING = re.compile(r"[. ]+$")
_DEVICE = re.compile(
    r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[\d\u00b9\u00b2\u00b3]) *(\.|$)", re.IGNORECASE
)
"""Names that Windows refuses: https://learn.microsoft.com/windows/win32/fileio/naming-a-file. The
page has the same rules (functions/api/page/file_names.js)."""


def portable(name: str) -> str:
    """Returns the name as a path that every system can have, without hidden files and folders."""
    return "/".join(map(_portable_part, without_faults(name).split("/")))


def _portable_part(part: str) -> str:
    part = _NOT_PORTABLE.sub("_", part)
    part = _ENDING.sub(lambda end: "_" * len(end[0]), part)
    part = f"_{part[1:]}" if part.startswith(".") else part
    return f"_{part}" if _DEVICE.match(part) else part


def collision_key(path: str) -> str:
    """Returns a key that is equal for two paths if a file system may treat them as the same.

    Some systems ignore case, and some normalise Unicode.
    """
    folded = unicodedata.normalize("NFC", path).casefold()
    return unicodedata.normalize("NFC", folded)
