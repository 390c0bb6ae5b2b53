"""The masks of a tile are those of the person in its middle."""

from dataclasses import replace

import cv2
import numpy as np

from shared.networks.face_parsing import PARTS, SIDE
from tests.tools.training.sprites import crate, head, sources, sources_of
from tools.training.parsing.tiles import MASK, MASK_FULL, TILE, mirrored, parts_of, tile
from tools.training.sprite import BEARD, EAR, FACE, HAIR, UNKNOWN, Sprite

SKIN, HAIR_MASK, BEARD_MASK, EARS = range(4)


def haired(*, parts: bool = True) -> Sprite:
    """A head with hair above its middle, which is a part of what is drawn."""
    plain = head(100, 120)
    label, image = plain.label.copy(), plain.image.copy()
    above = np.zeros_like(label)
    cv2.ellipse(above, (80, 60), (55, 45), 0, 180, 360, (1,), -1)
    image[above > 0] = 60, 30, 10, 255
    label[above > 0] = HAIR if parts else 0
    return replace(plain, image=image, label=label, parts=parts)


def test_a_tile_depends_on_the_seed_and_its_number_alone() -> None:
    first = [tile(sources(), 5, number) for number in range(8)]
    again = [tile(sources(), 5, number) for number in reversed(range(8))][::-1]
    assert all(one.tobytes() == other.tobytes() for one, other in zip(first, again, strict=True))
    assert first[0].tobytes() != tile(sources(), 6, 0).tobytes()


def test_each_part_has_its_own_mask() -> None:
    label = np.zeros((SIDE, SIDE), np.uint8)
    for row, value in enumerate((FACE, HAIR, BEARD, EAR, UNKNOWN)):
        label[10 * row : 10 * row + 10, :40] = value
    masks = parts_of(label)
    assert masks.shape == (len(PARTS), MASK, MASK)
    for row, mask in enumerate(masks):
        assert (mask[5 * row : 5 * row + 5, :20] == MASK_FULL).all()
        assert (mask[20:25, :20] == UNKNOWN).all()
        assert np.count_nonzero(mask) == 2 * 5 * 20


def test_hair_that_nobody_labelled_is_neither_hair_nor_none() -> None:
    for parts in (True, False):
        pool = sources_of([haired(parts=parts)])
        tiles = [tile(pool, 1, number)["parts"] for number in range(20)]
        hair = np.stack([masks[HAIR_MASK] for masks in tiles])
        assert (hair == MASK_FULL).any() == parts
        assert (hair == UNKNOWN).any() != parts
        assert not any((masks[SKIN] == UNKNOWN).any() for masks in tiles)


def test_the_parts_of_other_people_are_not_asked_for() -> None:
    """A tile has one face's skin, in its middle, also in a crowd."""
    crowd = sources_of([head(), crate()])
    for number in range(40):
        skin = tile(crowd, 4, number)["parts"][SKIN]
        if skin.any():
            ys, xs = np.nonzero(skin)
            assert np.ptp(xs) < 0.95 * MASK
            assert abs(np.median(xs) - MASK / 2) < MASK / 4
            assert abs(np.median(ys) - MASK / 2) < MASK / 4


def test_some_tiles_have_no_face_in_the_middle() -> None:
    shown = [tile(sources(), 2, number)["parts"].any() for number in range(120)]
    assert 0.8 < np.mean(shown) < 0.98


def test_a_mirrored_tile_has_mirrored_masks() -> None:
    tiles = np.zeros(2, TILE)
    tiles["image"][:, :, :10] = 200
    tiles["parts"][:, :, :, :5] = MASK_FULL
    there = mirrored(tiles)
    assert (there["image"][:, :, -10:] == 200).all()
    assert (there["parts"][..., -5:] == MASK_FULL).all()
    assert (mirrored(there) == tiles).all()
