"""The pipeline as queues: uploads come, instances start, serve so many at a time, and go.

Simplified: no request fails, Pub/Sub hands on at once what it holds, and whoever waits longest is
served first.
"""

from __future__ import annotations

import heapq
import math
import random
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import simpy

from tools.simulation.figures import DAY, Kind, Size

Process = Generator[simpy.Event, Any, Any]
_BEFORE_SAM2 = 0.3
"""Share of segmentation's processor time that is spent before SAM2 is asked."""


@dataclass(slots=True)
class Instance:
    """One of a service's: what it is doing, and since when."""

    processor: simpy.Resource
    """A GPU is one: it does one picture after another."""
    busy: int = 0
    since: float = 0.0
    served: float = 0.0
    """Seconds in which it served anything."""
    spans: list[tuple[float, float]] = field(default_factory=list)
    """When it was up, from its start to the end of its last request, once for each start."""


class Service:
    """Instances that serve a few requests at a time and start when there are too few."""

    def __init__(self, env: simpy.Environment, size: Size) -> None:
        self.size = size
        self.instances: list[Instance] = []
        self._env = env
        self._free: list[int] = []
        self._waiting: list[simpy.Event] = []
        self._coming = 0

    def serve(self, work: Callable[[Instance], Process]) -> Process:
        """A request: it waits for an instance, which then does the work."""
        if not self._free:
            self._start_one()
            turn = self._env.event()
            self._waiting.append(turn)
            number = yield turn
        else:
            number = heapq.heappop(self._free)
            yield from self._wake(self.instances[number])
        instance = self.instances[number]
        if not instance.busy:
            instance.since = self._env.now
        instance.busy += 1
        yield from work(instance)
        instance.busy -= 1
        if not instance.busy:
            instance.served += self._env.now - instance.since
        instance.spans[-1] = instance.spans[-1][0], self._env.now
        self._release(number)

    @property
    def most_at_once(self) -> int:
        """The most instances that were ever up together."""
        ends = [(end + self.size.idle, -1) for one in self.instances for _, end in one.spans]
        changes = sorted([(start, 1) for one in self.instances for start, _ in one.spans] + ends)
        most = now = 0
        for _, change in changes:
            now += change
            most = max(most, now)
        return most

    @property
    def starts(self) -> int:
        """How often an instance was started."""
        return sum(len(one.spans) for one in self.instances)

    @property
    def paid_seconds(self) -> float:
        """Of all instances: while they start and serve, or while they are up."""
        if not self.size.billed_idle:
            return sum(one.served for one in self.instances) + self.starts * self.size.start
        return sum(
            end - start + self.size.idle for one in self.instances for start, end in one.spans
        )

    def _start_one(self) -> None:
        enough = self._coming * self.size.concurrency > len(self._waiting)
        if len(self.instances) + self._coming < self.size.most and not enough:
            self._coming += 1
            self._env.process(self._start())

    def _start(self) -> Process:
        began = self._env.now
        yield self._env.timeout(self.size.start)
        self._coming -= 1
        processor = simpy.Resource(self._env, 1 if self.size.gpu else self.size.processors)
        self.instances.append(Instance(processor, spans=[(began, self._env.now)]))
        for _ in range(self.size.concurrency):
            self._release(len(self.instances) - 1)

    def _wake(self, instance: Instance) -> Process:
        """An instance that had nothing to do for too long is gone: it has to start anew."""
        now = self._env.now
        if not instance.busy and now - instance.spans[-1][1] > self.size.idle:
            instance.spans.append((now, now))
            yield self._env.timeout(self.size.start)

    def _release(self, number: int) -> None:
        if self._waiting:
            self._waiting.pop(0).succeed(number)
        else:
            heapq.heappush(self._free, number)  # the first ones serve most, so the last may go


@dataclass(slots=True)
class Run:
    """What came of a simulation: each upload's kind and seconds to its result, and the services."""

    landmarks: Service
    segmentation: Service
    sam2: Service
    uploads: list[Kind] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    last: float = 0.0
    """When the last result was there."""


def run(
    arrivals: Iterator[float],
    mix: Sequence[Kind],
    sizes: tuple[Size, Size, Size],
    picture_seconds: float,
    seed: int = 1,
) -> Run:
    """Uploads that arrive, at rising times in seconds, through landmarks, segmentation and SAM2."""
    env = simpy.Environment()
    landmarks, segmentation, sam2 = (Service(env, size) for size in sizes)
    told = Run(landmarks, segmentation, sam2)
    draw = random.Random(seed)
    shares = [kind.share for kind in mix]

    def compute(instance: Instance, seconds: float) -> Process:
        with instance.processor.request() as turn:
            yield turn
            yield env.timeout(seconds)

    def segment(instance: Instance, kind: Kind) -> Process:
        yield from compute(instance, kind.segmentation * _BEFORE_SAM2)
        looking = picture_seconds * kind.pictures
        yield from sam2.serve(lambda other: compute(other, looking))
        yield from compute(instance, kind.segmentation * (1 - _BEFORE_SAM2))

    def upload(kind: Kind) -> Process:
        began = env.now
        yield from landmarks.serve(lambda instance: compute(instance, kind.landmarks))
        yield from segmentation.serve(lambda instance: segment(instance, kind))
        told.uploads.append(kind)
        told.seconds.append(env.now - began)
        told.last = env.now

    def come() -> Process:
        for time in arrivals:
            yield env.timeout(time - env.now)
            (kind,) = draw.choices(mix, shares)
            env.process(upload(kind))

    env.process(come())
    env.run()
    return told


def wave(a_day: int, seed: int = 1) -> Iterator[float]:
    """Random arrivals over a day twice as busy at noon as on average, and still at midnight.

    A Poisson process whose rate is a cosine, thinned (Lewis and Shedler, 1979).
    """
    draw = random.Random(seed)
    highest, time = 2 * a_day / DAY, 0.0
    while (time := time + draw.expovariate(highest)) < DAY:
        if draw.random() < (1 - math.cos(2 * math.pi * time / DAY)) / 2:
            yield time


def burst(count: int, a_second: float) -> Iterator[float]:
    """So many uploads, one after the other, into a system that is asleep."""
    return (number / a_second for number in range(count))
