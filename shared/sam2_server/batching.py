"""Dynamic batching: one thread owns a device, and processes all waiting jobs together."""

import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Generic, TypeVar

from shared.runtime import tracing

Job = TypeVar("Job")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting(Generic[Job, Result]):
    """A job in the queue, with the spans of its request and of its wait."""

    job: Job
    result: "Future[Result]"
    request: tuple[tracing.Span, ...]
    wait: tuple[tracing.Span, ...]


class Batcher(Generic[Job, Result]):
    """Runs jobs of many threads in batches of at most `most`.

    No job waits for a batch to fill. A batch holds the jobs that arrived while the previous batch
    ran, so an idle service is as fast as one without batches.
    """

    def __init__(self, run: Callable[[Sequence[Job]], Sequence[Result]], most: int) -> None:
        self._run = run
        self._most = most
        self._waiting: queue.SimpleQueue[_Waiting[Job, Result]] = queue.SimpleQueue()
        threading.Thread(target=self._work, name="batches", daemon=True).start()

    def __call__(self, jobs: Sequence[Job]) -> list[Result]:
        """Returns the results of the jobs, in order.

        Raises:
            Exception: the error that `run` raised for the first job that failed.
        """
        request = tracing.captured()
        futures: list[Future[Result]] = [Future() for _ in jobs]
        for job, future in zip(jobs, futures, strict=True):
            wait = tuple(span.child("queue", "internal", {}) for span in request)
            self._waiting.put(_Waiting(job, future, request, wait))
        return [future.result() for future in futures]

    @property
    def waiting(self) -> int:
        """Number of jobs that have not started."""
        return self._waiting.qsize()

    def _work(self) -> None:
        while True:
            batch = [self._waiting.get()]
            while len(batch) < self._most and not self._waiting.empty():
                batch.append(self._waiting.get())
            for entry in batch:
                for span in entry.wait:
                    span.end()
            self._complete(batch)

    def _complete(self, batch: Sequence[_Waiting[Job, Result]]) -> None:
        requests = dict.fromkeys(span for entry in batch for span in entry.request)
        try:
            with tracing.resumed(tuple(requests)):
                results = self._run([entry.job for entry in batch])
        except Exception as error:  # noqa: BLE001 the caller of the job gets every error
            if len(batch) == 1:
                batch[0].result.set_exception(error)
                return
            for entry in batch:  # so that a job fails only by its own error
                self._complete([entry])
            return
        for entry, result in zip(batch, results, strict=True):
            entry.result.set_result(result)
