"""python -m tests.benchmarks.buckets: what a page of uploads costs among few and among many.

Against the local storage server in this process; ratios are to the first row of the same run.
"""

import os
import tempfile
import time
from pathlib import Path
from unittest import mock

from rich.console import Console
from rich.table import Table

from local.processes import free_ports
from local.storage.api import create_app
from local.storage.preconditions import Preconditions
from local.storage.store import Store
from shared.api.library import Library, Query
from shared.documents import Status
from tests.servers import serving

_COUNTS = (100, 1_000, 10_000)
_PICTURES = ("mask.png", "overlay.png", "cutout.png", "face-1/mask.png", "face-1/cutout.png")
_RUNS = 5
_ALWAYS = Preconditions.of({})


def main() -> None:
    """Prints a table."""
    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in ("uploads", "first page", "a page in the middle", "looking for what is rare"):
        table.add_column(heading, justify="right")
    first: list[float] = []
    for count in _COUNTS:
        seconds = _measure(count)
        first = first or seconds
        ratios = (f"{one / other:.1f}" for one, other in zip(seconds, first, strict=True))
        table.add_row(f"{count:,}", *ratios)
    Console().print(table)


def _measure(count: int) -> list[float]:
    """Seconds for each kind of page."""
    with tempfile.TemporaryDirectory() as root:
        store = Store(Path(root))
        _fill(store, count)
        (port,) = free_ports(1)
        address = f"http://127.0.0.1:{port}"
        with (
            serving(create_app(store), port),
            mock.patch.dict(os.environ, STORAGE_EMULATOR_HOST=address),
        ):
            library = Library("in-bucket", "out-bucket", 1)
            middle = f"album/{count // 200:04}"
            queries = (
                Query(),
                Query(prefix=middle),
                Query(state=Status.FAILED),
            )
            return [_fastest(library, query) for query in queries]


def _fill(store: Store, count: int) -> None:
    """Uploads of which nine in ten have a result, and none has failed."""
    for bucket in ("in-bucket", "out-bucket"):
        store.create_bucket(bucket)
    for number in range(count):
        name = f"album/{number:06}.png"
        upload = store.put("in-bucket", name, b"x", {"contentType": "image/png"}, _ALWAYS)
        if number % 10 == 9:
            continue
        shown = {"source-generation": str(upload.generation), "config": "0" * 11 + "1"}
        for picture in _PICTURES:
            store.put("out-bucket", f"{name}/{picture}", b"x", {"metadata": shown}, _ALWAYS)
        told = {"metadata": {**shown, "status": "segmented"}}
        store.put("out-bucket", f"{name}/result.json", b"{}", told, _ALWAYS)


def _fastest(library: Library, query: Query) -> float:
    seconds = []
    for _ in range(_RUNS):
        started = time.perf_counter()
        library.page(query)
        seconds.append(time.perf_counter() - started)
    return min(seconds)


if __name__ == "__main__":
    main()
