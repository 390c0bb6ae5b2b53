"""Each upload gets its result, under any order of uploads, overwrites, duplicates and crashes.

The functions' real code runs with the real storage server, broker and client libraries. The test
controls only the order: workers wait before each request, and hypothesis decides which item
continues and which one dies.
"""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from PIL import Image as PillowImage

from shared.gcp.events import Message
from shared.schemas import object_names
from shared.schemas.documents import NO_SETTINGS, ResultDocument, Status
from tests.interleavings.cloud import Cloud, Handle
from tests.interleavings.workers import Decision, Killed, Worker
from tools.support.examples import EXAMPLES
from tools.support.pipeline import png

NAMES = ("cat.png", "cat.png/dog.png")
"""The results of the second upload are in the folder of the first."""

FACE = np.asarray(PillowImage.open(EXAMPLES / "avataaars_05.png").convert("RGB").resize((96, 96)))
UPLOADS = {
    "nothing": png(np.full((40, 60, 3), 200, np.uint8)),
    "one face": png(FACE),
    "two faces": png(np.concatenate([FACE, FACE], axis=1)),
    "no image": b"hello",
}
STATES = {
    "nothing": {Status.EMPTY},
    "one face": {Status.SEGMENTED, Status.DEGRADED},
    "two faces": {Status.SEGMENTED, Status.DEGRADED},
    "no image": {Status.REJECTED},
}


@dataclass(eq=False)
class Delivered:
    """A message, its state in the broker, and the worker that processes it."""

    message: Message
    functions: list[Handle]
    acknowledged: bool = False
    dead: bool = False
    worker: Worker | None = None


class Pipeline(RuleBasedStateMachine):
    cloud: Cloud

    def __init__(self) -> None:
        super().__init__()
        self.cloud.empty()
        self.messages: list[Delivered] = []
        self.newest: dict[str, tuple[int, str]] = {}
        self.dead_lettered: set[tuple[str, str]] = set()
        self.seen: dict[str, int] = {}
        self.deployed = 0
        self.errors: list[BaseException] = []

    def _working(self) -> list[Delivered]:
        return [item for item in self.messages if item.worker]

    def _waiting(self) -> list[Delivered]:
        return [
            item for item in self.messages if not (item.worker or item.acknowledged or item.dead)
        ]

    @rule(name=st.sampled_from(NAMES), kind=st.sampled_from(sorted(UPLOADS)))
    def upload(self, name: str, kind: str) -> None:
        generation = self.cloud.upload(name, UPLOADS[kind])
        self.newest[name] = (generation, kind)
        for message in self.cloud.notifications():
            self.messages.append(Delivered(message, self.cloud.landmarks))

    @rule(settings=st.integers(0, 2))
    def deploy_other_settings(self, settings: int) -> None:
        self.deployed = settings

    @rule()
    def break_or_mend_sam2(self) -> None:
        self.cloud.sam2.works = not self.cloud.sam2.works

    @precondition(lambda self: bool(self._waiting()))
    @rule(data=st.data())
    def deliver(self, data: st.DataObject) -> None:
        self._start(data.draw(st.sampled_from(self._waiting())))

    @precondition(lambda self: bool(self.messages))
    @rule(data=st.data())
    def publish_twice(self, data: st.DataObject) -> None:
        """Publishes a duplicate, like Cloud Storage, or a delivery without acknowledgement."""
        item = data.draw(st.sampled_from(self.messages))
        self.messages.append(Delivered(item.message, item.functions))

    @precondition(lambda self: bool(self._working()))
    @rule(data=st.data())
    def go_on(self, data: st.DataObject) -> None:
        self._advance(data.draw(st.sampled_from(self._working())), "go")

    @precondition(lambda self: bool(self._working()))
    @rule(data=st.data(), steps=st.integers(2, 30))
    def go_on_for_a_while(self, data: st.DataObject, steps: int) -> None:
        item = data.draw(st.sampled_from(self._working()))
        for _ in range(steps):
            if item.worker:
                self._advance(item, "go")

    @precondition(lambda self: bool(self._working()))
    @rule(data=st.data(), decision=st.sampled_from(["die before", "die after"]))
    def die(self, data: st.DataObject, decision: Decision) -> None:
        self._advance(data.draw(st.sampled_from(self._working())), decision)

    @precondition(lambda self: bool(self._waiting()))
    @rule(data=st.data())
    def give_up(self, data: st.DataObject) -> None:
        item = data.draw(st.sampled_from(self._waiting()))
        item.dead = True
        attributes = item.message.attributes
        self.dead_lettered.add((attributes["objectId"], attributes["objectGeneration"]))
        self.messages.append(Delivered(item.message, [self.cloud.drain]))

    def _start(self, item: Delivered) -> None:
        handle = item.functions[self.deployed % len(item.functions)]
        item.worker = Worker(lambda: handle(item.message))
        self._look_after(item)

    def _advance(self, item: Delivered, decision: Decision) -> None:
        assert item.worker
        item.worker.advance(decision)
        self._look_after(item)

    def _look_after(self, item: Delivered) -> None:
        """Collects the messages that a worker published, and its error if it has ended."""
        for message in self.cloud.prompts():
            self.messages.append(Delivered(message, self.cloud.segmentation))
        if item.worker and item.worker.is_done:
            error, item.worker = item.worker.error, None
            item.acknowledged = error is None
            if error and not isinstance(error, Killed):
                self.errors.append(error)

    @invariant()
    def no_result_ever_goes_back(self) -> None:
        now = {name: item.generation for name, item in self.cloud.results().items()}
        for name, generation in now.items():
            assert generation >= self.seen.get(name, 0), name
        results = {name for name in self.seen if name.endswith(object_names.RESULT)}
        assert results <= now.keys(), "a result is gone"
        self.seen |= now

    def _finish(self, item: Delivered) -> None:
        while item.worker:
            self._advance(item, "go")

    def teardown(self) -> None:
        for item in self._working():
            self._finish(item)
        for item in self.messages:  # redrive: a dead letter may have overwritten parts of a result
            item.dead = False
        deliveries = 0
        while waiting := self._waiting():
            self._start(waiting[0])
            self._finish(waiting[0])
            deliveries += 1
            assert deliveries < 10 + 3 * len(self.messages), self.errors
        self._check_results()

    def _check_results(self) -> None:
        objects = self.cloud.results()
        expected: set[str] = set()
        for name, (generation, kind) in self.newest.items():
            folder = object_names.folder(name)
            provenance = objects[folder + object_names.RESULT]
            assert provenance.generation == generation
            document = ResultDocument.model_validate_json(
                self.cloud.read(folder + object_names.RESULT)
            )
            expected |= {folder + object_names.RESULT}
            if document.status is Status.FAILED:
                assert (name, str(generation)) in self.dead_lettered
                assert provenance.config == NO_SETTINGS
                left = [
                    other for other in objects
                    if other.startswith(folder)
                    and (
                        object_names.is_picture(other.removeprefix(folder))
                        or other == folder + object_names.PROMPTS
                    )
                ]  # fmt: skip
                assert all(objects[other].generation == generation for other in left)
                expected |= set(left)
                continue
            assert document.status in STATES[kind]
            for picture in document.pictures:
                assert objects[folder + picture] == provenance, picture
                expected.add(folder + picture)
            if document.status is not Status.REJECTED:
                assert objects[folder + object_names.PROMPTS].generation == generation
                expected.add(folder + object_names.PROMPTS)
        assert objects.keys() == expected, "strays"


