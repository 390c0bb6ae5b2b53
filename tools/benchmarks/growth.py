"""Measures how cost grows with pixels, with faces, and with uploads in the bucket."""

import os
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from unittest import mock

import cv2
import numpy as np

from local.processes import free_ports
from local.storage.api import create_app
from local.storage.preconditions import Preconditions
from local.storage.store import Store
from shared.api.buckets import Buckets
from shared.api.upload_listing import UploadListing, UploadQuery
from shared.api.upload_scan import Bounds
from shared.imaging.geometry import Image
from shared.schemas.documents import Status
from tools.benchmarks import pictures, servers
from tools.benchmarks.costs import least
from tools.benchmarks.pipeline import jpeg, measure
from tools.benchmarks.report import exponent, table
from tools.support.servers import serving

_SIDES = ((1000, 750), (2000, 1500), (4000, 3000), (8000, 6000))
_FACES = (1, 2, 4, 8, 16)
_UPLOADS = (100, 1_000, 10_000)
_PICTURES = ("mask.png", "overlay.png", "cutout.png", "face-1/mask.png", "face-1/cutout.png")
_RUNS = 5
"""Runs of a measurement of pages; the fastest counts. Chosen by hand: more are more exact."""

_UNCONDITIONAL = Preconditions.of({})


def section() -> Iterator[str]:
    """Lines of Markdown."""
    yield from (
        "## Growth",
        "",
        "The exponent is the b of the best fit of cost = a * size^b: 1 is linear. Bytes for SAM2",
        "grow in steps, because a picture of several faces also contains the area between them.",
        "",
    )
    with servers.running():
        photo = pictures.photo(3)
        sized = {
            f"{width} x {height}": np.asarray(cv2.resize(photo, (width, height)), np.uint8)
            for width, height in _SIDES
        }
        pixels = [width * height for width, height in _SIDES]
        yield from _costs("pixels (a photo of three faces)", sized, pixels)
        crowds = {f"{count}": pictures.crowd(count) for count in _FACES}
        yield from _costs("faces (on 2400 x 2400)", crowds, _FACES)
    yield from _uploads()


def _costs(title: str, images: Mapping[str, Image], sizes: Sequence[int]) -> Iterator[str]:
    costs = [measure(f"{title}/{name}", jpeg(image)) for name, image in images.items()]
    columns = {
        "landmarks, CPU s": [cost.landmarks.cpu for cost in costs],
        "segmentation, CPU s": [cost.segmentation.cpu for cost in costs],
        "sent to SAM2, kB": [cost.segmentation.sent / 1000 for cost in costs],
        "written, kB": [cost.segmentation.written / 1000 for cost in costs],
    }
    rows = [
        [name, *(f"{values[row]:,.2f}" for values in columns.values())]
        for row, name in enumerate(images)
    ]
    fits = [f"{exponent(sizes, values):.2f}" for values in columns.values()]
    yield from table([title, *columns], [*rows, ["exponent", *fits]])


def _uploads() -> Iterator[str]:
    """Measures pages of the API's list of uploads, with a storage server in this process."""
    seconds = [_pages(count) for count in _UPLOADS]
    rows = [
        [f"{count:,}", *(f"{value:.3f}" for value in row)]
        for count, row in zip(_UPLOADS, seconds, strict=True)
    ]
    fits = [f"{exponent(_UPLOADS, column):.2f}" for column in zip(*seconds, strict=True)]
    yield from table(
        ["uploads in the bucket", "first page, s", "middle page, s", "rare state, s"],
        [*rows, ["exponent", *fits]],
    )


def _pages(count: int) -> list[float]:
    """Returns the seconds for each kind of page."""
    with tempfile.TemporaryDirectory() as root:
        store = Store(Path(root))
        _fill(store, count)
        (port,) = free_ports(1)
        address = f"http://127.0.0.1:{port}"
        with (
            serving(create_app(store), port),
            mock.patch.dict(os.environ, STORAGE_EMULATOR_HOST=address),
        ):
            listing = UploadListing(Buckets("in-bucket", "out-bucket"), Bounds())
            middle = f"album/{count // 200:04}"
            queries = UploadQuery(), UploadQuery(prefix=middle), UploadQuery(state=Status.FAILED)
            return [
                least(partial(listing.page, query), time.perf_counter, _RUNS) for query in queries
            ]


def _fill(store: Store, count: int) -> None:
    """Stores uploads. Nine of ten have a result, and none has failed."""
    for bucket in ("in-bucket", "out-bucket"):
        store.create_bucket(bucket)
    for number in range(count):
        name = f"album/{number:06}.png"
        upload = store.put("in-bucket", name, b"x", {"contentType": "image/png"}, _UNCONDITIONAL)
        if number % 10 == 9:
            continue
        provenance = {"source-generation": str(upload.generation), "config": "0" * 11 + "1"}
        fields = {"metadata": provenance}
        for picture in _PICTURES:
            store.put("out-bucket", f"{name}/{picture}", b"x", fields, _UNCONDITIONAL)
        fields = {"metadata": {**provenance, "status": "segmented"}}
        store.put("out-bucket", f"{name}/result.json", b"{}", fields, _UNCONDITIONAL)
