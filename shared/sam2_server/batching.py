"""Dynamic batching: one thread owns a device, and processes all waiting jobs together."""

import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Generic, TypeVar

Job = TypeVar("Job")
Result = TypeVar("Result")


class Batcher(Generic[Job, Result]):
    """Runs jobs of many threads in batches of at most `most`.

    No job waits for a batch to fill. A batch holds the jobs that arrived while the previous batch
    ran, so an idle service is as fast as one without batches.
    """

    def __init__(self, run: Callable[[Sequence[Job]], Sequence[Result]], most: int) -> None:
        self._run = run
        self._most = most
        self._waiting: queue.SimpleQueue[tuple[Job, Future[Result]]] = queue.SimpleQueue()
        threading.Thread(target=self._work, name="batches", daemon=True).start()

    def __call__(self, jobs: Sequence[Job]) -> list[Result]:
        """Returns the results of the jobs, in order.

        Raises:
            Exception: the error that `run` raised for the first job that failed.
        """
        futures: list[Future[Result]] = [Future() for _ in jobs]
        for job, future in zip(jobs, futures, strict=True):
            self._waiting.put((job, future))
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
            self._complete(batch)

    def _complete(self, batch: Sequence[tuple[Job, "Future[Result]"]]) -> None:
        try:
            results = self._run([job for job, _ in batch])
        except Exception as error:  # noqa: BLE001 the caller of the job gets every error
            if len(batch) == 1:
                batch[0][1].set_exception(error)
                return
            for entry in batch:  # so that a job fails only by its own error
                self._complete([entry])
            return
        for (_, future), result in zip(batch, results, strict=True):
            future.set_result(result)
