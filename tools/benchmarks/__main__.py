"""python -m tools.benchmarks: what everything costs, beside the plain recipe; docs/performance.md.

Sections may be named, to run just these; then nothing is written.
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

_WANTED = (
    "## What is wanted and not reached",
    "",
    "- Twice the floor for images smaller than photos. A third of an avatar's processor time goes",
    "  into finding its face, where the floor looks once and finds 13% of drawn faces",
    "  ([quality.md](quality.md)) and ours looks 16 times, at a scene 135 times; most of the rest",
    "  into reading, asking and writing over HTTP, which the floor does not.",
    "- Ten times the plain recipe's decoding and finding on 12 megapixels of nothing but noise;",
    "  photos and pages are well within it.",
    "- 1.7 times the images a second from a second worker of segmentation: runs differ, from 1.3",
    "  to 1.75. An image costs the function the same with one worker and with two; here storage,",
    "  SAM2 and the callers share the two processors with both.",
)


def main(names: Sequence[str]) -> None:
    """Prints each line as soon as it is known."""
    lines = list(_head())
    for name in names or SECTIONS:
        for line in SECTIONS[name]():
            sys.stdout.write(f"{line}\n")
            sys.stdout.flush()
            lines.append(line)
    if not names:
        lines += _WANTED
        (ROOT / "docs" / "performance.md").write_text("\n".join(lines).rstrip() + "\n")


def _head() -> Iterator[str]:
    machine = f"{os.cpu_count()} cores of a {platform.machine()} processor"
    yield from (
        "# What it costs",
        "",
        f"Written by `make bench` on {machine} that does other work too: ratios hold,",
        "seconds do not. Processor seconds are those of all threads, the least of a few runs after",
        "one that warms up; OpenCV has one thread, as in a function with one processor.",
        "",
    )


if __name__ == "__main__":
    main(sys.argv[1:])
