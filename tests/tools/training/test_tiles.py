"""Tiles are a function of their number, and are what their scenes promise."""

from pathlib import Path

import numpy as np
import pytest

from tests.tools.training.sprites import crate, head, sources, sources_of
from tools.training import decoys
from tools.training.backgrounds import background
from tools.training.figure import figure_of
from tools.training.sources import GROUPS, is_held_out, split
from tools.training.sprite import Sprite, save
from tools.training.targets import NO, YES
from tools.training.tiles import Decoy, face_tile, faceless_tile, tile


def test_a_tile_depends_on_the_seed_and_its_number_alone() -> None:
    first = [tile(sources(), 5, number) for number in range(12)]
    again = [tile(sources(), 5, number) for number in reversed(range(12))][::-1]
    assert all(one.tobytes() == other.tobytes() for one, other in zip(first, again, strict=True))
    assert first[0].tobytes() != tile(sources(), 6, 0).tobytes()


def test_tiles_of_faces_have_faces_and_the_others_have_none() -> None:
    with_face = [(face_tile(sources(), 1, n)["centres"][0] == YES).any() for n in range(60)]
    assert np.mean(with_face) > 0.75  # some are covered, or have no contrast
    for number in range(60):
        assert (faceless_tile(sources(), 1, number)["centres"] == NO).all()


def test_tiles_vary_in_every_way_that_training_needs() -> None:
    tiles = [tile(sources(), 2, number) for number in range(150)]
    faces = [(one["centres"][0] == YES).any() for one in tiles]
    hands = [(one["centres"][1] == YES).any() for one in tiles]
    assert 0.3 < np.mean(faces) < 0.8
    assert 0.02 < np.mean(hands) < 0.3
    grey = [np.ptp(one["image"].astype(int), axis=2).max() == 0 for one in tiles]
    assert 0.02 < np.mean(grey) < 0.4


def test_tiles_are_made_where_no_objects_and_hands_exist() -> None:
    lonely = sources_of([head()])
    for number in range(40):
        tile(lonely, 3, number)


@pytest.mark.parametrize("make", [decoys.silhouette, decoys.scrambled, decoys.fragment])
def test_a_decoy_made_of_a_face_has_no_face(make: Decoy) -> None:
    figure = figure_of(head(), 0.5)
    decoy = make(figure, np.random.default_rng(0))
    assert decoy.classes == ()
    assert decoy.image[..., 3].any()
    assert decoy.image.shape != figure.image.shape or (decoy.image != figure.image).any()


@pytest.mark.parametrize("side", [96, 160])
def test_backgrounds_fill_a_tile(side: int) -> None:
    rng = np.random.default_rng(0)
    for _ in range(60):
        assert background(rng, side).shape == (side, side, 3)


def test_kinds_and_sprites_are_held_out_of_training(tmp_path: Path) -> None:
    kinds = [f"kind-{number}" for number in range(30)]
    save(tmp_path / "a.shard", (head(kind=kind) for kind in kinds for _ in range(40)))
    training, validation = split(tmp_path)
    for kind in kinds:
        assert is_held_out(kind) == (kind not in training.faces.kinds)
        assert kind in validation.faces.kinds
    assert 0 < sum(map(is_held_out, kinds)) < 10


def test_a_group_is_left_out_of_training_alone(tmp_path: Path) -> None:
    shards = {
        "procedural-face-000000": "generated",
        "packages-micah": "avatars",
        "packages-noto-people": "emoji",
        "packages-noto-negatives": "objects",
    }
    for shard, group in shards.items():
        make = crate if group == "objects" else head
        save(tmp_path / f"{shard}.shard", (make(kind=group) for _ in range(40)))
    for group in shards.values():
        training, validation = split(tmp_path, group)
        kept = {*training.faces.kinds, *training.objects.kinds}
        assert kept == {*GROUPS} - {group}
        assert {*validation.faces.kinds, *validation.objects.kinds} == {*GROUPS}


@pytest.mark.parametrize("kind", ["dicebear-personas", "DiceBear big-ears", "openmoji"])
def test_kinds_that_judge_the_model_are_refused(tmp_path: Path, kind: str) -> None:
    save(tmp_path / "a.shard", [head(kind=kind)])
    with pytest.raises(ValueError, match=f"{kind}.*must stay out of training"):
        split(tmp_path)


def test_without_sprites_the_message_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="Make them first"):
        split(tmp_path)


def test_small_kinds_are_drawn_more_often_than_their_share() -> None:
    many: list[Sprite] = [head(kind="many")] * 900 + [head(kind="few")] * 100 + [crate()]
    rng = np.random.default_rng(0)
    pool = sources_of(many).faces
    drawn = [pool.draw(rng).kind for _ in range(400)]
    assert 0.2 < drawn.count("few") / 400 < 0.3  # 1/4: the roots of 100 and 900
