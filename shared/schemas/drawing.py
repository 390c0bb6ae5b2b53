"""How masks and cutouts are drawn: what can change without another call of the segmenter."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field
from pydantic.config import JsonDict

from shared.schemas.amounts import AS_TEXT, NOTHING, Amount, Limits
from shared.schemas.base import Record
from shared.schemas.box import Box

MOST_GROWTH = 500
"""Limit for the growth of a mask, in pixels, also of a growth in per cent. Time and memory of
growing depend on it. Chosen by hand: a twentieth of the largest masks, half of most."""

_GROWTH = Limits(MOST_GROWTH, percent=50, signed=True)
_PADDING = Limits(pixels=500, percent=100)
"""Limits of amounts. Chosen by hand: no picture of a face needs more, and files stay small."""

_MOST_FEATHER = 100
"""Limit for the soft edge, in pixels. The time to draw a cutout grows with it. Chosen by hand."""

_MOST_SQUARE = 7_000
"""Longest side of a square cutout, in pixels: 49 million pixels, about MAX_PIXELS. The square
around a long, narrow mask can be far larger than the image, and no viewer opens it."""

_DEFAULT: JsonDict = {"default": str(NOTHING)}
"""pydantic would show the default with its fields, and not as text."""

MaskGrow = Annotated[
    Amount,
    _GROWTH.parser,
    AS_TEXT,
    _GROWTH.schema,
    Field(
        description="how far the border of each mask moves outwards: pixels, as `3`, or per cent "
        "of the square root of the mask's area, as `5%`, but at most 500 pixels. A negative amount "
        "moves it inwards",
        json_schema_extra=_DEFAULT,
    ),
]
MaskFeather = Annotated[
    int,
    Field(
        ge=0,
        le=_MOST_FEATHER,
        description="how far the soft edge of cutouts reaches on each side of the mask's border, "
        "in pixels; `0`: an anti-aliased edge",
    ),
]
CutoutShape = Annotated[
    Literal["canvas", "box", "square"],
    Field(
        description="size of cutouts: `canvas` (that of the image), `box` (cropped to the mask's "
        "bounds and the padding) or `square` (a square around them)"
    ),
]
CutoutPadding = Annotated[
    Amount,
    _PADDING.parser,
    AS_TEXT,
    _PADDING.schema,
    Field(
        description="distance of the mask from the edge of a cropped cutout: pixels, as `20`, or "
        "per cent of the longer side of the mask's bounds, as `10%`",
        json_schema_extra=_DEFAULT,
    ),
]


class Drawing(Record):
    """The options with which masks and cutouts are drawn."""

    mask_grow: MaskGrow = NOTHING
    mask_feather: MaskFeather = 0
    cutout: CutoutShape = "canvas"
    cutout_padding: CutoutPadding = NOTHING

    @classmethod
    def of(cls, model: BaseModel) -> "Drawing":
        """Returns the options that are fields of another model, such as settings or a request."""
        return cls.model_validate(model.model_dump(include=set(cls.model_fields)))

    def cutout_box(self, bounds: Box, image: Box) -> Box:
        """Returns the box that a cutout shows, in the coordinates of the image.

        `bounds` are those of its masks; if they are empty, the cutout has the size of the image. A
        `box` lies in the image. A `square` has the bounds in its middle, so it may extend beyond
        the image. A square with a side of more than 7,000 pixels is replaced by the box.
        """
        if self.cutout == "canvas" or not bounds.area:
            return image
        longer = max(bounds.width, bounds.height)
        margin = self.cutout_padding.pixels(longer) + self.mask_feather
        padded = bounds.widened(margin, margin)
        side = max(padded.width, padded.height)
        if self.cutout == "box" or side > _MOST_SQUARE:
            return padded.intersection(image)
        x0 = padded.x0 - (side - padded.width) // 2
        y0 = padded.y0 - (side - padded.height) // 2
        return Box(x0, y0, x0 + side, y0 + side)
