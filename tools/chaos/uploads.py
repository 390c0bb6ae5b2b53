"""Uploads, and what overwrites them on their way."""

import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

from google.cloud.storage.retry import DEFAULT_RETRY

from local.stack import INPUT_BUCKET, Stack
from tools.chaos.mix import Mix
from tools.chaos.versions import Version

_KINDS = {"face": 0.63, "two faces": 0.27, "nothing": 0.07, "no image": 0.03}
_LEAST_AHEAD, _SHARE_AHEAD = 12, 0.1
"""How many uploads are on their way at a time: trouble that strikes late still finds some."""

_LEAST_WIDTH, _WIDTHS = 212, 40
"""Pixels: versions of one upload differ in it, so that a picture tells which it shows."""

_MOST_DELAY = 3.0
"""Seconds from an upload to its overwriting: on the way, most of them."""


class Uploads:
    """All uploads of a run, from a seed."""

    def __init__(self, stack: Stack, mix: Mix) -> None:
        self.newest: dict[str, tuple[int, Version]] = {}
        self.injected: Counter[str] = Counter()
        self._bucket = stack.storage.bucket(INPUT_BUCKET)
        self._mix = mix
        self._pool, self._more = ThreadPoolExecutor(8), ThreadPoolExecutor(2)
        self._running: list[Future[None]] = []
        self._done = 0
        self._dice = random.Random(mix.seed + 3)
        self._versions_made = 0
        ahead = max(_LEAST_AHEAD, int(mix.uploads * _SHARE_AHEAD))
        self._ahead = threading.Semaphore(ahead)

    def start(self) -> None:
        """Begins, in threads of its own."""
        for album in range(self._mix.uploads):
            versions = list(self._versions(f"album {album % 7}/{album} ü.png"))
            delays = [self._dice.uniform(0, _MOST_DELAY) for _ in versions[1:]]
            self._running.append(self._pool.submit(self._put_in_turn, versions, delays))

    def one_more(self) -> None:
        """Another upload than those planned, at once: trouble that needs work makes some."""
        version = self._version(f"one more/{self._versions_made}.png", "face")
        self._running.append(self._more.submit(self._put_all, [version], []))

    @property
    def expected(self) -> int:
        """How many results there are to be."""
        return len(self._running)

    def go_on(self, done: int) -> None:
        """Lets as many begin as have their results; raises what an upload raised."""
        if done > self._done:
            self._ahead.release(done - self._done)
            self._done = done
        for one in self._running:
            if one.done():
                one.result()

    @property
    def are_done(self) -> bool:
        return all(one.done() for one in self._running)

    def _versions(self, name: str) -> Iterator[Version]:
        while True:
            (kind,) = self._dice.choices(list(_KINDS), list(_KINDS.values()))
            if self._dice.random() < self._mix.truncated:
                kind = "cut off"
            yield self._version(name, kind)
            if self._dice.random() >= self._mix.overwrites:
                return

    def _version(self, name: str, kind: str) -> Version:
        number = self._versions_made
        self._versions_made += 1
        return Version(name, kind, number, _LEAST_WIDTH + number % _WIDTHS)

    def _put_in_turn(self, versions: list[Version], delays: list[float]) -> None:
        self._ahead.acquire()
        self._put_all(versions, delays)

    def _put_all(self, versions: list[Version], delays: list[float]) -> None:
        for version, delay in zip(versions, [0.0, *delays], strict=True):
            time.sleep(delay)
            blob = self._bucket.blob(version.name)
            blob.upload_from_string(
                version.encoded(),
                content_type=version.content_type,
                retry=DEFAULT_RETRY,
                timeout=30,
            )
            self.newest[version.name] = (int(blob.generation), version)
            self.injected["uploads" if version is versions[0] else "overwritten in flight"] += 1
            if version.kind == "cut off":
                self.injected["cut off in the middle"] += 1
