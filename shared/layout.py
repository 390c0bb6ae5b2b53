"""Where an upload's results lie in the output bucket."""

import hashlib
import re
from typing import Literal

PROMPTS = "prompts.json"
RESULT = "result.json"

PNG = r"(mask|overlay|cutout)\.png|(face|hand)-[1-9][0-9]*/(mask|cutout)\.png"
"""Pattern of the name of a picture of the image's size in its upload's folder."""

PICTURE = rf"{PNG}|preview\.(jpg|webp)"
"""Pattern of any picture's name there."""

RESERVED = ".toonmask/"
"""How names begin in the output bucket that are for ourselves: no upload's may."""

Preview = Literal["none", "jpeg", "webp"]
PREVIEWS: dict[Preview, str | None] = {
    "none": None,
    "jpeg": "preview.jpg",
    "webp": "preview.webp",
}

_CONTENT_TYPES = {"png": "image/png", "jpg": "image/jpeg", "webp": "image/webp"}

_LONGEST = 1000
"""Bytes of UTF-8 in a folder's name: Cloud Storage takes 1,024 for an object's, and ours add up to
20, as in `/face-100/cutout.png`."""

_SHORTENED = re.compile(r".*~[0-9a-f]{16}", re.DOTALL)
_TAKEN = re.compile(r".*/(face|hand)-[1-9][0-9]*", re.DOTALL)


def folder(upload: str) -> str:
    """Prefix of all objects that belong to the upload of that name: the name itself and a slash.

    A name too long for that is cut and ends in ~ and a digest of it all, and so does one that looks
    as if it had been cut: no two uploads share a folder.
    """
    encoded = upload.encode()
    room = _LONGEST - 17
    if len(encoded) > _LONGEST or (len(encoded) > room and _SHORTENED.fullmatch(upload)):
        head = encoded[:room].decode(errors="ignore")
        return f"{head}~{hashlib.sha256(encoded).hexdigest()[:16]}/"
    return f"{upload}/"


def content_type(picture: str) -> str:
    """Of a picture by its name."""
    return _CONTENT_TYPES[picture.rpartition(".")[2]]


def is_taken(upload: str) -> bool:
    """Whether an upload's folder is where something else lies.

    `cat.png/face-1/mask.png` is the mask of the first face of `cat.png`; an upload called
    `cat.png/face-1` would write its own there. What is RESERVED may be deleted after a while.
    """
    return upload.startswith(RESERVED) or _TAKEN.fullmatch(upload) is not None


def is_picture(upload: str, name: str) -> bool:
    """Whether an object in the upload's folder, by its name relative to it, is one of its pictures.

    The results of an upload called `cat.png/dog.png` lie in the folder of `cat.png` too.
    """
    return not is_taken(upload) and re.fullmatch(PICTURE, name) is not None
