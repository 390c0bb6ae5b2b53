"""python -m tools.benchmarks: measures our cost and that of the plain recipe.

Writes docs/performance.md. With names of sections as arguments, it runs only these and writes
nothing.
"""

import os
import platform
import sys
from collections.abc import Callable, Iterator, Sequence

from tools.benchmarks import detection, encoders, growth, pipeline, starts, throughput
from tools.support.examples import ROOT

SECTIONS: dict[str, Callable[[], Iterator[str]]] = {
    "pipeline": pipeline.section,
    "detection": detection.section,
    "encoders": encoders.section,
    "growth": growth.section,
    "starts": starts.section,
    "throughput": throughput.section,
}

_GOALS = (
    "## Goals that are not reached",
    "",
    "- At most twice the CPU time of the floor for images smaller than photos. A third of an",
    "  avatar's CPU time goes into face detection. The floor runs one pass and finds 13% of drawn",
    "  faces ([quality.md](quality.md)); ours runs 16 passes, and 135 on a scene. Most of the rest",
    "  goes into HTTP requests that read, call SAM2 and write; the floor makes none.",
    "- At most ten times the CPU time of the plain recipe's decoding and detection on 12",
    "  megapixels of noise. Photos and pages reach it.",
    "- 1.7 times the images per second from a second worker of segmentation. Runs differ, from 1.3",
    "  to 1.75. The function's cost of an image is the same with one worker and with two; here",
    "  storage, SAM2 and the callers share the two processors with both.",
)


def main(names: Sequence[str]) -> None:
    """Runs the sections and prints each line at once."""
    lines = list(_head())
    for name in names or SECTIONS:
        for line in SECTIONS[name]():
            sys.stdout.write(f"{line}\n")
            sys.stdout.flush()
            lines.append(line)
    if not names:
        lines += _GOALS
        (ROOT / "docs" / "performance.md").write_text("\n".join(lines).rstrip() + "\n")


def _head() -> Iterator[str]:
    machine = f"{os.cpu_count()} cores of a {platform.machine()} processor"
    yield from (
        "# Performance",
        "",
        f"`make bench` writes this page. It ran on {machine} with other",
        "work, so compare ratios, not seconds. On another processor, ratios too may differ by a",
        "third. CPU seconds are the sum over all threads, and the minimum of a few runs after a",
        "warm-up run. OpenCV has one thread, as in a function with one processor.",
        "",
        "Three programs are compared:",
        "",
        "- **Ours**: the functions landmarks and segmentation. SAM2 responds at once from memory.",
        "- **Plain recipe**: the API that this one replaces. It builds Face Mesh for each request,",
        "  sends the complete image to SAM2 once per face, and writes three PNGs with Pillow.",
        "- **Floor**: the least possible work. It decodes the file once, runs one model once, and",
        "  encodes complete mask, image and cutout once, with the fastest encoder here (ours).",
        "",
    )


if __name__ == "__main__":
    main(sys.argv[1:])
