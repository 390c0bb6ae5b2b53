"""Workers that wait before each request until the test decides whether they continue or die."""

import threading
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, Literal

import requests
from google.auth.credentials import AnonymousCredentials
from google.cloud.storage import Client

Decision = Literal["go", "die before", "die after"]
"""The decision about a waiting request: send it, or kill the worker before or after it is sent."""

_current: ContextVar["Worker | None"] = ContextVar("worker", default=None)


class Killed(BaseException):
    """Simulates SIGKILL in a worker. It is a BaseException, so the code does not handle it."""


class Worker:
    """A thread that runs a job and waits before each request of a client from `gated_client`.

    Only one of its threads may send at a time, so that there is one request to decide about.
    """

    def __init__(self, job: Callable[[], None]) -> None:
        self._job = job
        self._changed = threading.Condition()
        self._decision: Decision | None = None
        self._state: Literal["running", "waiting", "done"] = "running"
        self._dead = False
        self.error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self._settle()

    @property
    def is_done(self) -> bool:
        return self._state == "done"

    def advance(self, decision: Decision = "go") -> None:
        """Decides about the waiting request; returns when the next one waits, or the job ends."""
        with self._changed:
            assert self._state == "waiting"
            self._decision = decision
            self._state = "running"
            self._changed.notify_all()
        self._settle()

    def send_gated(self, send: Callable[[], Any]) -> Any:
        """Waits for the decision, then calls `send`. Runs in the worker's thread."""
        with self._changed:
            if self._dead:
                raise Killed
            assert self._state == "running", "a second request at a time"
            self._state = "waiting"
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._decision is not None)
            decision, self._decision = self._decision, None
            self._dead = decision != "go"
        if decision == "die before":
            raise Killed
        response = send()
        if decision == "die after":
            raise Killed
        return response

    def _run(self) -> None:
        _current.set(self)
        try:
            self._job()
        except BaseException as error:  # noqa: BLE001 - the test reads it
            self.error = error
        with self._changed:
            self._state = "done"
            self._changed.notify_all()

    def _settle(self) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: self._state != "running", timeout=60)


class _GatedSession(requests.Session):
    def request(self, *arguments: Any, **options: Any) -> Any:
        worker = _current.get()
        send = super().request
        if worker is None:
            return send(*arguments, **options)
        return worker.send_gated(lambda: send(*arguments, **options))


def gated_client() -> Client:
    """A client of Cloud Storage whose requests wait for their worker's decision."""
    return Client(project="a-project", credentials=AnonymousCredentials(), _http=_GatedSession())
