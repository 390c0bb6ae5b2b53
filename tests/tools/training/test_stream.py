"""The stream of tiles is the same for each run of a seed, and leaves nothing behind."""

import multiprocessing
import os
import signal
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import psutil
import pytest

from tests.tools.training.sprites import sources
from tools.training import stream
from tools.training.stream import Composer, TileStream
from tools.training.targets import TILE
from tools.training.tiles import tile

COMPOSER = Composer(TILE, tile)
ENDED = 30  # seconds; the workers look every second


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forked workers see these values as well."""
    monkeypatch.setattr(stream, "CHUNK", 8)
    monkeypatch.setattr(stream, "WINDOW", 6)


def batches(tiles: TileStream, number: int) -> list[bytes]:
    return [batch.tobytes() for batch in tiles.round(number).batches(4)]


def test_a_round_has_the_same_tiles_after_an_interruption(tmp_path: Path) -> None:
    with TileStream(COMPOSER, sources(), 1, tmp_path / "whole", workers=1) as tiles:
        whole = [batches(tiles, number) for number in range(4)]
    with TileStream(COMPOSER, sources(), 1, tmp_path / "parts", workers=1) as tiles:
        batches(tiles, 0)
    with TileStream(COMPOSER, sources(), 1, tmp_path / "parts", workers=2) as tiles:
        assert batches(tiles, 3) == whole[3]
    assert whole[0] != whole[1]


def test_no_tile_comes_twice_in_a_round(tmp_path: Path) -> None:
    with TileStream(COMPOSER, sources(), 1, tmp_path, workers=1) as tiles:
        images = np.concatenate([batch["image"] for batch in tiles.round(2).batches(4)])
    assert len({image.tobytes() for image in images}) == len(images) == stream.REUSE * 8


def test_old_tiles_leave_the_disk(tmp_path: Path) -> None:
    with TileStream(COMPOSER, sources(), 1, tmp_path, workers=1) as tiles:
        for number in range(11):
            tiles.round(number)
    # the window and what is made ahead
    assert min(int(path.stem) for path in tmp_path.glob("*.npy")) == 10 + 4 - 6
    assert len(list(tmp_path.glob("*.npy"))) <= 6 + 2


def test_workers_end_when_the_run_is_killed(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    run = context.Process(target=_run_for_ever, args=(tmp_path, theirs))
    run.start()
    workers = [psutil.Process(pid) for pid in ours.recv()]
    assert workers
    assert run.pid is not None
    os.kill(run.pid, signal.SIGKILL)
    run.join()
    _, alive = psutil.wait_procs(workers, timeout=ENDED)
    assert not alive


def _run_for_ever(folder: Path, pipe: Connection) -> None:
    with TileStream(COMPOSER, sources(), 1, folder, workers=2) as tiles:
        stream.CHUNK = 8
        tiles.round(0)
        pipe.send([child.pid for child in psutil.Process().children()])
        signal.pause()
