"""The paths of a dataset's files: one place for each upload, safe on every system."""

import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from shared.schemas import file_names

_EXTENSION = re.compile(r"\.(png|jpe?g|webp|avif|gif|bmp|tiff?)$", re.IGNORECASE)
"""The extensions of the supported formats. Tools that read datasets recognise images by them."""

_DIGESTED = re.compile(r"~[0-9a-f]{16}$")

_MOST_PART_BYTES = 150
"""Limit for a part of a path, in bytes of UTF-8. Most file systems have 255; digest, instance and
extension need up to 40. Chosen by hand: a longer one makes paths too long for Windows, a shorter
one cuts more names."""


class Subset(StrEnum):
    """The part of a dataset that a model is trained on, and the part that it is validated on."""

    TRAIN = "train"
    VAL = "val"


def subset_of(upload: str, share: float) -> Subset:
    """Returns the subset of an upload. `share` is the expected share of TRAIN, 0..1.

    It depends on the name alone. So it stays the same when other images are added, and a larger
    share only moves images from VAL to TRAIN.
    """
    digest = hashlib.sha256(upload.encode(errors="surrogatepass")).digest()
    return Subset.TRAIN if int.from_bytes(digest[:8]) < share * 2**64 else Subset.VAL


def subsets(share: float) -> tuple[Subset, ...]:
    """Returns the subsets of a dataset: one of them is missing if the other has all images."""
    return tuple(
        subset for subset, part in ((Subset.TRAIN, share), (Subset.VAL, 1 - share)) if part
    )


@dataclass(frozen=True, slots=True)
class Place:
    """The path of an image in its subset: `stem`, which may have folders, and `extension`.

    No other image has the same stem, because files without the extension are named after it.
    """

    stem: str
    extension: str

    @property
    def key(self) -> str:
        """A key that two places have in common if their files could replace each other."""
        return file_names.collision_key(self.stem)

    def distinct_from_others(self, upload: str) -> "Place":
        """Returns the place of an upload whose key others have, too: with a digest of its name."""
        return Place(f"{self.stem}~{_digest(upload)}", self.extension)

    def file(self, subset: Subset, kind: str = "images", ending: str | None = None) -> str:
        """Returns the path of a file of the image, in the folder of its kind and subset.

        `ending` follows the stem; without it, the path is that of the image.
        """
        return f"{kind}/{subset}/{self.name(ending)}"

    def name(self, ending: str | None = None) -> str:
        """Returns the path of such a file in the folder of its kind and subset."""
        return self.stem + (self.extension if ending is None else ending)


def place_of(upload: str) -> Place:
    """Returns the place of an upload, or of any name that no other upload has.

    Without the extension of a supported format, `.png` is appended: tools find images by their
    extension, and decode them by their content.
    """
    portable = file_names.portable(upload)
    found = _EXTENSION.search(portable)
    stem = portable[: found.start()] if found else portable
    *folders, last = stem.split("/")
    place = Place(
        "/".join([*map(_folder, folders), _shortened(last)]), found[0] if found else ".png"
    )
    return place.distinct_from_others(upload) if _DIGESTED.search(last) else place


def places(uploads: Sequence[str]) -> list[Place]:
    """Returns the places of uploads with different names, in their order."""
    found = list(map(place_of, uploads))
    counts = Counter(place.key for place in found)
    return [
        place.distinct_from_others(upload) if counts[place.key] > 1 else place
        for place, upload in zip(found, uploads, strict=True)
    ]


def _folder(part: str) -> str:
    """Returns the name of a folder that is no file of another upload, and no folder of YOLO's.

    Uploads `cat.png` and `cat.png/dog.png` may exist side by side. Ultralytics finds the labels of
    an image in the folder `labels` instead of the last folder `images` in its path.
    """
    part = _shortened(part)
    return f"{part}_" if "." in part or part.casefold() in ("images", "labels") else part


def _shortened(part: str) -> str:
    encoded = part.encode()
    if len(encoded) <= _MOST_PART_BYTES:
        return part
    head = encoded[:_MOST_PART_BYTES].decode(errors="ignore").rstrip(" .")
    return f"{head}~{_digest(part)}"


def _digest(name: str) -> str:
    return hashlib.sha256(name.encode(errors="surrogatepass")).hexdigest()[:16]
