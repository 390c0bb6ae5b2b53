"""Machines that begin with several workers at the same upload."""

from typing import get_args

from hypothesis import strategies as st
from hypothesis.stateful import initialize

from tests.interleavings.pipeline import Delivered, Edit, Pipeline
from tests.interleavings.uploads import UPLOADS


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
            self._go(item, steps)
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
