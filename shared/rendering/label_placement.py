"""Places labels outside of their instances' boxes, and off other instances, if there is room."""

from collections.abc import Iterator, Sequence

from shared.schemas.box import Box


def place_label(width: int, height: int, instance: Box, image: Box, occupied: Sequence[Box]) -> Box:
    """Returns the box of a label of `width` x `height` pixels, which must fit into the image.

    `occupied` has the boxes of other instances and of labels. The label touches the instance's box:
    above it, below, to its right or its left, in this order, at the first place that covers least
    of `occupied`. If there is room on no side, the label is in the instance's box, at its top.
    """
    places = [
        place for place in _around(width, height, instance, image) if not _exceeds(place, image)
    ]
    if not places:
        return _clamped(Box(0, 0, width, height).shifted(instance.x0, instance.y0), image)
    return min(places, key=lambda place: sum(place.intersection(box).area for box in occupied))


def _around(width: int, height: int, instance: Box, image: Box) -> Iterator[Box]:
    """Yields places that touch the instance's box from outside, the preferred ones first.

    Above and below, the label slides sideways into the image; at the sides, up or down.
    """
    rows = (instance.y0 - height, instance.y1)
    columns = (instance.x1, instance.x0 - width)
    for left in (instance.x0, instance.x1 - width):
        for top in rows:
            place = Box(left, top, left + width, top + height)
            yield place.shifted(_clamped(place, image).x0 - left, 0)
    for top in (instance.y0, instance.y1 - height):
        for left in columns:
            place = Box(left, top, left + width, top + height)
            yield place.shifted(0, _clamped(place, image).y0 - top)


def _clamped(place: Box, image: Box) -> Box:
    """Returns the place moved into the image."""
    x = min(max(place.x0, image.x0), image.x1 - place.width)
    y = min(max(place.y0, image.y0), image.y1 - place.height)
    return place.shifted(x - place.x0, y - place.y0)


def _exceeds(place: Box, image: Box) -> bool:
    return place.intersection(image) != place
