"""python -m tests.benchmarks.pipeline: what an image costs, beside the plain recipe and the floor.

Both functions run as they are, each in a process of its own, against the local storage server and
broker; SAM2 answers at once from memory, so that only our own work counts. The plain recipe is in
recipe.py; the floor decodes the file once, runs one model once and encodes the three pictures once.
Writes docs/performance.md.
"""

import json
import multiprocessing
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

import cv2
import mediapipe as mp
import numpy as np
import requests
from google.cloud import pubsub_v1, storage

from local.processes import ProcessTree, free_ports
from shared import images, png
from shared.documents import PromptsDocument
from shared.geometry import Polygon
from shared.landmarking import Landmarking
from shared.messages import FINALIZED, Message
from shared.segmenters import choice
from shared.segmenting import Segmentation
from shared.settings import LandmarksSettings, SegmentationSettings
from tests.benchmarks import pictures, recipe
from tests.benchmarks.costs import Cost, measured
from tests.conftest import ROOT

DOCUMENT = ROOT / "docs" / "performance.md"
INPUT, OUTPUT = "bench-input", "bench-output"
TOPIC = "projects/bench/topics/prompts"
_RUNS = 4
"""Of each, the first of which warms up."""


@dataclass(frozen=True, slots=True)
class Case:
    """An image file, uploaded a few times under names of their own."""

    title: str
    data: bytes
    messages: list[Message]


def main() -> None:
    """Measures, prints and writes the page."""
    with tempfile.TemporaryDirectory() as root, ProcessTree(Path(root) / "logs") as tree:
        environment = _start(tree, Path(root))
        with mock.patch.dict(os.environ, environment):
            lines = []
            for title, encoded in _files().items():
                lines += _table(title, *_measure(_uploaded(title, encoded), environment["SAM2"]))
                sys.stdout.write("\n".join(lines[-9:]) + "\n")
                sys.stdout.flush()
    DOCUMENT.write_text(_page(lines))


def _start(tree: ProcessTree, root: Path) -> dict[str, str]:
    """Servers that the functions talk to; the variables that lead there."""
    storage_port, broker_port, sam2_port, tls_port = free_ports(4)
    files = ["--root", str(root), "--tls-port", str(tls_port)]
    commands: dict[str, tuple[str, int, list[str]]] = {
        "storage": ("local.storage", storage_port, files),
        "broker": ("local.broker", broker_port, []),
        "sam2": ("tests.benchmarks.instant_sam2", sam2_port, []),
    }
    environment = {
        "STORAGE_EMULATOR_HOST": f"http://127.0.0.1:{storage_port}",
        "PUBSUB_EMULATOR_HOST": f"127.0.0.1:{broker_port}",
        "PYTHONPATH": str(ROOT),
        "SAM2": f"http://127.0.0.1:{sam2_port}",
    }
    for name, (module, port, more) in commands.items():
        command = [sys.executable, "-m", module, "--port", str(port), *more]
        tree.start(name, command, environment, port)
    tree.await_ready()
    with mock.patch.dict(os.environ, environment):
        for bucket in (INPUT, OUTPUT):
            storage.Client(project="bench").create_bucket(bucket)
        pubsub_v1.PublisherClient().create_topic(name=TOPIC)
    return environment


def _files() -> dict[str, bytes]:
    jpeg = [cv2.IMWRITE_JPEG_QUALITY, 92]
    return {
        "avatar, 512 x 512, PNG": png.encode_array(pictures.avatar()),
        "scene of six, 1600 x 1200, PNG": png.encode_array(pictures.scene(6)),
        "photo of three, 12 megapixels, JPEG": cv2.imencode(
            ".jpg", pictures.photo(3)[..., ::-1], jpeg
        )[1].tobytes(),
        "page of six, 48 megapixels, JPEG": cv2.imencode(".jpg", pictures.page()[..., ::-1], jpeg)[
            1
        ].tobytes(),
    }


def _uploaded(title: str, data: bytes) -> Case:
    bucket = storage.Client(project="bench").bucket(INPUT)
    messages = []
    for run in range(_RUNS):
        blob = bucket.blob(f"{title}/{run}")
        blob.upload_from_string(data, content_type="application/octet-stream")
        told = json.dumps(blob._properties).encode()
        messages.append(Message(told, {"eventType": FINALIZED}))
    return Case(title, data, messages)


def _measure(case: Case, sam2: str) -> tuple[Cost, Cost, Cost, Cost]:
    """The plain recipe, landmarks, segmentation, the floor."""
    landmarks = _fresh(partial(_landmarks, case.messages))
    documents = [_prompts(f"{case.title}/{run}") for run in range(_RUNS)]
    segmentation = _fresh(partial(_segmentation, documents, sam2))
    outlines = [one.outline for one in PromptsDocument.model_validate_json(documents[0]).instances]
    written = _bytes_of(f"{case.title}/{_RUNS - 1}/")
    ours = replace(segmentation, written=written, faces=len(outlines))
    plain = _fresh(partial(_plain, case.data, sam2, outlines))
    return plain, landmarks, ours, _fresh(partial(_floor, case.data))


