"""Where the labels of instances are placed."""

from hypothesis import given
from hypothesis import strategies as st

from shared.rendering.label_placement import place_label
from shared.schemas.box import Box

IMAGE = Box(0, 0, 300, 200)
WIDTH, HEIGHT = 40, 15


def _placed(instance: Box, *occupied: Box, image: Box = IMAGE) -> Box:
    return place_label(WIDTH, HEIGHT, instance, image, occupied)


@st.composite
def boxes(draw: st.DrawFn) -> Box:
    """Boxes in the image, with at least one pixel."""
    x0, y0 = draw(st.integers(0, 299)), draw(st.integers(0, 199))
    return Box(x0, y0, draw(st.integers(x0 + 1, 300)), draw(st.integers(y0 + 1, 200)))


def test_a_label_is_above_its_instance_and_begins_with_it() -> None:
    assert _placed(Box(100, 80, 160, 140)) == Box(100, 65, 140, 80)


def test_at_the_top_of_the_image_a_label_is_below_its_instance() -> None:
    assert _placed(Box(100, 5, 160, 60)) == Box(100, 60, 140, 75)


def test_a_label_is_beside_an_instance_of_the_images_height() -> None:
    assert _placed(Box(100, 0, 160, 200)) == Box(160, 0, 200, 15)
    assert _placed(Box(240, 0, 300, 200)) == Box(200, 0, 240, 15)


def test_a_label_is_inside_only_an_instance_without_room_on_any_side() -> None:
    assert _placed(Box(10, 5, 290, 195)) == Box(10, 5, 50, 20)


def test_a_label_at_the_right_edge_ends_with_the_image() -> None:
    assert _placed(Box(290, 80, 300, 90)) == Box(260, 65, 300, 80)


def test_a_label_avoids_another_instance() -> None:
    above, below = Box(90, 40, 170, 80), Box(90, 140, 170, 180)
    instance = Box(100, 80, 160, 140)
    assert _placed(instance, above) == Box(100, 140, 140, 155)
    assert _placed(instance, above, below) == Box(160, 80, 200, 95)


@given(boxes(), st.lists(boxes(), max_size=4))
def test_a_label_lies_in_the_image_and_outside_its_instance_if_there_is_room(
    instance: Box, others: list[Box]
) -> None:
    place = _placed(instance, *others)
    assert (place.width, place.height) == (WIDTH, HEIGHT)
    assert place.intersection(IMAGE) == place
    has_room = (
        max(instance.y0, 200 - instance.y1) >= HEIGHT
        or max(instance.x0, 300 - instance.x1) >= WIDTH
    )
    assert bool(place.intersection(instance).area) != has_room


@given(boxes(), st.lists(boxes(), max_size=4))
def test_others_never_lead_to_a_place_that_covers_more_of_them(
    instance: Box, others: list[Box]
) -> None:
    def covered(place: Box) -> int:
        return sum(place.intersection(box).area for box in others)

    assert covered(_placed(instance, *others)) <= covered(_placed(instance))
