"""What is uploaded: pictures with and without faces, files that are none, and overwrites."""

import io
import random
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from google.cloud.storage.retry import DEFAULT_RETRY
from PIL import Image as PillowImage

from local.stack import INPUT_BUCKET, Stack
from shared.documents import Status
from tests.chaos.mix import Mix
from tests.conftest import EXAMPLES

_KINDS = {"face": 0.2, "two faces": 0.05, "nothing": 0.7, "no image": 0.05}
_DRAWN = {Status.SEGMENTED, Status.DEGRADED}
STATES = {
    "face": _DRAWN,
    "two faces": _DRAWN,
    "nothing": {Status.EMPTY},
    "no image": {Status.REJECTED},
}
_MOST_DELAY = 3.0
"""Seconds from an upload to its overwriting: on the way, most of them."""


@dataclass(frozen=True)
class Version:
    """One content of an object. Its width is unlike those of the object's other versions."""

    name: str
    kind: str
    width: int

    def encoded(self) -> bytes:
        """A PNG, or what is none."""
        if self.kind == "no image":
            return b"no image " * self.width
        picture = PillowImage.new("RGB", (self.width, 128), (90, 160, 220))
        for number in range({"nothing": 0, "face": 1, "two faces": 2}[self.kind]):
            picture.paste(_FACE, (4 + 104 * number, 16))
        buffer = io.BytesIO()
        picture.save(buffer, "PNG")
        return buffer.getvalue()


_FACE = PillowImage.open(EXAMPLES / "avataaars_05.png").convert("RGB").resize((96, 96))


class Uploads:
    """All uploads of a run, from a seed."""

    def __init__(self, stack: Stack, mix: Mix) -> None:
        self.newest: dict[str, tuple[int, Version]] = {}
        self.counts: Counter[str] = Counter()
        self._bucket = stack.storage.bucket(INPUT_BUCKET)
        self._mix = mix
        self._pool = ThreadPoolExecutor(8)
        self._running: list[Future[None]] = []

    def start(self) -> None:
        """Begins, in threads of its own."""
        dice = random.Random(self._mix.seed + 3)
        for number in range(self._mix.uploads):
            versions = list(self._versions(dice, f"album {number % 7}/{number} ü.png"))
            delays = [dice.uniform(0, _MOST_DELAY) for _ in versions[1:]]
            self._running.append(self._pool.submit(self._put_all, versions, delays))

    def check(self) -> None:
        """Raises what an upload raised."""
        for one in self._running:
            if one.done():
                one.result()

    @property
    def are_done(self) -> bool:
        return all(one.done() for one in self._running)

    def _versions(self, dice: random.Random, name: str) -> Iterator[Version]:
        width = dice.randrange(212, 240)
        while True:
            (kind,) = dice.choices(list(_KINDS), list(_KINDS.values()))
            yield Version(name, kind, width)
            width += 1
            if dice.random() >= self._mix.overwrites:
                return

    def _put_all(self, versions: list[Version], delays: list[float]) -> None:
        for version, delay in zip(versions, [0.0, *delays], strict=True):
            time.sleep(delay)
            blob = self._bucket.blob(version.name)
            blob.upload_from_string(
                version.encoded(), content_type="image/png", retry=DEFAULT_RETRY, timeout=30
            )
            self.newest[version.name] = (int(blob.generation), version)
            self.counts["uploads" if version is versions[0] else "overwritten in flight"] += 1


def picture_width(content: bytes) -> int:
    """Of a PNG."""
    return int(np.asarray(PillowImage.open(io.BytesIO(content))).shape[1])
