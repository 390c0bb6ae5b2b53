"""Each upload gets its result, under any order of uploads, overwrites, duplicates and crashes.

The functions' real code runs with the real storage server, broker and client libraries. The test
controls only the order: workers wait before each request, and hypothesis decides which item
continues and which one dies. People correct prompts at any time, also several at once, and also
prompts that they saw long ago.
"""

import io
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

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

from shared.corrections.refusals import CorrectionRefused
from shared.gcp.events import Message
from shared.gcp.gcs import ObjectRef
from shared.gcp.provenance import Provenance
from shared.schemas import object_names
from shared.schemas.box import Box
from shared.schemas.documents import (
    NO_SETTINGS,
    PromptsDocument,
    ResultDocument,
    ReviewCode,
    Status,
)
from shared.schemas.prompt import Prompt
from tests.interleavings.cloud import Cloud, Handle
from tests.interleavings.workers import Decision, Killed, Worker
from tools.support.examples import EXAMPLES
from tools.support.pipeline import png
from tools.support.shapes import ellipse, prompt_for

NAMES = ("cat.png", "cat.png/dog.png")
"""The results of the second upload are in the folder of the first."""

FACE = np.asarray(PillowImage.open(EXAMPLES / "avataaars_05.png").convert("RGB").resize((96, 96)))


def _animation() -> bytes:
    """A GIF of two frames, each with a face."""
    first, second = PillowImage.fromarray(FACE), PillowImage.fromarray(FACE[:, ::-1])
    file = io.BytesIO()
    first.save(file, "GIF", save_all=True, append_images=[second], duration=100)
    return file.getvalue()


