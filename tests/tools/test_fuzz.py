"""A short search of every target; `make fuzz` searches longer."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from tools.fuzz.targets import TARGETS
from tools.support.examples import ROOT

SECONDS = 1


@pytest.mark.slow
@pytest.mark.skipif(
    importlib.util.find_spec("atheris") is None, reason="atheris is there for Linux alone"
)
@pytest.mark.parametrize("target", sorted(TARGETS))
def test_nothing_from_outside_breaks_what_reads_it(target: str, tmp_path: Path) -> None:
    command = [sys.executable, "-W", "ignore", "-m", "tools.fuzz", target, str(tmp_path)]
    limits = [f"-max_total_time={SECONDS}", "-timeout=20", "-rss_limit_mb=2048", "-seed=1"]
    done = subprocess.run(
        [*command, *limits], cwd=ROOT, capture_output=True, text=True, timeout=200, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert "Done" in done.stderr
