"""Places that MediaPipe's detector takes for faces, and how tiles show them."""

import numpy as np
import pytest

from shared.detection.face_models import FaceModels
from tests.tools.training.sprites import head, sources, sources_of
from tools.training.hard_negatives import hard_negatives
from tools.training.pictures import Picture
from tools.training.sources import HARD_NEGATIVE_CONTEXT, HARD_NEGATIVES
from tools.training.sprite import BACKGROUND, Pixels, Sprite, box_of
from tools.training.targets import YES
from tools.training.tiles import tile


@pytest.fixture(scope="module")
def models() -> FaceModels:
    return FaceModels()


def _smiley() -> tuple[Pixels, np.ndarray[tuple[int, ...], np.dtype[np.float64]]]:
    """A picture of a head, which the detector proposes, and the box of the head."""
    sprite = head(110, 130)
    alpha = sprite.image[..., 3:] / 255
    pixels = (sprite.image[..., :3] * alpha + 255 * (1 - alpha)).astype(np.uint8)
    padded = np.full((400, 400, 3), 255, np.uint8)
    padded[120:280, 120:280] = pixels
    return padded, box_of((sprite.label > 0).astype(np.uint8)) + 120


def test_a_proposal_without_a_face_becomes_a_sprite_around_it(models: FaceModels) -> None:
    pixels, _ = _smiley()
    found = list(hard_negatives(Picture(pixels, (), ()), models))
    assert found
    for sprite in found:
        assert sprite.kind == HARD_NEGATIVES
        assert not sprite.faces
        assert (sprite.label == BACKGROUND).all()
    side = len(found[0].label)
    reach = round(side / HARD_NEGATIVE_CONTEXT / 2)
    proposal = slice(side // 2 - reach, side // 2 + reach)
    assert found[0].image[proposal, proposal, :3].std() > 10  # eyes and mouth are there


@pytest.mark.parametrize("known", ["faces", "hands"])
def test_a_proposal_near_a_face_or_hand_is_none(known: str, models: FaceModels) -> None:
    pixels, box = _smiley()
    truth: dict[str, tuple[np.ndarray[tuple[int, ...], np.dtype[np.float64]], ...]]
    truth = {"faces": (), "hands": (), known: (box,)}
    assert list(hard_negatives(Picture(pixels, **truth), models)) == []


def test_tiles_of_hard_negatives_ask_for_no_face() -> None:
    red = np.zeros((160, 160, 4), np.uint8)
    red[...] = 255, 0, 0, 255
    hard = Sprite(HARD_NEGATIVES, red, np.zeros((160, 160), np.uint8))
    with_hard = sources_of([hard, head()])
    assert with_hard.hard_negatives.kinds == [HARD_NEGATIVES]
    assert with_hard.objects.kinds == []
    assert sources().hard_negatives.kinds == []
    tiles = [tile(with_hard, 0, number) for number in range(60)]
    assert any((one["centres"][0] == YES).any() for one in tiles)
