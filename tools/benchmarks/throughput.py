"""Measures images per second by number of workers, and the time of an image at half load.

The functions are served as in the cloud, with one processor per worker. Storage, broker, SAM2 and
the uploader run on the same machine; in the cloud they run elsewhere.
"""

import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import requests

from local import stack
from local.processes import ProcessTree, free_ports
from local.stack import INPUT_BUCKET, OUTPUT_BUCKET, Stack, function_command
from shared.gcp.events import Message
from shared.imaging import png
from shared.schemas import object_names
from tools.benchmarks import pictures, servers
from tools.benchmarks.processes import machine_seconds, processor_seconds
from tools.benchmarks.report import table
from tools.benchmarks.starts import body, settings
from tools.support.pipeline import await_results, put

_IMAGES = 200
_WARM = 8
"""Images of a measurement, and images before it. Chosen by hand: more give more exact rates."""

_WORKERS = (1, 2)
_AVATAR = png.encode_array(pictures.avatar())


def section() -> Iterator[str]:
    """Lines of Markdown."""
    yield from (
        "## Throughput",
        "",
        f"{_IMAGES} avatars are pushed to each function by as many callers as it has workers.",
        "Storage, SAM2 and the callers run on the same processors. The column `possible here` has",
        "the scaling that would be possible if none of them ever waited.",
        "",
    )
    rows = [_row(function, *rates) for function, rates in _rates().items()]
    headings = ["", "images per second: 1 worker", "2 workers", "scaling", "possible here"]
    own = ["function's CPU per image, ms: 1 worker", "2 workers", "CPU of all others"]
    yield from table([*headings, *own], rows)
    rate, seconds = _at_half_load()
    shares = (50, 90, 99, 100)
    yield f"The complete local system, all parts on this machine: {rate:.1f} images per second."
    yield "At half of this rate, seconds from the end of an upload to its result:"
    yield ""
    yield from table(
        ["percentile", *(f"{share}%" for share in shares)],
        [["seconds", *(f"{np.percentile(seconds, share):.2f}" for share in shares)]],
    )


@dataclass(frozen=True, slots=True)
class _Rate:
    """Images per second, and CPU seconds per image of the function and of the whole machine."""

    images: float
    own: float
    machine: float


def _row(function: str, one: _Rate, two: _Rate) -> list[str]:
    possible = min((os.cpu_count() or 1) / two.machine / one.images, _WORKERS[1] / _WORKERS[0])
    return [
        function,
        f"{one.images:.1f}",
        f"{two.images:.1f}",
        f"**{two.images / one.images:.2f}**",
        f"{possible:.2f}",
        *(f"{1000 * seconds:.0f}" for seconds in (one.own, two.own, two.machine - two.own)),
    ]


def _rates() -> dict[str, list[_Rate]]:
    """Returns the rates of each function, by number of workers. Each image is processed once."""
    share = _IMAGES + _WARM
    names = [f"{number}" for number in range(len(_WORKERS) * share)]
    with servers.running(), tempfile.TemporaryDirectory() as logs:

        def rates(function: str, bodies: Sequence[Mapping[str, Any]]) -> list[_Rate]:
            return [
                _rate(Path(logs), function, workers, bodies[turn * share : (turn + 1) * share])
                for turn, workers in enumerate(_WORKERS)
            ]

        found = {
            "landmarks": rates("landmarks", [body(servers.uploaded(n, _AVATAR)) for n in names])
        }
        prompts = [body(Message(servers.prompts(name), {})) for name in names]
        return found | {"segmentation": rates("segmentation", prompts)}


def _rate(logs: Path, function: str, workers: int, bodies: Sequence[Mapping[str, Any]]) -> _Rate:
    (port,) = free_ports(1)
    environment = {**settings(), "WORKERS": str(workers), "THREADS": "1"}
    with ProcessTree(logs) as tree:
        tree.start(function, function_command(function, port), environment, port)
        tree.await_ready()
        push = partial(_push, f"http://127.0.0.1:{port}/")
        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(push, bodies[:_WARM]))
            clocks: list[Callable[[], float]] = [
                time.perf_counter,
                partial(processor_seconds, tree.group(function)),
                machine_seconds,
            ]
            start = [clock() for clock in clocks]
            list(pool.map(push, bodies[_WARM:]))
            seconds, own, machine = (
                clock() - began for clock, began in zip(clocks, start, strict=True)
            )
            return _Rate(_IMAGES / seconds, own / _IMAGES, machine / _IMAGES)


def _push(url: str, pushed: Mapping[str, Any]) -> None:
    requests.post(url, json=pushed, timeout=60).raise_for_status()


def _at_half_load() -> tuple[float, list[float]]:
    """Returns images per second of the whole system, and the latencies at half of that rate."""
    with (
        tempfile.TemporaryDirectory() as root,
        stack.running(Path(root), {}, "embedded") as system,
    ):
        _process_images(system, "warm", _WARM, 0)
        start = time.perf_counter()
        _process_images(system, "full", _IMAGES, 0)
        rate = _IMAGES / (time.perf_counter() - start)
        names = _process_images(system, "half", _IMAGES, 2 / rate)
        return rate, [_seconds(system, name) for name in names]


def _process_images(system: Stack, prefix: str, count: int, seconds: float) -> list[str]:
    """Uploads an image every `seconds`, and waits for all results; returns the names."""
    generations: dict[str, int] = {}
    start = time.perf_counter()
    for number in range(count):
        time.sleep(max(0, start + number * seconds - time.perf_counter()))
        generations |= put(system, f"{prefix}/{number}.png", _AVATAR)
    await_results(system, generations)
    return list(generations)


def _seconds(system: Stack, name: str) -> float:
    """Returns the seconds from an upload to its result."""
    began, done = (
        system.storage.bucket(bucket).get_blob(place).updated
        for bucket, place in (
            (INPUT_BUCKET, name),
            (OUTPUT_BUCKET, object_names.folder(name) + object_names.RESULT),
        )
    )
    return float((done - began).total_seconds())
