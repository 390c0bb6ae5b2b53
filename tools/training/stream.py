"""The tiles of a run, in rounds. Worker processes compose them into files while others are used.

A round trains on a window of the last chunks; each round, a new chunk replaces the oldest. So each
tile is used a few times, among ever other tiles, and drawing tiles costs less than training. What a
round consists of depends only on the seed and the round: a run that is killed continues with the
same tiles.
"""

from __future__ import annotations

import multiprocessing
import os
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import cv2
import numpy as np
import numpy.typing as npt

from tools.training.sources import Sources

CHUNK = 1024
"""Tiles in a file, and in a round each of REUSE times: a few seconds of work."""
REUSE = 4
"""How often a tile is used on average; tools/training/README.md has both costs."""
WINDOW = 32
"""Chunks among which a round chooses: 33,000 tiles, 1.2 GB. With few, the network would learn the
current tiles by heart."""
HEAD_START = 4
"""Chunks of the first round: training need not wait for a complete window."""


@dataclass(frozen=True, slots=True, eq=False)
class Composer:
    """Composes the tiles of a network: `tile` returns a record for a seed and a number."""

    record: np.dtype[np.void]
    tile: Callable[[Sources, int, int], npt.NDArray[np.void]]


@dataclass(frozen=True, slots=True, eq=False)
class _Worker:
    composer: Composer
    sources: Sources


_worker: _Worker | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Round:
    number: int
    chunks: tuple[npt.NDArray[np.void], ...]
    seed: int

    def batches(self, size: int) -> Iterator[npt.NDArray[np.void]]:
        """The round's tiles in random order: no tile twice, if the window has enough."""
        rng = np.random.default_rng((self.seed, self.number))
        total = CHUNK * len(self.chunks)
        order = rng.permutation(total)[: CHUNK * REUSE]
        for first in range(0, len(order), size):
            where = np.sort(order[first : first + size])
            yield np.stack([self.chunks[place // CHUNK][place % CHUNK] for place in where])


class TileStream:
    """Use it as a context: it ends its workers. They also end if this process is killed."""

    def __init__(
        self, composer: Composer, sources: Sources, seed: int, folder: Path, workers: int
    ) -> None:
        self._seed, self._folder = seed, folder
        folder.mkdir(parents=True, exist_ok=True)
        cv2.setNumThreads(1)  # a forked worker would wait for threads that stayed behind
        # forked workers share the memory of the sprites
        context = multiprocessing.get_context("fork")
        arguments = (_Worker(composer, sources), os.getpid())
        self._pool = ProcessPoolExecutor(workers, context, initializer=_start, initargs=arguments)
        self._ahead = workers + 1
        self._pending: dict[int, Future[None]] = {}

    def __enter__(self) -> TileStream:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pool.shutdown(cancel_futures=True)

    def round(self, number: int) -> Round:
        """Waits for the tiles of a round, and orders those of the next."""
        newest = number + HEAD_START
        chunks = range(max(0, newest - WINDOW), newest)
        self._forget(chunks.start)
        for chunk in range(chunks.start, newest + self._ahead):
            if chunk not in self._pending:
                self._pending[chunk] = self._pool.submit(
                    _compose, self._seed, chunk, self._file(chunk)
                )
        for chunk in chunks:
            self._pending[chunk].result()
        arrays = (np.load(self._file(chunk), mmap_mode="r") for chunk in chunks)
        return Round(number, tuple(arrays), self._seed)

    def _forget(self, first: int) -> None:
        for path in self._folder.glob("*.npy"):
            if int(path.stem) < first:
                path.unlink()
        self._pending = {chunk: done for chunk, done in self._pending.items() if chunk >= first}

    def _file(self, chunk: int) -> Path:
        return self._folder / f"{chunk:06}.npy"


def _start(worker: _Worker, parent: int) -> None:
    global _worker  # noqa: PLW0603 - a process is one, as long as it lives
    _worker = worker
    os.nice(5)  # training needs the processor more: tiles are ready ahead
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: int) -> None:
    """A killed process cannot end its workers, and they would wait for ever."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


def _compose(seed: int, chunk: int, path: Path) -> None:
    """Writes a chunk. The file appears complete or not at all."""
    if path.exists():
        return
    if _worker is None:
        raise RuntimeError("A worker composes tiles only after _start.")
    tiles = np.empty(CHUNK, _worker.composer.record)
    for index in range(CHUNK):
        tiles[index] = _worker.composer.tile(_worker.sources, seed, chunk * CHUNK + index)
    partial = path.with_suffix(".partial")
    with partial.open("wb") as file:
        np.save(file, tiles)
    partial.rename(path)