class Contest(Pipeline):
    """Several workers process the same upload at once, with other settings or a failing SAM2."""

    @initialize(kind=st.sampled_from(["one face", "two faces"]))
    def begin_twice(self, kind: str) -> None:
        prompts = self._prompted(kind)
        self._start(prompts)
        self.messages.append(Delivered(prompts.message, prompts.functions))
        self.deployed = 1
        self._start(self.messages[-1])

    def _prompted(self, kind: str) -> Delivered:
        """Uploads a file and lets landmarks finish it; returns its prompts message."""
        self.upload("cat.png", kind)
        announced = self.messages[-1]
        self._start(announced)
        self._finish(announced)
        return self.messages[-1]


class Overtaking(Contest):
    """A newer upload, while an older one is being processed, in either function."""

    @initialize(
        older=st.sampled_from(["one face", "two faces"]),
        newer=st.sampled_from(sorted(UPLOADS)),
        steps=st.integers(0, 8),
    )
    def begin_twice(self, older: str, newer: str, steps: int) -> None:
        prompts = self._prompted(older)
        self.upload("cat.png", older)
        announced = self.messages[-1]
        for item in (prompts, announced):
            self._start(item)
            for _ in range(steps):
                if item.worker:
                    self._advance(item, "go")
        self.upload("cat.png", newer)
        self._start(self.messages[-1])


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    with tempfile.TemporaryDirectory() as folder:
        made = Cloud(Path(folder))
        yield made
        made.stop()


@pytest.mark.slow
@pytest.mark.parametrize("machine", [Pipeline, Contest, Overtaking])
def test_every_upload_ends_in_one_whole_result_for_its_newest_generation(
    cloud: Cloud, machine: type[Pipeline]
) -> None:
    Pipeline.cloud = cloud
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=20,
            stateful_step_count=50,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