def _fresh(work: Callable[[], Cost]) -> Cost:
    """Done by a new process, whose peak in memory is this work's alone."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, context) as pool:
        return pool.submit(work).result()


def _landmarks(messages: list[Message]) -> Cost:
    settings = LandmarksSettings(input_bucket=INPUT, output_bucket=OUTPUT, prompts_topic=TOPIC)
    handle = Landmarking(settings).handle
    return measured([partial(handle, message) for message in messages], _nothing)


def _segmentation(documents: list[bytes], sam2: str) -> Cost:
    settings = SegmentationSettings(
        input_bucket=INPUT,
        output_bucket=OUTPUT,
        sam2_provider="toonmask",
        sam2_url=f"{sam2}/v1/segment",
        sam2_auth="none",
    )
    handle = Segmentation(settings, choice.primary(settings), choice.fallback(settings)).handle
    works = [partial(handle, Message(document, {})) for document in documents]
    cost = measured(works, partial(_sent, sam2))
    return replace(cost, sent=_sent(sam2) // (len(documents) - 1))


def _plain(data: bytes, sam2: str, outlines: list[Polygon]) -> Cost:
    answers: list[int] = []

    def work() -> None:
        answers.append(len(recipe.run(data, f"{sam2}/v1/segment", outlines)))

    cost = measured([work] * (_RUNS - 1), partial(_sent, sam2))
    return replace(cost, sent=_sent(sam2) // (_RUNS - 2), written=answers[-1])


def _floor(data: bytes) -> Cost:
    mesh: Any = mp.solutions.face_mesh.FaceMesh(static_image_mode=True)

    def work() -> None:
        image = images.decode(data, 10**9)
        mesh.process(image)
        mask = np.zeros(image.shape[:2], np.uint8)
        for picture in (mask, image, np.dstack([image, mask])):
            png.encode_array(picture)

    return measured([work] * _RUNS, _nothing)


def _nothing() -> None:
    pass


def _sent(sam2: str) -> int:
    """Bytes that SAM2 was sent since the last call."""
    return int(requests.get(f"{sam2}/sent", timeout=60).json()["bytes"])


def _prompts(name: str) -> bytes:
    blob = storage.Client(project="bench").bucket(OUTPUT).blob(f"{name}/prompts.json")
    return bytes(blob.download_as_bytes())


def _bytes_of(folder: str) -> int:
    blobs = storage.Client(project="bench").list_blobs(OUTPUT, prefix=folder)
    return sum(blob.size for blob in blobs)


def _table(title: str, plain: Cost, landmarks: Cost, segmentation: Cost, floor: Cost) -> list[str]:
    ours = replace(
        segmentation,
        cpu=landmarks.cpu + segmentation.cpu,
        wall=landmarks.wall + segmentation.wall,
        peak=max(landmarks.peak, segmentation.peak),
    )
    ratios = _ratios(ours, plain)
    stages = ", ".join(
        f"{name} {seconds:.2f}"
        for part in (landmarks.stages, segmentation.stages)
        for name, seconds in part.items()
    )
    return [
        f"## {title[:1].upper()}{title[1:]}; faces: {segmentation.faces}",
        "",
        "| | CPU, s | wall, s | peak, MB | sent to SAM2, kB | written, kB |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
        _row("plain recipe", plain),
        _row("ours: landmarks", landmarks),
        _row("ours: segmentation", segmentation),
        _row("floor", floor),
        f"| **ours / plain** | {ratios['cpu']} | {ratios['wall']} | {ratios['peak']} "
        f"| {ratios['sent']} | {ratios['written']} |",
        "",
        f"CPU over the floor's: {ours.cpu / floor.cpu:.1f}. CPU seconds by stage: {stages}.",
        "",
    ]


def _ratios(ours: Cost, plain: Cost) -> Mapping[str, str]:
    names = ("cpu", "wall", "peak", "sent", "written")
    return {name: f"{getattr(ours, name) / getattr(plain, name):.3f}" for name in names}


def _row(title: str, cost: Cost) -> str:
    sent = f"{cost.sent / 1000:,.0f}" if cost.sent else ""
    written = f"{cost.written / 1000:,.0f}" if cost.written else ""
    return f"| {title} | {cost.cpu:.2f} | {cost.wall:.2f} | {cost.peak:,.0f} | {sent} | {written} |"


def _page(lines: list[str]) -> str:
    machine = f"{os.cpu_count()} cores of a {platform.machine()} processor"
    head = [
        "# What an image costs",
        "",
        f"Written by `make bench` on {machine} that does other work too: ratios hold,",
        "seconds do not. The cheapest of three runs after one that warms up. Processor seconds are",
        "those of all threads, peaks those of the whole process with all that it has imported;",
        "landmarks and segmentation are processes of their own. The plain recipe goes on with our",
        "outlines where it finds fewer faces. The floor decodes the file once, runs one model once",
        "and encodes mask, image and cutout once, full, with OpenCV's fastest settings.",
        "",
    ]
    missing = [
        "## What is wanted and not reached",
        "",
        "Half of the plain recipe's processor time for a small image, most of which goes into",
        "finding faces that the plain recipe does not find; half of its memory at 48 megapixels.",
    ]
    return "\n".join([*head, *lines, *missing]) + "\n"


if __name__ == "__main__":
    main()
