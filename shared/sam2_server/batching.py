"""One thread that owns a device, and takes at once all the work that waits for it."""

import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Generic, TypeVar

Job = TypeVar("Job")
Result = TypeVar("Result")


class Batcher(Generic[Job, Result]):
    """Runs jobs of many threads in batches of at most `most`.

    No job waits for company: a batch is what came while the one before was under way. So a quiet
    service is as fast as one without batches, and a busy one forms them by itself.
    """

    def __init__(self, run: Callable[[Sequence[Job]], Sequence[Result]], most: int) -> None:
        self._run = run
        self._most = most
        self._waiting: queue.SimpleQueue[tuple[Job, Future[Result]]] = queue.SimpleQueue()
        threading.Thread(target=self._work, name="batches", daemon=True).start()

    def __call__(self, jobs: Sequence[Job]) -> list[Result]:
        """The results of the jobs, in order; raises what `run` raised for the first that failed."""
        futures: list[Future[Result]] = [Future() for _ in jobs]
        for job, future in zip(jobs, futures, strict=True):
            self._waiting.put((job, future))
        return [future.result() for future in futures]

    @property
    def waiting(self) -> int:
        """Jobs that are not under way yet."""
        return self._waiting.qsize()

    def _work(self) -> None:
        while True:
            batch = [self._waiting.get()]
            while len(batch) < self._most and not self._waiting.empty():
                batch.append(self._waiting.get())
            self._answer(batch)

    def _answer(self, batch: Sequence[tuple[Job, "Future[Result]"]]) -> None:
        try:
            results = self._run([job for job, _ in batch])
        except Exception as error:  # noqa: BLE001 whatever it is belongs to whoever asked
            if len(batch) == 1:
                batch[0][1].set_exception(error)
                return
            for one in batch:  # nobody fails for what another asked
                self._answer([one])
            return
        for (_, future), result in zip(batch, results, strict=True):
            future.set_result(result)
