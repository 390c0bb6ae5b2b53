"""The uploaded files: pictures with and without faces, other files, and truncated pictures."""

import io
from dataclasses import dataclass

from PIL import Image as PillowImage

from shared.schemas.documents import Status
from shared.schemas.errors import ReasonCode
from tools.support.examples import EXAMPLES

_DRAWN = frozenset({Status.SEGMENTED, Status.DEGRADED})
STATES = {
    "face": _DRAWN,
    "two faces": _DRAWN,
    "nothing": frozenset({Status.EMPTY}),
    "no image": frozenset({Status.REJECTED}),
    "cut off": frozenset({Status.REJECTED}),
}
REASONS = {"no image": ReasonCode.UNSUPPORTED_TYPE, "cut off": ReasonCode.CORRUPT_IMAGE}
FACES = {"face": 1, "two faces": 2, "cut off": 1}

_FACE = PillowImage.open(EXAMPLES / "avataaars_05.png").convert("RGB")
_HEIGHT, _SIZES = 128, (80, 96)
_AROUND = 0.17
"""Margin around the face in the example image, as a share of the image's side."""

_SHADES = 64
_DARKEST = (70, 120, 180)
"""Backgrounds have 64 shades of each channel, from this colour on. So 64 ** 3 versions differ in
their backgrounds."""

Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Version:
    """One content of an object.

    `number` and the colour of the background are unique in the run. Versions of the same object
    have different widths.
    """

    name: str
    kind: str
    number: int
    width: int

    @property
    def colour(self) -> Colour:
        """The colour of the background, which identifies the version in each part of it."""
        shades = (self.number // _SHADES**place % _SHADES for place in range(3))
        red, green, blue = (dark + shade for dark, shade in zip(_DARKEST, shades, strict=True))
        return red, green, blue

    @property
    def content_type(self) -> str:
        """The content type of the upload."""
        return f"image/{self._format}"

    @property
    def _format(self) -> str:
        return "jpeg" if self.kind == "cut off" and self.number % 2 else "png"

    def encoded(self) -> bytes:
        """Returns the file's content: an image, a truncated one, or another file."""
        if self.kind == "no image":
            return b"no image " * self.width
        buffer = io.BytesIO()
        self._picture().save(buffer, self._format)
        content = buffer.getvalue()
        return content[: len(content) // 2] if self.kind == "cut off" else content

    def _picture(self) -> PillowImage.Image:
        """Returns the picture. Its faces are in corners, so their places in the crops differ."""
        picture = PillowImage.new("RGB", (self.width, _HEIGHT), self.colour)
        size = _SIZES[self.number // 4 % len(_SIZES)]
        face, beyond = _FACE.resize((size, size)), round(size * _AROUND)
        top = -beyond // 2 if self.number // 2 % 2 else _HEIGHT - size + beyond
        for place in range(FACES.get(self.kind, 0)):
            at_the_left = (self.number + place) % 2
            picture.paste(face, (-beyond if at_the_left else self.width - size + beyond, top))
        return picture
