"""Uploads images, and overwrites some of them during processing."""

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
"""Shares of the kinds of uploads. Chosen by hand: most have faces, because these need SAM2."""

_LEAST_AHEAD, _SHARE_AHEAD = 12, 0.1
"""Limit for uploads without results: a number, and a share of all. Chosen by hand: with a higher
limit, faults at the end would find no uploads in progress."""

_LEAST_WIDTH, _WIDTHS = 212, 40
"""Smallest width and number of widths, in pixels. Versions of an upload have different widths, so a
picture shows to which version it belongs."""

_MOST_DELAY = 3.0
"""Longest time from an upload to its overwriting, in seconds. Chosen by hand: most uploads are then
still in progress."""


class Uploads:
    """The uploads of a run, chosen by its seed."""

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
        """Starts to upload in separate threads."""
        for album in range(self._mix.uploads):
            versions = list(self._versions(f"album {album % 7}/{album} ü.png"))
            delays = [self._dice.uniform(0, _MOST_DELAY) for _ in versions[1:]]
            self._running.append(self._pool.submit(self._put_in_turn, versions, delays))

    def add(self) -> None:
        """Uploads an additional image at once, for a fault that needs work in progress."""
        version = self._version(f"one more/{self._versions_made}.png", "face")
        self._running.append(self._more.submit(self._put_all, [version], []))

    @property
    def expected(self) -> int:
        """The number of uploads, and so of expected results."""
        return len(self._running)

    def release(self, done: int) -> None:
        """Starts as many uploads as have new results. Raises the error of a failed upload.

        `done` is the number of all results.
        """
        if done > self._done:
            self._ahead.release(done - self._done)
            self._done = done
        for upload in self._running:
            if upload.done():
                upload.result()

    @property
    def are_done(self) -> bool:
        return all(upload.done() for upload in self._running)

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
