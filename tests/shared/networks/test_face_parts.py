"""The outline of a face with its other parts, as the face-parsing network sees them."""

import numpy as np
import pytest

from shared.imaging.geometry import polygon_mask
from shared.imaging.pyramid import Pyramid
from shared.networks.face_parsing import PARTS, SIDE, FaceParsingNetwork
from shared.networks.face_parts import outline_with
from shared.schemas.box import Box
from shared.schemas.prompt import MOST_OUTLINE, FacePart
from tests.drawings import PAPER
from tools.support.shapes import ellipse

BLANK = np.full((200, 200, 3), PAPER, np.uint8)
SKIN = ellipse(100, 100, 40, 40)
CELLS = SIDE // 2
HAIR: frozenset[FacePart] = frozenset({"hair"})
HAIR_AND_BEARD: frozenset[FacePart] = frozenset({"hair", "beard"})


def _network(monkeypatch: pytest.MonkeyPatch, **parts: tuple[slice, slice]) -> FaceParsingNetwork:
    """A network that sees parts at the same places of each view."""
    seen = np.full((len(PARTS), CELLS, CELLS), -5, np.float32)
    for name, place in parts.items():
        seen[(PARTS.index(name), *place)] = 5
    network = FaceParsingNetwork()
    monkeypatch.setattr(network, "parts", lambda pictures: np.stack([seen] * len(pictures)))
    return network


def test_only_the_wanted_parts_are_added(monkeypatch: pytest.MonkeyPatch) -> None:
    upper, lower = np.s_[10:40, 30:50], np.s_[45:70, 30:50]
    network = _network(monkeypatch, hair=upper, beard=lower)
    pyramid, window = Pyramid.of(BLANK), Box(0, 0, 200, 200)
    skin = polygon_mask(SKIN, window)
    with_hair, with_both = (
        polygon_mask(outline_with(pyramid, SKIN, 0, network, others), window)
        for others in (HAIR, HAIR_AND_BEARD)
    )
    assert with_hair[:50].any()
    assert not with_hair[150:].any()
    assert with_both[150:].any()
    assert (skin & ~with_hair).sum() < 0.02 * skin.sum()
    assert (skin & ~with_both).sum() < 0.02 * skin.sum()


def test_what_does_not_touch_the_skin_belongs_to_somebody_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    network = _network(monkeypatch, hair=np.s_[0:6, 0:6])
    outline = outline_with(Pyramid.of(BLANK), SKIN, 0, network, HAIR)
    assert outline.min() == pytest.approx(60, abs=2)
    assert outline.max() == pytest.approx(140, abs=2)


def test_a_ragged_border_becomes_simpler(monkeypatch: pytest.MonkeyPatch) -> None:
    network = _network(monkeypatch, hair=np.s_[:, :])
    noise = np.random.default_rng(0).choice([-5, 5], (len(PARTS), CELLS, CELLS), p=[0.3, 0.7])
    many = noise.astype(np.float32)
    monkeypatch.setattr(network, "parts", lambda pictures: np.stack([many] * len(pictures)))
    outline = outline_with(Pyramid.of(BLANK), SKIN, 0, network, HAIR)
    assert 60 < len(outline) <= MOST_OUTLINE