UPLOADS = {
    "nothing": png(np.full((40, 60, 3), 200, np.uint8)),
    "one face": png(FACE),
    "two faces": png(np.concatenate([FACE, FACE], axis=1)),
    "two frames": _animation(),
    "no image": b"hello",
}
STATES = {
    "nothing": {Status.EMPTY},
    "one face": {Status.SEGMENTED, Status.DEGRADED},
    "two faces": {Status.SEGMENTED, Status.DEGRADED},
    "two frames": {Status.SEGMENTED, Status.DEGRADED},
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


@dataclass(eq=False)
class Saving:
    """A person's correction, and the worker that saves it. It is over once it has an answer."""

    seen: PromptsDocument
    instances: tuple[Prompt, ...]
    is_over: bool = False
    worker: Worker | None = None


Edit = Literal["drop one", "add one", "keep all"]
ADDED = prompt_for(ellipse(20, 20, 12, 14), Box(0, 0, 60, 40)).model_copy(update={"id": "face-9"})
"""It lies in each of UPLOADS."""


def edited(prompts: tuple[Prompt, ...], edit: Edit) -> tuple[Prompt, ...]:
    match edit:
        case "drop one":
            return prompts[1:]
        case "add one":
            return (*(one for one in prompts if one.id != ADDED.id), ADDED)
        case "keep all":
            return prompts


class Pipeline(RuleBasedStateMachine):
    cloud: Cloud

    def __init__(self) -> None:
        super().__init__()
        self.cloud.empty()
        self.messages: list[Delivered] = []
        self.newest: dict[str, tuple[int, str]] = {}
        self.dead_lettered: set[tuple[str, str]] = set()
        self.seen: dict[str, int] = {}
        self.ranks: dict[str, tuple[int, bool, int]] = {}
        self.savings: list[Saving] = []
        self.looked_at: list[PromptsDocument] = []
        self.prompts: dict[tuple[str, int, int], tuple[Prompt, ...]] = {}
        self.deployed = 0
        self.errors: list[BaseException] = []

    def _working(self) -> list[Delivered | Saving]:
        items: list[Delivered | Saving] = [*self.messages, *self.savings]
        return [item for item in items if item.worker]

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

    @rule(name=st.sampled_from(NAMES), frame=st.sampled_from([None, 1, 2]))
    def look_at_prompts(self, name: str, frame: int | None = None) -> None:
        document = self._stored_prompts(object_names.folder(name, frame))
        if document is not None:
            self.looked_at.append(document)

    @precondition(lambda self: bool(self.looked_at))
    @rule(data=st.data(), edit=st.sampled_from(get_args(Edit)))
    def correct(self, data: st.DataObject, edit: Edit) -> None:
        self._correct(data.draw(st.sampled_from(self.looked_at)), edit)

    def _correct(self, seen: PromptsDocument, edit: Edit) -> Saving:
        item = Saving(seen, edited(seen.instances, edit))
        self.savings.append(item)
        self._save(item)
        return item

    def _save(self, item: Saving) -> None:
        source = item.seen.source
        frame = source.frame.number if source.frame else None

        def save() -> None:
            revision = self.cloud.corrections.save(
                ObjectRef.of(source), item.seen.revision, item.instances, frame
            )
            assert self.prompts[source.folder, source.generation, revision] == item.instances

        item.worker = Worker(save)
        self._look_after(item)

    def _stored_prompts(self, folder: str) -> PromptsDocument | None:
        path = folder + object_names.PROMPTS
        if path not in self.cloud.results():
            return None
        return PromptsDocument.model_validate_json(self.cloud.read(path))

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

    def _advance(self, item: Delivered | Saving, decision: Decision) -> None:
        assert item.worker
        item.worker.advance(decision)
        self._look_after(item)

    def _look_after(self, item: Delivered | Saving) -> None:
        """Collects the messages that a worker published, and its error if it has ended."""
        self._note_prompts()
        for message in self.cloud.prompts():
            self.messages.append(Delivered(message, self.cloud.segmentation))
        if item.worker and item.worker.is_done:
            error, item.worker = item.worker.error, None
            if isinstance(item, Saving):
                item.is_over = error is None or isinstance(error, CorrectionRefused)
            else:
                item.acknowledged = error is None
            assert not isinstance(error, AssertionError), error
            if error and not isinstance(error, Killed | CorrectionRefused):
                self.errors.append(error)

    def _note_prompts(self) -> None:
        """Checks that nobody's saved correction is replaced by another one."""
        for folder in (object_names.folder(name, n) for name in NAMES for n in (None, 1, 2)):
            document = self._stored_prompts(folder)
            if document is None or document.revision == 0:
                continue
            key = (folder, document.source.generation, document.revision)
            assert self.prompts.setdefault(key, document.instances) == document.instances, key

    @invariant()
    def no_result_ever_goes_back(self) -> None:
        now = {name: item.generation for name, item in self._results_of_uploads().items()}
        for name, generation in now.items():
            assert generation >= self.seen.get(name, 0), name
        results = {name for name in self.seen if name.endswith(object_names.RESULT)}
        assert results <= now.keys(), "a result is gone"
        self.seen |= now

    @invariant()
    def no_document_ever_goes_back(self) -> None:
        """Neither to an older revision, nor from a result to a failure."""
        for name, item in self._results_of_uploads().items():
            if name.endswith((object_names.RESULT, object_names.PROMPTS)):
                assert rank(item) >= self.ranks.get(name, (0, False, 0)), name
                self.ranks[name] = rank(item)

    def _results_of_uploads(self) -> dict[str, Provenance]:
        """Returns the objects that no frame has: frames may go, and come back until all is done."""
        objects = self.cloud.results()
        return {name: item for name, item in objects.items() if "/frame-" not in name}

    def _finish(self, item: Delivered | Saving) -> None:
        while item.worker:
            self._advance(item, "go")

    def _go(self, item: Delivered | Saving, steps: int) -> None:
        for _ in range(steps):
            if item.worker:
                self._advance(item, "go")

    def teardown(self) -> None:
        for item in self._working():
            self._finish(item)
        for saving in self.savings:  # whoever got no answer saves the same again
            while not saving.is_over:
                self._save(saving)
                self._finish(saving)
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
            folders = [object_names.folder(name)]
            if kind == "two frames":
                folders = [object_names.folder(name, number) for number in (1, 2)]
                expected |= self._check_summary(name, generation)
            for folder in folders:
                expected |= self._check_result(folder, name, generation, kind)
        assert objects.keys() == expected, "strays"

    def _check_summary(self, name: str, generation: int) -> set[str]:
        """Checks the summary of an upload with two frames; returns the names of its objects."""
        folder = object_names.folder(name)
        names = {folder + object_names.RESULT, folder + object_names.PROMPTS}
        objects = self.cloud.results()
        assert {objects[one].generation for one in names} == {generation}
        summary = ResultDocument.model_validate_json(self.cloud.read(folder + object_names.RESULT))
        for frame in summary.frames:
            path = object_names.folder(name, frame.number) + object_names.RESULT
            document = ResultDocument.model_validate_json(self.cloud.read(path))
            found = (document.status, document.revision, len(document.review))
            assert (frame.status, frame.revision, frame.review) == found
        assert [frame.number for frame in summary.frames] == [1, 2]
        assert summary.revision == sum(frame.revision for frame in summary.frames)
        return names

    def _check_result(self, folder: str, name: str, generation: int, kind: str) -> set[str]:
        """Checks the result of an upload or a frame; returns the names of its objects."""
        objects = self.cloud.results()
        provenance = objects[folder + object_names.RESULT]
        assert provenance.generation == generation
        document = ResultDocument.model_validate_json(self.cloud.read(folder + object_names.RESULT))
        expected = {folder + object_names.RESULT}
        if kind == "two frames":
            assert objects[folder + object_names.ORIGINAL].generation == generation
            expected.add(folder + object_names.ORIGINAL)
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
            return expected | set(left)
        self._check_prompts(folder, kind, document)
        for picture in document.pictures:
            assert objects[folder + picture] == provenance, picture
            expected.add(folder + picture)
        if document.status is not Status.REJECTED:
            assert objects[folder + object_names.PROMPTS].generation == generation
            expected.add(folder + object_names.PROMPTS)
        return expected

    def _check_prompts(self, folder: str, kind: str, result: ResultDocument) -> None:
        """Checks that the result is that of the newest prompts, whoever made them."""
        prompts = self._stored_prompts(folder)
        assert all(one.code is not ReviewCode.CORRECTION_FAILED for one in result.review)
        if prompts is None or prompts.revision == 0:
            assert result.revision == 0
            assert result.status in STATES[kind]
            return
        assert result.revision == prompts.revision
        assert [one.id for one in result.instances] == [one.id for one in prompts.instances]
        states = STATES["one face"] if prompts.instances else STATES["nothing"]
        assert result.status in states


def rank(item: Provenance) -> tuple[int, bool, int]:
    return item.generation, item.config != NO_SETTINGS, item.revision


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


class Framed(Contest):
    """Both frames of an upload, while it is replaced by another one, or announced again."""

    @initialize(
        newer=st.sampled_from(sorted(UPLOADS)),
        announced=st.integers(0, 12),
        drawn=st.tuples(*[st.integers(0, 14)] * 2),
        dies=st.tuples(*[st.booleans()] * 2),
    )
    def begin_twice(
        self, newer: str, announced: int, drawn: tuple[int, int], dies: tuple[bool, bool]
    ) -> None:
        self._prompted("two frames")
        frames = self.messages[-2:]
        for item, steps, is_last in zip(frames, drawn, dies, strict=True):
            self._start(item)
            self._go(item, steps)
            if item.worker and is_last:
                self._advance(item, "die after")
        self.upload("cat.png", newer)
        self._start(self.messages[-1])
        self._go(self.messages[-1], announced)


class Correcting(Contest):
    """Two people correct the same prompts, while those of landmarks are being segmented.

    A save has four requests, and then publishes. It may die after any of them.
    """

    @initialize(
        kind=st.sampled_from(["nothing", "one face", "two faces"]),
        edits=st.tuples(*[st.sampled_from(get_args(Edit))] * 2),
        drawn=st.integers(0, 12),
        saved=st.tuples(*[st.integers(0, 4)] * 2),
        dies=st.tuples(*[st.booleans()] * 2),
    )
    def begin_twice(
        self,
        kind: str,
        edits: tuple[Edit, Edit],
        drawn: int,
        saved: tuple[int, int],
        dies: tuple[bool, bool],
    ) -> None:
        first = self._prompted(kind)
        self._start(first)
        self._go(first, drawn)
        self.look_at_prompts("cat.png")
        for edit in edits:
            self._correct(self.looked_at[-1], edit)
        for saving, steps, is_last in zip(self.savings, saved, dies, strict=True):
            self._go(saving, steps)
            if saving.worker and is_last:
                self._advance(saving, "die after")
        for message in self._waiting():
            self._start(message)


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    with tempfile.TemporaryDirectory() as folder:
        made = Cloud(Path(folder))
        yield made
        made.stop()


@pytest.mark.slow
@pytest.mark.parametrize("machine", [Pipeline, Contest, Overtaking, Framed, Correcting])
def test_every_upload_ends_in_one_whole_result_for_its_newest_generation(
    cloud: Cloud, machine: type[Pipeline]
) -> None:
    Pipeline.cloud = cloud
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=10,
            stateful_step_count=50,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
