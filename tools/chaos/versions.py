"""What is uploaded: pictures with faces and without, what is no picture, what ends early."""

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
"""What the example shows beside the face, as a share of its side."""

_SHADES = 64
_DARKEST = (70, 120, 180)

Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Version:
    """One content of an object.

    `number` is its own in the whole run, and so is the colour of its background; its width is
    unlike those of the object's other versions.
    """

    name: str
    kind: str
    number: int
    width: int

    @property
    def colour(self) -> Colour:
        """By which it is known wherever a part of it turns up."""
        shades = (self.number // _SHADES**place % _SHADES for place in range(3))
        red, green, blue = (dark + shade for dark, shade in zip(_DARKEST, shades, strict=True))
        return red, green, blue

    @property
    def content_type(self) -> str:
        """As it is declared."""
        return f"image/{self._format}"

    @property
    def _format(self) -> str:
        return "jpeg" if self.kind == "cut off" and self.number % 2 else "png"

    def encoded(self) -> bytes:
        """An image, a part of one, or nothing of the kind."""
        if self.kind == "no image":
            return b"no image " * self.width
        buffer = io.BytesIO()
        self._picture().save(buffer, self._format)
        content = buffer.getvalue()
        return content[: len(content) // 2] if self.kind == "cut off" else content

    def _picture(self) -> PillowImage.Image:
        """Faces lie in corners, so that in what SAM2 is shown they do not all lie alike."""
        picture = PillowImage.new("RGB", (self.width, _HEIGHT), self.colour)
        size = _SIZES[self.number // 4 % len(_SIZES)]
        face, beyond = _FACE.resize((size, size)), round(size * _AROUND)
        top = -beyond // 2 if self.number // 2 % 2 else _HEIGHT - size + beyond
        for place in range(FACES.get(self.kind, 0)):
            at_the_left = (self.number + place) % 2
            picture.paste(face, (-beyond if at_the_left else self.width - size + beyond, top))
        return picture
