"""Names of an upload's results in the output bucket."""

import hashlib
import re
from bisect import bisect_right
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

FRAME_START = "frame-"
"""What the names of all objects of frames begin with, relative to the upload's folder."""

FRAME = f"{FRAME_START}([0-9]{{4}})"
"""Pattern of a frame's folder. The number is at most MOST_FRAMES."""

ORIGINAL = "original.png"
"""The pixels of a frame, in its folder."""

RESERVED = ".toonmask/"
"""Prefix of internal objects in the output bucket. No upload may have it."""

Preview = Literal["none", "jpeg", "webp"]
PREVIEWS: dict[Preview, str | None] = {
    "none": None,
    "jpeg": "preview.jpg",
    "webp": "preview.webp",
}

_CONTENT_TYPES = {"png": "image/png", "jpg": "image/jpeg", "webp": "image/webp"}

_LONGEST = 990
"""Limit for a folder's name, in bytes of UTF-8. Cloud Storage accepts 1,024 for an object's name,
and our file names need up to 31, as in `/frame-0001/face-100/cutout.png`."""

MOST_LISTED_PREFIX = 900
"""Limit for the prefix of uploads with which a listing finds their folders, in characters. `folder`
cuts long names, so a longer prefix would not match them."""

_CUT = re.compile(r".*~[0-9a-f]{16}", re.DOTALL)
_TAKEN = re.compile(rf".*/({INSTANCE}|{FRAME})", re.DOTALL)
_FRAME_FOLDER = re.compile(rf"/{FRAME}/\Z")
_IN_FRAME = re.compile(rf"{FRAME}/")
_DOCUMENTS = "|".join(map(re.escape, (ORIGINAL, PROMPTS, RESULT)))
_FRAME_OBJECT = re.compile(rf"{FRAME}/({PICTURE}|{_DOCUMENTS})")


def refusal(upload: str) -> str | None:
    """Returns why an upload may not have this name, as text after a colon; None if it may.

    `cat.png/face-1/mask.png` is the mask of the first face of `cat.png`. An upload named
    `cat.png/face-1` would write its own mask there. `cat.gif/frame-0001` would write into the
    folder of a frame. RESERVED objects may be deleted later.
    """
    if f"{upload}/".startswith(RESERVED) or _TAKEN.fullmatch(upload):
        return "such names are reserved for faces, hands, frames, and internal records"
    return file_names.fault(upload)


def folder(upload: str, frame: int | None = None) -> str:
    """Returns the prefix of all objects of an upload: its name and a slash.

    With `frame`, which counts from 1, it is the prefix of the objects of this frame.

    A refused or too long name is made safe, cut, and ends with `~` and a digest of the name. So
    does a name that looks like a cut one. No two uploads share a folder.
    """
    if frame is not None:
        return folder(upload) + frame_folder(frame)
    encoded = upload.encode(errors="surrogatepass")
    if len(encoded) <= _LONGEST and refusal(upload) is None and not _CUT.fullmatch(upload):
        return f"{upload}/"
    harmless = file_names.without_faults(upload)
    if harmless.startswith(RESERVED):
        harmless = f"_/{harmless.removeprefix(RESERVED)}"
    head = harmless.encode()[: _LONGEST - 17].decode(errors="ignore")
    return f"{head}~{hashlib.sha256(encoded).hexdigest()[:16]}/"


def frame_folder(number: int) -> str:
    """Returns the folder of a frame, from 1, relative to the upload's folder, with a slash."""
    return f"{FRAME_START}{number:04}/"


def content_type(picture: str) -> str:
    """Returns the content type of an image file, from its name."""
    return _CONTENT_TYPES[picture.rpartition(".")[2]]


def is_picture(name: str) -> bool:
    """Whether an object is an image file of the upload. `name` is relative to the upload's folder.

    The folder of `cat.png` also contains the results of an upload named `cat.png/dog.png`.
    """
    return re.fullmatch(PICTURE, name) is not None


def is_frame_object(name: str) -> bool:
    """Whether an object belongs to a frame of the upload. `name` is relative to its folder."""
    return _FRAME_OBJECT.fullmatch(name) is not None


def of_frame(folder: str) -> int | None:
    """Returns the number of the frame whose folder this is; None for another folder."""
    found = _FRAME_FOLDER.search(folder)
    return int(found[1]) if found else None


def without_frame(folder: str) -> str:
    """Returns the folder of the upload to whose frame this folder belongs; any other unchanged."""
    return _FRAME_FOLDER.sub("/", folder)


def is_own(name: str) -> bool:
    """Whether an object is one of the upload's own: a document, an image file, or a frame's.

    `name` is relative to the upload's folder. RESULT and PROMPTS are the documents.
    """
    return name in (RESULT, PROMPTS) or is_picture(name) or is_frame_object(name)


def next_own(name: str) -> str | None:
    """Returns where own objects can continue behind an object that is none; None if nowhere.

    No own object lies between the two. Names are relative to the upload's folder.
    """
    names = _own_names()
    if frame := _IN_FRAME.match(name):
        position = bisect_right(names, name[frame.end() :])
        if position < len(names):
            return frame[0] + names[position]
    positions = _own_positions()
    position = bisect_right(positions, name)
    return positions[position] if position < len(positions) else None


@cache
def _own_names() -> tuple[str, ...]:
    """The names of all objects that an upload without frames, or a frame, can have, in order."""
    previews = [name for name in PREVIEWS.values() if name]
    pictures = ["mask.png", "overlay.png", "cutout.png", *previews]
    instances = [
        f"{label}-{number}/{kind}.png"
        for label in ("face", "hand")
        for number in range(1, 1000)
        for kind in ("mask", "cutout")
    ]
    return tuple(sorted([RESULT, PROMPTS, ORIGINAL, *pictures, *instances]))


@cache
def _own_positions() -> tuple[str, ...]:
    """`_own_names`, and the folders of all frames, in order."""
    frames = map(frame_folder, range(10_000))
    return tuple(sorted([*_own_names(), *frames]))
