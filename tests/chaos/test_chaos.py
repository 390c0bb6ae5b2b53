"""`make chaos` in a short form."""

from pathlib import Path

from rich.console import Console

from tests.chaos.mix import Mix
from tests.chaos.run import run


def test_nothing_is_lost_while_everything_goes_wrong(tmp_path: Path) -> None:
    mix = Mix(uploads=40, seed=20, overwrites=0.3, duplicates=0.3, kill_every=5, storage_outage=2)
    findings = run(mix, tmp_path, Console())
    assert findings.wrong == []
    assert sum(findings.states.values()) == mix.uploads
    assert findings.dead_letters == 0
