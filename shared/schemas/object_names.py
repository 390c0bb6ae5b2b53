"""Names of an upload's results in the output bucket."""

import hashlib
import re
from functools import cache
from typing import Literal

from shared.schemas import file_names

PROMPTS = "prompts.json"
RESULT = "result.json"

INSTANCE = "(face|hand)-[1-9][0-9]{0,2}"
"""Pattern of an instance's id. The number is at most MOST_INSTANCES."""

PNG = rf"(mask|overlay|cutout)\.png|{INSTANCE}/(mask|cutout)\.png"
"""Pattern of the names of masks, overlays and cutouts, relative to the upload's folder."""

PICTURE = rf"{PNG}|preview\.(jpg|webp)"
"""Pattern of the names of all image files, relative to the upload's folder."""

RESERVED = ".toonmask/"
"""Prefix of internal objects in the output bucket. No upload may have it."""

Preview = Literal["none", "jpeg", "webp"]
PREVIEWS: dict[Preview, str | None] = {
    "none": None,
    "jpeg": "preview.jpg",
    "webp": "preview.webp",
}

_CONTENT_TYPES = {"png": "image/png", "jpg": "image/jpeg", "webp": "image/webp"}

_LONGEST = 1000
"""Limit for a folder's name, in bytes of UTF-8. Cloud Storage accepts 1,024 for an object's name,
and our file names need up to 20, as in `/face-100/cutout.png`."""

MOST_LISTED_PREFIX = 900
"""Limit for the prefix of uploads with which a listing finds their folders, in characters. `folder`
cuts long names, so a longer prefix would not match them."""

_CUT = re.compile(r".*~[0-9a-f]{16}", re.DOTALL)
_TAKEN = re.compile(rf".*/{INSTANCE}", re.DOTALL)


def refusal(upload: str) -> str | None:
    """Returns why an upload may not have this name, as text after a colon; None if it may.

    `cat.png/face-1/mask.png` is the mask of the first face of `cat.png`. An upload named
    `cat.png/face-1` would write its own mask there. RESERVED objects may be deleted later.
    """
    if f"{upload}/".startswith(RESERVED) or _TAKEN.fullmatch(upload):
        return "such names are reserved for pictures of faces and hands, and for internal records"
    return file_names.fault(upload)


def folder(upload: str) -> str:
    """Returns the prefix of all objects of an upload: its name and a slash.

    A refused or too long name is made safe, cut, and ends with `~` and a digest of the name. So
    does a name that looks like a cut one. No two uploads share a folder.
    """
    encoded = upload.encode(errors="surrogatepass")
    if len(encoded) <= _LONGEST and refusal(upload) is None and not _CUT.fullmatch(upload):
        return f"{upload}/"
    harmless = file_names.without_faults(upload)
    if harmless.startswith(RESERVED):
        harmless = f"_/{harmless.removeprefix(RESERVED)}"
    head = harmless.encode()[: _LONGEST - 17].decode(errors="ignore")
    return f"{head}~{hashlib.sha256(encoded).hexdigest()[:16]}/"


def content_type(picture: str) -> str:
    """Returns the content type of an image file, from its name."""
    return _CONTENT_TYPES[picture.rpartition(".")[2]]


def is_picture(name: str) -> bool:
    """Whether an object is an image file of the upload. `name` is relative to the upload's folder.

    The folder of `cat.png` also contains the results of an upload named `cat.png/dog.png`.
    """
    return re.fullmatch(PICTURE, name) is not None


def is_own(name: str) -> bool:
    """Whether an object is one of the upload's own: a document or an image file.

    `name` is relative to the upload's folder. RESULT and PROMPTS are the documents.
    """
    return name in (RESULT, PROMPTS) or is_picture(name)


@cache
def own_names() -> tuple[str, ...]:
    """Returns all names for which `is_own` is true, in their order."""
    previews = [name for name in PREVIEWS.values() if name]
    pictures = ["mask.png", "overlay.png", "cutout.png", *previews]
    instances = [
        f"{label}-{number}/{kind}.png"
        for label in ("face", "hand")
        for number in range(1, 1000)
        for kind in ("mask", "cutout")
    ]
    return tuple(sorted([RESULT, PROMPTS, *pictures, *instances]))
