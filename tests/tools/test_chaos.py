"""`make chaos` in a short form."""

from pathlib import Path

import pytest
from rich.console import Console

from tools.chaos.mix import Mix
from tools.chaos.run import run


@pytest.mark.slow
def test_nothing_is_lost_while_everything_goes_wrong(tmp_path: Path) -> None:
    mix = Mix(
        uploads=30,
        swaps=0.35,
        duplicates=0.2,
        twins=0.15,
        overwrites=0.2,
        truncated=0.1,
        kill_every=20,
        storage_outage=2,
        disk_full=2,
        memory_limits=1,
        clock_jumps=1,
        upgrades=1,
    )
    findings = run(mix, tmp_path, Console())
    assert findings.wrong == [], mix
    assert sum(findings.states.values()) >= mix.uploads
