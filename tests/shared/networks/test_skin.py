"""The outline of a face's visible skin, as the drawn-face network sees it."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.imaging.geometry import Polygon, image_box, mask_iou, polygon_mask
from shared.imaging.pyramid import Pyramid
from shared.networks.drawn_face import SIDE, DrawnFaceNetwork, Skin
from shared.networks.skin import skin_outline
from shared.schemas.prompt import MOST_OUTLINE
from tests.drawings import INK, PAPER, cartoon_face
from tools.evaluation.manifest import IGNORE, Manifest, read_label
from tools.support.examples import ROOT
from tools.support.shapes import ellipse

MINI = ROOT / "tools/evaluation/mini"


@pytest.fixture(scope="module")
def network() -> DrawnFaceNetwork:
    return DrawnFaceNetwork()


def _oval(x: float, y: float, side: float) -> Polygon:
    return ellipse(x, y, side / 2, side / 2)


@settings(max_examples=15, deadline=None)
@given(
    st.tuples(st.floats(80, 220), st.floats(80, 220)),
    st.floats(60, 140),
    st.floats(0.8, 1.25),
    st.floats(-180, 180),
)
def test_the_outline_is_that_of_the_face_wherever_and_however_it_is(
    network: DrawnFaceNetwork,
    middle: tuple[float, float],
    side: float,
    guess: float,
    degrees: float,
) -> None:
    """The oval may be a fifth too small or too large."""
    image = cartoon_face(300, middle, side, degrees)
    angle = float(np.radians(degrees))
    skin = skin_outline(Pyramid.of(image), _oval(*middle, side * guess), angle, network)
    assert skin is not None
    assert 0 <= skin.stability <= 1
    window = image_box(image)
    drawn = polygon_mask(_oval(*middle, side), window)
    assert mask_iou(polygon_mask(skin.polygon, window), drawn) > 0.85


@pytest.mark.parametrize("degrees", range(-180, 180, 15))
@pytest.mark.parametrize("side", [70, 110])
def test_a_tilt_that_the_network_is_sure_of_is_the_true_one(
    network: DrawnFaceNetwork, degrees: int, side: int
) -> None:
    image = cartoon_face(300, (140, 155), side, degrees)
    for angle in (0.0, np.radians(degrees)):
        skin = skin_outline(Pyramid.of(image), _oval(140, 155, side), angle, network)
        assert skin is not None
        error = (np.degrees(skin.tilt) - degrees + 180) % 360 - 180
        assert abs(error) < 30 or skin.tilt_certainty < 0.88
        if angle or abs(degrees) <= 15:
            assert skin.tilt_certainty > 0.88


@given(st.floats(60, 200), st.floats(60, 200), st.floats(-180, 180))
@settings(max_examples=15, deadline=None)
def test_log_odds_of_pixels_are_those_of_the_cells_there(
    network: DrawnFaceNetwork, x: float, y: float, degrees: float
) -> None:
    image = cartoon_face(260, (x, y), 90, degrees)
    skin = skin_outline(Pyramid.of(image), _oval(x, y, 90), float(np.radians(degrees)), network)
    assert skin is not None
    inside = polygon_mask(skin.polygon, image_box(image))
    assert mask_iou(skin.log_odds_in(image_box(image)) > 0, inside) > 0.95


def test_the_outline_of_a_face_in_a_large_image_needs_no_large_view(
    network: DrawnFaceNetwork,
) -> None:
    image = cartoon_face(2400, (1200, 1200), 1000)
    skin = skin_outline(Pyramid.of(image), _oval(1200, 1200, 1000), 0, network)
    assert skin is not None
    assert skin.polygon.min() == pytest.approx(700, abs=50)
    assert len(skin.polygon) <= MOST_OUTLINE


def test_a_ragged_border_becomes_simpler(monkeypatch: pytest.MonkeyPatch) -> None:
    teeth = np.full((2, SIDE // 2, SIDE // 2), -5, np.float32)
    teeth[:, 10:38, 10:38] = 5
    teeth[:, 10:38] *= np.random.default_rng(0).choice([-1, 1], (2, 28, 48), p=[0.3, 0.7])
    teeth[:, 20:28, 10:38] = 5
    network = DrawnFaceNetwork()
    monkeypatch.setattr(
        network,
        "skin",
        lambda pictures: Skin(
            np.resize(teeth, (len(pictures), 48, 48)), np.ones((len(pictures), 2), np.float32)
        ),
    )
    blank = np.full((200, 200, 3), PAPER, np.uint8)
    skin = skin_outline(Pyramid.of(blank), _oval(100, 100, 80), 0, network)
    assert skin is not None
    assert 100 < len(skin.polygon) <= MOST_OUTLINE


def test_where_no_face_is_there_is_no_outline(network: DrawnFaceNetwork) -> None:
    blank = np.full((200, 200, 3), PAPER, np.uint8)
    assert skin_outline(Pyramid.of(blank), _oval(100, 100, 80), 0, network) is None
    cv2.rectangle(blank, (60, 60), (140, 140), INK, -1)
    assert skin_outline(Pyramid.of(blank), _oval(100, 100, 80), 0, network) is None


def test_the_face_beside_is_not_the_one_that_is_asked_for(network: DrawnFaceNetwork) -> None:
    image = cartoon_face(300, (80, 150), 100)
    assert skin_outline(Pyramid.of(image), _oval(200, 150, 100), 0, network) is None


def test_hair_and_hats_stay_out_of_real_drawings(network: DrawnFaceNetwork) -> None:
    ious = []
    for entry in Manifest.read(MINI / "manifest.json").images:
        if entry.label is None:
            continue
        image = cv2.cvtColor(cv2.imread(str(MINI / entry.image)), cv2.COLOR_BGR2RGB)
        label = read_label(MINI / entry.label)
        for number, face in enumerate(entry.faces, start=1):
            x0, y0, x1, y1 = face.box
            oval = ellipse((x0 + x1) / 2, (y0 + y1) / 2, (x1 - x0) / 2, (y1 - y0) / 2)
            skin = skin_outline(Pyramid.of(image.astype(np.uint8)), oval, 0, network)
            assert skin is not None
            found = polygon_mask(skin.polygon, image_box(image)) & (label != IGNORE)
            ious.append(mask_iou(found, label == number))
    assert min(ious) > 0.7
    assert np.mean(ious) > 0.85
