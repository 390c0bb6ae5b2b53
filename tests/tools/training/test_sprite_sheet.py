"""Contact sheets show each kind, and the truth about some of its sprites."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from tools.training import sprite_sheet
from tools.training.sprite import FACE, Sprite, save

SIDE = 128


def _sprite(kind: str = "kind") -> Sprite:
    """A white square; all of it is a face."""
    image, label = np.full((SIDE, SIDE, 4), 255, np.uint8), np.full((SIDE, SIDE), FACE, np.uint8)
    return Sprite(kind, image, label, (np.array([0.0, 0, SIDE, SIDE]),))


def test_each_kind_gets_a_sheet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save(tmp_path / "a.shard", [_sprite("one"), _sprite("two")])
    save(tmp_path / "b.shard", [_sprite("two")] * 200)
    shards = [str(tmp_path / name) for name in ("a.shard", "b.shard")]
    monkeypatch.setattr("sys.argv", ["sprite_sheet", str(tmp_path / "sheets"), *shards])
    sprite_sheet.main()
    sizes = {path.name: cv2.imread(str(path)).shape[:2] for path in (tmp_path / "sheets").iterdir()}
    assert sizes == {"one.png": (SIDE, 12 * SIDE), "two.png": (8 * SIDE, 12 * SIDE)}


def test_the_last_third_shows_the_truth() -> None:
    sheet = sprite_sheet.sheet([_sprite()] * 6)
    middles = sheet[SIDE // 2, SIDE // 2 : 6 * SIDE : SIDE]
    white = (middles == 255).all(axis=1)
    assert white.tolist() == [True] * 4 + [False] * 2


def test_large_and_wide_sprites_fit_into_a_tile() -> None:
    image, label = np.full((200, 800, 4), 255, np.uint8), np.zeros((200, 800), np.uint8)
    sheet = sprite_sheet.sheet([Sprite("kind", image, label)])
    white = (sheet == 255).all(axis=2)
    assert white[:32, :128].all()
    assert not white[32:].any()
    assert not white[:, 128:].any()
