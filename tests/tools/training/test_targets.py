"""The targets of a tile say where its faces are, however a face was placed."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.imaging.boxes import FloatBox, iou
from shared.networks.drawn_face import BOX_UNIT, SIDE, STRIDE
from tests.tools.training.sprites import head, palm
from tools.training import targets
from tools.training.canvas import Canvas
from tools.training.deformation import mirrored
from tools.training.figure import figure_of, side_of
from tools.training.sprite import FACE, UNKNOWN, Sprite
from tools.training.targets import IGNORED, MASK_FULL, NO, TILE, YES
from tools.training.tiles import Place, placement

Tile = npt.NDArray[np.void]
MIDDLE = np.array([48.0, 48.0])


def tile_with(
    sprite: Sprite,
    side: float = 45,
    middle: tuple[float, float] = (48, 48),
    degrees: float = 0,
    *,
    mirror: bool = False,
) -> Tile:
    canvas = Canvas(np.full((SIDE, SIDE, 3), 255, np.float32))
    paste(canvas, sprite, Place(side, np.array(middle)), degrees, mirror=mirror)
    return finished(canvas)


def paste(
    canvas: Canvas, sprite: Sprite, place: Place, degrees: float = 0, *, mirror: bool = False
) -> None:
    box = (sprite.faces + sprite.hands)[0]
    figure = figure_of(sprite, place.side / side_of(box))
    box = box * figure.label.shape[1] / sprite.label.shape[1]
    if mirror:
        figure = mirrored(figure)
        width = figure.label.shape[1]
        box = np.array([width - box[2], box[1], width - box[0], box[3]])
    angle = np.radians(degrees)
    canvas.paste(figure, placement(box, place, angle, aspect=1), angle)


def finished(canvas: Canvas) -> Tile:
    tile = np.zeros((), TILE)
    tile["image"] = canvas.picture.astype(np.uint8)
    canvas.write_targets(tile)
    return tile


def boxes_of(tile: Tile, kind: int = 0) -> list[FloatBox]:
    """The box that each centre says."""
    found = []
    for row, column in np.argwhere(tile["centres"][kind] == YES):
        middle = (np.array([column, row]) + 0.5) * STRIDE
        distances = tile["boxes"][kind, :, row, column].astype(float) * BOX_UNIT
        found.append(np.concatenate([middle - distances[:2], middle + distances[2:]]))
    return found


def mask_box(tile: Tile) -> FloatBox:
    ys, xs = np.nonzero((tile["mask"] > MASK_FULL / 2) & (tile["mask"] != UNKNOWN))
    return np.array([xs.min(), ys.min(), xs.max() + 1, ys.max() + 1]) * 2.0


@given(
    degrees=st.floats(-180, 180),
    side=st.floats(32, 48),
    x=st.floats(40, 56),
    y=st.floats(40, 56),
    mirror=st.booleans(),
)
def test_boxes_bound_the_mask_under_tilt_and_mirror(
    degrees: float, side: float, x: float, y: float, mirror: bool
) -> None:
    tile = tile_with(head(), side, (x, y), degrees, mirror=mirror)
    boxes = boxes_of(tile)
    assert boxes
    for box in boxes:
        assert np.abs(box - mask_box(tile)).max() < 3.5  # pixels of the mask have 2
        assert np.allclose((box[:2] + box[2:]) / 2, [x, y], atol=1.5)


@pytest.mark.parametrize("degrees", [0, 30, -90, 180])
def test_the_tilt_points_from_the_chin_to_the_forehead(degrees: float) -> None:
    tile = tile_with(head(), degrees=degrees)
    row, column = np.argwhere(tile["centres"][0] == YES)[0]
    sine, cosine = tile["tilt"][:, row, column].astype(float)
    towards_forehead = np.array([sine, -cosine])
    dark = np.argwhere(tile["image"].max(axis=2) < 60)[:, ::-1].mean(axis=0)  # the eyes
    assert (dark - MIDDLE) @ towards_forehead > 2


def test_a_face_without_an_exact_mask_has_a_box_and_an_unknown_mask() -> None:
    exact, loose = tile_with(head()), tile_with(head(exact=False))
    assert iou(boxes_of(loose)[0], boxes_of(exact)[0]) > 0.9
    inside = exact["mask"] == MASK_FULL
    assert (loose["mask"][inside] == UNKNOWN).all()
    assert FACE not in loose["mask"]


@pytest.mark.parametrize(
    ("side", "state"), [(15, NO), (25, IGNORED), (45, YES), (80, IGNORED), (120, NO)]
)
def test_only_faces_of_the_right_size_are_centres(side: float, state: int) -> None:
    assert tile_with(head(), side)["centres"][0, 6, 6] == state


def test_the_mask_of_a_face_of_the_wrong_size_is_not_asked_for() -> None:
    assert tile_with(head(), 120)["mask"][24, 24] == UNKNOWN


def test_a_hand_is_no_face() -> None:
    tile = tile_with(palm())
    assert (tile["centres"][0] == NO).all()
    assert iou(boxes_of(tile, kind=1)[0], np.array([28.5, 22, 67.5, 74])) > 0.85
    assert not tile["mask"].any()


def test_a_face_that_another_covers_is_not_asked_for() -> None:
    canvas = Canvas(np.full((SIDE, SIDE, 3), 255, np.float32))
    paste(canvas, head(), Place(40, np.array([48, 48])))
    paste(canvas, head(), Place(60, np.array([50, 50])))
    boxes = boxes_of(finished(canvas))
    assert {round(side_of(box) / 10) for box in boxes} == {6}


def test_a_face_half_outside_the_tile_is_ignored() -> None:
    tile = tile_with(head(), 45, (0, 48))
    assert (tile["centres"][0] != YES).all()
    assert (tile["centres"][0] == IGNORED).any()


def test_a_face_without_any_contrast_is_ignored() -> None:
    sprite = head()
    sprite.image[..., :3] = 128
    centres = tile_with(sprite)["centres"][0]
    assert (centres != YES).all()
    assert (centres == IGNORED).any()


@given(degrees=st.floats(-60, 60), x=st.floats(35, 60))
def test_a_mirrored_tile_has_the_targets_of_the_mirrored_picture(degrees: float, x: float) -> None:
    tile = tile_with(head(), middle=(x, 48), degrees=degrees)
    mirror = targets.mirrored(tile[None])[0]
    for box in boxes_of(mirror):
        assert np.abs(box - mask_box(mirror)).max() < 3.5
    row, column = np.argwhere(mirror["centres"][0] == YES)[0]
    sine = float(mirror["tilt"][0, row, column])
    assert sine == pytest.approx(-np.sin(np.radians(degrees)), abs=0.01)
