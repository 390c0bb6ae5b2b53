"""Names of objects as paths of files, which they become wherever somebody copies a bucket."""

import re

_UNSAFE = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\\]"
)
"""Unicode's categories Cc, Zl, Zp and Cs, its property Bidi_Control, and what parts folders on
Windows. https://www.unicode.org/Public/UCD/latest/ucd/PropList.txt"""

_NO_FILE = re.compile(r"\.{0,2} *")
"""Nothing, the folder itself and the one above; Windows drops spaces at an end."""

_DRIVE = re.compile(r"^([A-Za-z]):")


def fault(name: str) -> str | None:
    """Why a file of that name could lie or look elsewhere than its name says, if it could."""
    if found := _UNSAFE.search(name):
        code = f"U+{ord(found[0]):04X}"
        return (
            f"it has the character {code}, which can make it another one where it is seen or saved"
        )
    parts = name.split("/")
    if any(map(_NO_FILE.fullmatch, parts)):
        return "a part between its slashes is empty, . or .., which can lead out of a folder"
    if any(map(_DRIVE.match, parts)):
        return "a part of it begins like a drive of Windows, which can lead out of a folder"
    return None


def without_faults(name: str) -> str:
    """The name with _ for each character and each part that is a fault."""
    parts = _UNSAFE.sub("_", name).split("/")
    return "/".join("_" if _NO_FILE.fullmatch(part) else _DRIVE.sub(r"\1_", part) for part in parts)
