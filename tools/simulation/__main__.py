"""python -m tools.simulation: simulates a deployment at a few loads; writes docs/scale.md."""

import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import numpy as np

from tools.benchmarks.report import table
from tools.documentation import with_generated
from tools.simulation.costs import bill
from tools.simulation.figures import (
    LANDMARKS,
    LARGE,
    MIX,
    SEGMENTATION,
    SEGMENTERS,
    TINY,
    Segmenter,
)
from tools.simulation.simulation import Run, Service, burst, run, wave
from tools.support.examples import ROOT

PAGE = ROOT / "docs" / "scale.md"
AS_SET_UP = LANDMARKS, SEGMENTATION
RAISED = replace(LANDMARKS, most=100), replace(SEGMENTATION, most=50)
_RAISED_SAM2 = 200
"""Instance limits that suffice for a million uploads a day."""

_LOADS = 1_000, 100_000, 1_000_000
_CROSSING = 100_000, 200_000, 300_000, 400_000, 500_000, 700_000, 1_000_000
"""Uploads a day at which SAM2 on CPUs is compared with a GPU."""

_UNITS = ((120, "s", 1), (7200, "min", 60), (float("inf"), "h", 3600))
"""Units of time: the upper limit in seconds, the name, and the seconds of one unit."""


def main() -> None:
    """Prints the tables, and writes them into the page."""
    lines = [*_mix(), *_days(), *_segmenters(), *_bursts()]
    sys.stdout.write("\n".join(lines))
    PAGE.write_text(with_generated(PAGE.read_text(), "\n".join(lines)))


def _mix() -> Iterator[str]:
    yield from ("### The uploads", "")
    headings = ["kind", "share", "landmarks, CPU s", "segmentation, CPU s", "pictures for SAM2"]
    yield from table(
        [*headings, "objects", "MB stored"],
        [
            [
                kind.title,
                f"{kind.share:.0%}",
                f"{kind.landmarks:.2f}",
                f"{kind.segmentation:.2f}",
                str(kind.pictures),
                str(kind.objects),
                f"{kind.stored / 1e6:.1f}",
            ]
            for kind in MIX
        ],
    )


def _days() -> Iterator[str]:
    days = {
        "1,000 a day, default limits": run(wave(1_000), MIX, AS_SET_UP, TINY),
        "100,000 a day, raised limits": _raised(100_000, TINY),
        "1,000,000 a day, raised limits": _raised(1_000_000, TINY),
    }
    yield from ("### Days", "")
    yield from table(["", *days], [*_timely(days), *_instances(days)])
    yield from ("### Cost of the days, in dollars at list prices", "")
    bills = {title: bill(day) for title, day in days.items()}
    first = next(iter(bills.values()))
    rows = [[part, *(f"{costs[part]:,.2f}" for costs in bills.values())] for part in first]
    totals = {title: sum(costs.values()) for title, costs in bills.items()}
    rows.append(["**all**", *(f"**{total:,.2f}**" for total in totals.values())])
    each = [f"{_per_thousand(day):.3f}" for day in days.values()]
    yield from table(["", *bills], [*rows, ["1,000 uploads", *each]])


def _segmenters() -> Iterator[str]:
    """Yields what each segmenter costs and how long results take, and where a GPU pays."""
    yield from ("### Segmenters, with raised limits", "")
    headings = [
        f"{load:,} a day: {what}" for load in _LOADS for what in ("$ per 1,000", "50%, 99% within")
    ]
    rows = []
    for segmenter in SEGMENTERS:
        cells = []
        for load in _LOADS:
            day = _raised(load, segmenter)
            half, most = (_time(float(np.percentile(day.seconds, share))) for share in (50, 99))
            cells += [f"{_per_thousand(day):.3f}", f"{half}, {most}"]
        rows.append([segmenter.title, *cells])
    yield from table(["", *headings], rows)
    for segmenter in (one for one in SEGMENTERS if one.service and one is not LARGE):
        yield f"- {_crossing(segmenter)}"
    yield ""


def _crossing(segmenter: Segmenter) -> str:
    """Returns a sentence: from which load on a GPU costs less than the segmenter.

    The cost on CPUs is proportional to the uploads, because nothing is charged while idle.
    """
    base = _LOADS[1]
    each = bill(_raised(base, segmenter))["SAM2"] / base
    for load in _CROSSING:
        if bill(_raised(load, LARGE))["SAM2"] < load * each:
            return f"{segmenter.title}: costs more than {LARGE.title} from {load:,} a day on."
    return f"{segmenter.title}: costs less than {LARGE.title} up to {_CROSSING[-1]:,} a day."


@cache
def _raised(load: int, segmenter: Segmenter) -> Run:
    return run(wave(load), MIX, RAISED, segmenter.with_limit(_RAISED_SAM2))


def _per_thousand(day: Run) -> float:
    return 1000 * sum(bill(day).values()) / len(day.uploads)


def _bursts() -> Iterator[str]:
    arrivals = 10_000, 200
    bursts = {
        "default limits": run(burst(*arrivals), MIX, AS_SET_UP, TINY),
        "raised limits": run(burst(*arrivals), MIX, RAISED, TINY.with_limit(_RAISED_SAM2)),
    }
    yield from ("### 10,000 uploads in 50 seconds, after an idle period", "")
    lasts = ["last result after", *(_time(burst_run.last) for burst_run in bursts.values())]
    yield from table(["", *bursts], [*_timely(bursts), lasts, *_instances(bursts)])


def _timely(runs: dict[str, Run]) -> Iterator[list[str]]:
    for share in (50, 99):
        yield [
            f"{share}% of results within",
            *(_time(float(np.percentile(result.seconds, share))) for result in runs.values()),
        ]


def _instances(runs: dict[str, Run]) -> Iterator[list[str]]:
    for name in ("landmarks", "segmentation", "sam2"):
        services: list[Service] = [getattr(result, name) for result in runs.values()]
        yield [
            f"{name}: maximum of instances (limit), starts",
            *(f"{one.most_at_once} ({one.size.most}), {one.starts}" for one in services),
        ]


def _time(seconds: float) -> str:
    unit, divisor = next((unit, divisor) for most, unit, divisor in _UNITS if seconds < most)
    return f"{seconds / divisor:.1f} {unit}"


if __name__ == "__main__":
    main()
