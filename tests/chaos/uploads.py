"""Uploads, and what overwrites them on their way."""

import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

from google.cloud.storage.retry import DEFAULT_RETRY

from local.stack import INPUT_BUCKET, Stack
from tests.chaos.mix import Mix
from tests.chaos.versions import Version

_KINDS = {"face": 0.63, "two faces": 0.27, "nothing": 0.07, "no image": 0.03}
_LEAST_AHEAD, _SHARE_AHEAD = 12, 0.1
"""How many uploads are on their way at a time: trouble that strikes late still finds some."""

_MOST_DELAY = 3.0
"""Seconds from an upload to its overwriting: on the way, most of them."""


class Uploads:
    """All uploads of a run, from a seed."""

    def __init__(self, stack: Stack, mix: Mix) -> None:
        self.newest: dict[str, tuple[int, Version]] = {}
        self.injected: Counter[str] = Counter()
        self._bucket = stack.storage.bucket(INPUT_BUCKET)
        self._mix = mix
        self._pool = ThreadPoolExecutor(8)
        self._running: list[Future[None]] = []
        self._done = 0
        ahead = max(_LEAST_AHEAD, int(mix.uploads * _SHARE_AHEAD))
        self._ahead = threading.Semaphore(ahead)

    def start(self) -> None:
        """Begins, in threads of its own."""
        dice = random.Random(self._mix.seed + 3)
        number = 0
        for album in range(self._mix.uploads):
            name = f"album {album % 7}/{album} ü.png"
            versions = list(self._versions(dice, name, number))
            number += len(versions)
            delays = [dice.uniform(0, _MOST_DELAY) for _ in versions[1:]]
            self._running.append(self._pool.submit(self._put_all, versions, delays))

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

    def _versions(self, dice: random.Random, name: str, number: int) -> Iterator[Version]:
        width = dice.randrange(212, 240)
        while True:
            (kind,) = dice.choices(list(_KINDS), list(_KINDS.values()))
            if dice.random() < self._mix.truncated:
                kind = "cut off"
            yield Version(name, kind, number, width)
            width, number = width + 1, number + 1
            if dice.random() >= self._mix.overwrites:
                return

    def _put_all(self, versions: list[Version], delays: list[float]) -> None:
        self._ahead.acquire()
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
