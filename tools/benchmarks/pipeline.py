"""Measures the cost of an image, from upload to image files, of ours, plain recipe and floor.

Each function runs unchanged in its own process, with the local storage server and broker. SAM2
responds at once from memory, so that only our own work counts.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import cv2

from shared.imaging import png
from shared.imaging.geometry import Image, Polygon, polygon_of
from shared.schemas.documents import PromptsDocument
from tools.benchmarks import pictures, servers
from tools.benchmarks.costs import Cost, in_new_process
from tools.benchmarks.report import table

_RUNS = 4
"""Runs of each program. The first one warms up. Chosen by hand: more give more exact minima."""

_STAGES = {
    "read": ("read",),
    "detect faces": ("detect",),
    "publish": ("write", "publish"),
    "call SAM2": ("segment",),
    "draw and write": ("write result",),
}
"""The stages in the table, with the names that the stage timers of the functions use."""


@dataclass(frozen=True, slots=True, eq=False)
class Ours:
    """The cost of one image in both functions, and the outlines of its faces."""

    landmarks: Cost
    segmentation: Cost
    outlines: Sequence[Polygon]

    @property
    def total(self) -> Cost:
        """The sum of both functions; for the peak, the maximum."""
        parts = self.landmarks, self.segmentation
        names = {name for part in parts for name in part.stages}
        return replace(
            self.segmentation,
            cpu=sum(part.cpu for part in parts),
            wall=sum(part.wall for part in parts),
            peak=max(part.peak for part in parts),
            stages={name: sum(part.stages.get(name, 0) for part in parts) for name in names},
        )


def section() -> Iterator[str]:
    """Lines of Markdown."""
    yield from (
        "## Cost of an image",
        "",
        "If the plain recipe finds fewer faces, it continues with our outlines, so that both do",
        "the same work. Memory peaks are those of a process, including its imports.",
        "",
    )
    with servers.running():
        for title, data in _files().items():
            yield from _lines(title, data)


def measure(name: str, data: bytes) -> Ours:
    """Measures both functions with an image file. Requires `servers.running`."""
    uploads = [f"{name}/{run}" for run in range(_RUNS)]
    landmarks = in_new_process("landmarks", [servers.uploaded(upload, data) for upload in uploads])
    documents = [servers.prompts(upload) for upload in uploads]
    segmentation = in_new_process("segmentation", documents)
    written = servers.written(uploads[-1])
    prompts = PromptsDocument.model_validate_json(documents[0]).instances
    outlines = [polygon_of(prompt.polygon) for prompt in prompts]
    return Ours(landmarks, replace(segmentation, written=written), outlines)


def _files() -> dict[str, bytes]:
    return {
        "Avatar, 512 x 512, PNG": png.encode_array(pictures.avatar()),
        "Scene of six, 1600 x 1200, PNG": png.encode_array(pictures.scene(6)),
        "Photo of three, 12 megapixels, JPEG": jpeg(pictures.photo(3)),
        "Page of six, 48 megapixels, JPEG": jpeg(pictures.page()),
    }


def jpeg(picture: Image) -> bytes:
    """Encodes a picture as a JPEG, with the quality of a camera."""
    return cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 92])[1].tobytes()


def _lines(title: str, data: bytes) -> Iterator[str]:
    both = measure(title, data)
    ours = both.total
    plain = in_new_process("plain", data, both.outlines, _RUNS)
    floor = in_new_process("floor", data, _RUNS)
    yield from (f"### {title}; faces: {len(both.outlines)}", "")
    rows = {
        "plain recipe": plain,
        "ours: landmarks": both.landmarks,
        "ours: segmentation": both.segmentation,
        "floor": floor,
    }
    headings = ("", "CPU, s", "wall, s", "peak, MB", "sent to SAM2, kB", "written, kB")
    names = ("cpu", "wall", "peak", "sent", "written")
    ratios = [f"{getattr(ours, name) / getattr(plain, name):.3f}" for name in names]
    yield from table(
        headings,
        [*([name, *_cells(cost)] for name, cost in rows.items()), ["**ours / plain**", *ratios]],
    )
    stages = {"plain recipe": plain, "ours": ours}
    yield from table(
        ("CPU by stage, s", *_STAGES),
        [[name, *_by_stage(cost)] for name, cost in stages.items()],
    )
    aside = _without_detection(ours) / _without_detection(plain)
    over, over_aside = ours.cpu / floor.cpu, _without_detection(ours) / floor.cpu
    yield f"CPU without face detection, ours / plain: **{aside:.3f}**."
    yield f"CPU, ours / floor: {over:.1f}; without face detection: {over_aside:.1f}."
    yield ""


def _cells(cost: Cost) -> list[str]:
    sizes = (f"{size / 1000:,.0f}" if size else "" for size in (cost.sent, cost.written))
    return [f"{cost.cpu:.2f}", f"{cost.wall:.2f}", f"{cost.peak:,.0f}", *sizes]


def _by_stage(cost: Cost) -> list[str]:
    return [f"{sum(cost.stages.get(name, 0) for name in names):.3f}" for names in _STAGES.values()]


def _without_detection(cost: Cost) -> float:
    return cost.cpu - cost.stages["detect"]
