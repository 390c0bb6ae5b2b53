"""Where an upload's results lie in the output bucket."""

import hashlib
import re
from typing import Literal

from shared.schemas import file_names

PROMPTS = "prompts.json"
RESULT = "result.json"

INSTANCE = "(face|hand)-[1-9][0-9]{0,2}"
"""Pattern of an instance's id; there are MOST_INSTANCES, a hundred, at most."""

PNG = rf"(mask|overlay|cutout)\.png|{INSTANCE}/(mask|cutout)\.png"
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

_CUT = re.compile(r".*~[0-9a-f]{16}", re.DOTALL)
_TAKEN = re.compile(rf".*/{INSTANCE}", re.DOTALL)


def refusal(upload: str) -> str | None:
    """Why no upload may be called that, to be said after a colon; None where it may.

    `cat.png/face-1/mask.png` is the mask of the first face of `cat.png`; an upload called
    `cat.png/face-1` would write its own there. What is RESERVED may be deleted after a while.
    """
    if f"{upload}/".startswith(RESERVED) or _TAKEN.fullmatch(upload):
        return "pictures of single faces and hands, or records of ours, have such names"
    return file_names.fault(upload)


def folder(upload: str) -> str:
    """Prefix of all objects that belong to the upload of that name: the name itself and a slash.

    A name that is refused, or too long for that, is made harmless, cut, and ends in ~ and a digest
    of it all; so does one that looks as if it had been cut: no two uploads share a folder.
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
    """Of a picture by its name."""
    return _CONTENT_TYPES[picture.rpartition(".")[2]]


def is_picture(name: str) -> bool:
    """Whether an object in an upload's folder, by its name relative to it, is one of its pictures.

    The results of an upload called `cat.png/dog.png` lie in the folder of `cat.png` too.
    """
    return re.fullmatch(PICTURE, name) is not None
