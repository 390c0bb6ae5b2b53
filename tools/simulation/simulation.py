"""Simulates the pipeline as queues: uploads arrive; instances start, serve requests, and stop.

Simplifications: no request fails, Pub/Sub delivers at once, and requests are served in the order of
their arrival.
"""

from __future__ import annotations

import heapq
import math
import random
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import simpy

from tools.simulation.figures import DAY, Kind, Segmenter, Size

Process = Generator[simpy.Event, Any, Any]
_BEFORE_SAM2 = 0.3
"""Share of segmentation's CPU time before its call of SAM2. Assumed: it affects latencies, and not
the sum of the CPU time."""


@dataclass(slots=True)
class Instance:
    """An instance of a service.

    `processor` is its CPUs or its GPU, which compute for one request at a time. `busy` is the
    number of current requests, `since` the time since when there is one, `served` the seconds with
    requests. `spans` has the time from each start to the end of the last request.
    """

    processor: simpy.Resource
    busy: int = 0
    since: float = 0.0
    served: float = 0.0
    spans: list[tuple[float, float]] = field(default_factory=list)


class Service:
    """Instances that serve several requests at a time. More are started if requests wait."""

    def __init__(self, env: simpy.Environment, size: Size) -> None:
        self.size = size
        self.instances: list[Instance] = []
        self._env = env
        self._free: list[int] = []
        self._waiting: list[simpy.Event] = []
        self._starting = 0

    def serve(self, work: Callable[[Instance], Process]) -> Process:
        """Waits for an instance, and runs the work of a request on it."""
        if not self._free:
            self._start_if_needed()
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
        """The maximum number of instances at the same time."""
        spans = [span for instance in self.instances for span in instance.spans]
        ends = [(end + self.size.idle, -1) for _, end in spans]
        changes = sorted([(start, 1) for start, _ in spans] + ends)
        most = now = 0
        for _, change in changes:
            now += change
            most = max(most, now)
        return most

    @property
    def starts(self) -> int:
        """The number of starts of instances."""
        return sum(len(instance.spans) for instance in self.instances)

    @property
    def paid_seconds(self) -> float:
        """The charged seconds of all instances: starts and requests, or with idle times all."""
        if not self.size.billed_idle:
            served = sum(instance.served for instance in self.instances)
            return served + self.starts * self.size.start
        return sum(
            end - start + self.size.idle
            for instance in self.instances
            for start, end in instance.spans
        )

    def _start_if_needed(self) -> None:
        suffices = self._starting * self.size.concurrency > len(self._waiting)
        if len(self.instances) + self._starting < self.size.most and not suffices:
            self._starting += 1
            self._env.process(self._start())

    def _start(self) -> Process:
        began = self._env.now
        yield self._env.timeout(self.size.start)
        self._starting -= 1
        processor = simpy.Resource(self._env, 1)
        self.instances.append(Instance(processor, spans=[(began, self._env.now)]))
        for _ in range(self.size.concurrency):
            self._release(len(self.instances) - 1)

    def _wake(self, instance: Instance) -> Process:
        """Starts an instance again if it was idle for too long and has stopped."""
        now = self._env.now
        if not instance.busy and now - instance.spans[-1][1] > self.size.idle:
            instance.spans.append((now, now))
            yield self._env.timeout(self.size.start)

    def _release(self, number: int) -> None:
        if self._waiting:
            self._waiting.pop(0).succeed(number)
        else:
            heapq.heappush(self._free, number)  # the first instances serve most, so others can stop


@dataclass(slots=True)
class Run:
    """The result of a simulation.

    `sam2` is None without a service. `uploads` and `seconds` have the kind of each upload and the
    time to its result. `last` is the time of the last result.
    """

    landmarks: Service
    segmentation: Service
    sam2: Service | None
    uploads: list[Kind] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    last: float = 0.0


def run(
    arrivals: Iterator[float],
    mix: Sequence[Kind],
    sizes: tuple[Size, Size],
    segmenter: Segmenter,
    seed: int = 1,
) -> Run:
    """Simulates uploads. `arrivals` are their times in seconds, in ascending order.

    `sizes` are those of landmarks and segmentation.
    """
    env = simpy.Environment()
    landmarks, segmentation = (Service(env, size) for size in sizes)
    sam2 = Service(env, segmenter.service) if segmenter.service else None
    result = Run(landmarks, segmentation, sam2)
    draw = random.Random(seed)
    shares = [kind.share for kind in mix]

    def compute(instance: Instance, seconds: float) -> Process:
        with instance.processor.request() as turn:
            yield turn
            yield env.timeout(seconds)

    def segment(instance: Instance, kind: Kind) -> Process:
        yield from compute(instance, kind.segmentation * _BEFORE_SAM2)
        seconds = segmenter.seconds(kind)
        if sam2:
            yield from sam2.serve(lambda other: compute(other, seconds))
        else:
            yield from compute(instance, seconds)
        yield from compute(instance, kind.segmentation * (1 - _BEFORE_SAM2))

    def upload(kind: Kind) -> Process:
        began = env.now
        yield from landmarks.serve(lambda instance: compute(instance, kind.landmarks))
        yield from segmentation.serve(lambda instance: segment(instance, kind))
        result.uploads.append(kind)
        result.seconds.append(env.now - began)
        result.last = env.now

    def arrive() -> Process:
        for time in arrivals:
            yield env.timeout(time - env.now)
            (kind,) = draw.choices(mix, shares)
            env.process(upload(kind))

    env.process(arrive())
    env.run()
    return result


def wave(a_day: int, seed: int = 1) -> Iterator[float]:
    """Yields random arrivals of a day: twice the mean rate at noon, none at midnight.

    A Poisson process with a cosine as its rate, by thinning (Lewis and Shedler, 1979).
    """
    draw = random.Random(seed)
    highest, time = 2 * a_day / DAY, 0.0
    while (time := time + draw.expovariate(highest)) < DAY:
        if draw.random() < (1 - math.cos(2 * math.pi * time / DAY)) / 2:
            yield time


def burst(count: int, a_second: float) -> Iterator[float]:
    """Returns arrivals at a constant rate, from time 0."""
    return (number / a_second for number in range(count))
