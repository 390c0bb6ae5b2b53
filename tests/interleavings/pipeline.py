"""The machine: uploads, deliveries, corrections and crashes in any order, and what holds then."""

from dataclasses import dataclass
from typing import Literal, get_args

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

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
from tests.interleavings.uploads import NAMES, STATES, UPLOADS
from tests.interleavings.workers import Decision, Killed, Worker
from tools.support.shapes import ellipse, prompt_for


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
        self._go(data.draw(st.sampled_from(self._working())), steps)

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
