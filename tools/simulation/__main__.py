"""python -m tools.simulation: simulates a deployment at a few loads; writes docs/scale.md."""

import sys
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from tools.benchmarks.report import table
from tools.documentation import with_generated
from tools.simulation.costs import bill
from tools.simulation.figures import LANDMARKS, MIX, PICTURE_SECONDS, SAM2, SEGMENTATION, Size
from tools.simulation.simulation import Run, burst, run, wave
from tools.support.examples import ROOT

PAGE = ROOT / "docs" / "scale.md"
Sizes = tuple[Size, Size, Size]
AS_SET_UP: Sizes = (LANDMARKS, SEGMENTATION, SAM2)
RAISED: Sizes = (
    replace(LANDMARKS, most=100),
    replace(SEGMENTATION, most=50),
    replace(SAM2, most=12),
)
"""Instance limits that suffice for a million uploads a day."""

_UNITS = ((120, "s", 1), (7200, "min", 60), (float("inf"), "h", 3600))
"""Units of time: the upper limit in seconds, the name, and the seconds of one unit."""


def main() -> None:
    """Prints the tables, and writes them into the page."""
    lines = [*_mix(), *_days(), *_bursts()]
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
        "1,000 a day, default limits": run(wave(1_000), MIX, AS_SET_UP, PICTURE_SECONDS),
        "100,000 a day, default limits": run(wave(100_000), MIX, AS_SET_UP, PICTURE_SECONDS),
        "1,000,000 a day, raised limits": run(wave(1_000_000), MIX, RAISED, PICTURE_SECONDS),
    }
    yield from ("### Days", "")
    yield from table(["", *days], [*_timely(days), *_instances(days)])
    yield from ("### Cost of the days, in dollars at list prices", "")
    bills = {title: bill(day) for title, day in days.items()}
    first = next(iter(bills.values()))
    rows = [[part, *(f"{costs[part]:,.2f}" for costs in bills.values())] for part in first]
    totals = {title: sum(costs.values()) for title, costs in bills.items()}
    rows.append(["**all**", *(f"**{total:,.2f}**" for total in totals.values())])
    each = [f"{1000 * totals[title] / len(day.uploads):.3f}" for title, day in days.items()]
    yield from table(["", *bills], [*rows, ["1,000 uploads", *each]])


def _bursts() -> Iterator[str]:
    bursts = {
        "default limits": run(burst(10_000, 200), MIX, AS_SET_UP, PICTURE_SECONDS),
        "raised limits": run(burst(10_000, 200), MIX, RAISED, PICTURE_SECONDS),
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
        services = [getattr(result, name) for result in runs.values()]
        yield [
            f"{name}: maximum of instances (limit), starts",
            *(f"{one.most_at_once} ({one.size.most}), {one.starts}" for one in services),
        ]


def _time(seconds: float) -> str:
    unit, divisor = next((unit, divisor) for most, unit, divisor in _UNITS if seconds < most)
    return f"{seconds / divisor:.1f} {unit}"


if __name__ == "__main__":
    main()
