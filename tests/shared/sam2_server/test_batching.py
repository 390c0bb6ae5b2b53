import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from shared.sam2_server.batching import Batcher


class Device:
    """Doubles numbers. Its first batch waits until `free` is set."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.started = threading.Event()
        self.free = threading.Event()

    def run(self, jobs: Sequence[int]) -> list[int]:
        self.batches.append(list(jobs))
        self.started.set()
        assert self.free.wait(timeout=20)
        if 13 in jobs:
            raise ValueError("thirteen")
        return [2 * job for job in jobs]


def test_what_waits_while_the_device_is_busy_goes_together_up_to_the_limit() -> None:
    device = Device()
    batcher = Batcher(device.run, most=4)
    with ThreadPoolExecutor(7) as pool:
        first = pool.submit(batcher, [0])
        assert device.started.wait(timeout=20)
        rest = [pool.submit(batcher, [number]) for number in range(1, 7)]
        while batcher.waiting < 6:
            pass
        device.free.set()
        assert [future.result() for future in (first, *rest)] == [[2 * n] for n in range(7)]
    assert [len(batch) for batch in device.batches] == [1, 4, 2]


def test_the_jobs_of_one_caller_come_back_in_order() -> None:
    device = Device()
    device.free.set()
    assert Batcher(device.run, most=2)([5, 3, 8, 1]) == [10, 6, 16, 2]


def test_nobody_fails_for_what_another_asked() -> None:
    device = Device()
    batcher = Batcher(device.run, most=4)
    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(batcher, [0])
        assert device.started.wait(timeout=20)
        bad, good = pool.submit(batcher, [13]), pool.submit(batcher, [4])
        while batcher.waiting < 2:
            pass
        device.free.set()
        assert (first.result(), good.result()) == ([0], [8])
        with pytest.raises(ValueError, match="thirteen"):
            bad.result()
