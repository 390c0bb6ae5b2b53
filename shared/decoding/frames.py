"""The frames of an animated GIF, WebP, AVIF or PNG, and the pages of a TIFF."""

from collections.abc import Iterator
from contextlib import contextmanager

from PIL import Image as PillowImage
from PIL.TiffImagePlugin import TiffImageFile

from shared.decoding.header import OpenImage, as_rejection, check_pixels, opened
from shared.schemas.errors import ReasonCode, Rejected

_FORMATS = frozenset({"GIF", "WEBP", "AVIF", "PNG", "TIFF"})
"""Formats with frames that people see. The further images in a JPEG are previews or depth maps."""

_SUBFILE_TYPE = 254
_REDUCED, _MASK = 1, 4
"""The tag NewSubfileType, and its bits for a smaller version of another image and for a
transparency mask: TIFF 6.0, section 8."""

_MOST_TOTAL = 10
"""Limit for the pixels of all frames together, as a multiple of `max_pixels`. Chosen by hand: a
hundred frames of 5 megapixels. A higher limit lets one upload occupy landmarks for longer."""


class Frames:
    """The frames of an open file, from 1, in ascending order: Pillow reads no APNG backwards.

    Raises:
        Rejected: there are more than `most`, or all together have too many pixels.
    """

    def __init__(self, first: OpenImage, max_pixels: int, most: int) -> None:
        self.first = first
        self._max_pixels = max_pixels
        self._indices: list[int] = []
        total = self.most_pixels = first.pixels
        with as_rejection():
            for index, width, height in self._listed():
                check_pixels(width, height, max_pixels)
                self._indices.append(index)
                total += width * height if index else 0
                self.most_pixels = max(self.most_pixels, width * height)
                if len(self._indices) > most:
                    raise Rejected(
                        ReasonCode.TOO_MANY_FRAMES,
                        f"The file has more than {most:,} frames, which is the limit (MAX_FRAMES).",
                    )
        self._indices = self._indices or [0]
        self._last = 1
        if total > _MOST_TOTAL * max_pixels:
            raise Rejected(
                ReasonCode.TOO_MANY_PIXELS,
                f"The frames have {total:,} pixels together; the limit is "
                f"{_MOST_TOTAL * max_pixels:,}, {_MOST_TOTAL} times MAX_PIXELS.",
            )

    @property
    def count(self) -> int:
        """The number of frames."""
        return len(self._indices)

    def steps(self, number: int) -> int:
        """Returns how many frames `opened` decodes before it returns this one; at least 1."""
        return max(1, number - self._last)

    def opened(self, number: int) -> OpenImage:
        """Returns a frame to decode. The frames since the last one are decoded first.

        Raises:
            Rejected: the file is broken, or the frame exceeds a limit.
        """
        picture = self.first.picture
        with as_rejection(), _allocating_at_most(self.most_pixels):
            if not isinstance(picture, TiffImageFile):
                for between in range(self._last, number):  # Pillow draws a frame over those before
                    picture.seek(self._indices[between - 1])
                    picture.load()
            picture.seek(self._indices[number - 1])
        self._last = number
        frame = opened(picture, self.first.data, self._max_pixels)
        if frame.pixels > self.most_pixels:
            raise Rejected(ReasonCode.CORRUPT_IMAGE, "It is larger than the image.")
        return frame

    def _listed(self) -> Iterator[tuple[int, int, int]]:
        """Yields the index of each frame in the file, its width and its height.

        A PNG may declare more frames than it has. Then `opened` fails.
        """
        picture = self.first.picture
        if isinstance(picture, TiffImageFile):
            yield from _pages(picture)
        elif picture.format in _FORMATS:
            count = getattr(picture, "n_frames", 1)
            yield from ((index, *picture.size) for index in range(count))


@contextmanager
def _allocating_at_most(pixels: int) -> Iterator[None]:
    """Makes Pillow refuse a GIF's frame with more than twice as many pixels before it allocates it.

    Pillow enlarges an image for a frame that does not fit into it.
    """
    PillowImage.MAX_IMAGE_PIXELS = pixels
    try:
        yield
    finally:
        PillowImage.MAX_IMAGE_PIXELS = None


def _pages(picture: TiffImageFile) -> Iterator[tuple[int, int, int]]:
    """Yields index, width and height of each page of a TIFF that is not another form of a page."""
    index, is_there = 0, True
    while is_there:
        if not _subfile_type(picture) & (_REDUCED | _MASK):
            yield index, *picture.size
        index += 1
        try:
            picture.seek(index)
        except EOFError:
            is_there = False
    picture.seek(0)


def _subfile_type(picture: TiffImageFile) -> int:
    """Returns the tag's value; 0 if it is missing or a broken file holds another value."""
    value = picture.tag_v2.get(_SUBFILE_TYPE, 0)
    return value if isinstance(value, int) else 0
