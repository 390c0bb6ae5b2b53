"""Deploys a function's folder as in the cloud: installs its lock, starts functions-framework."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from local.processes import ProcessTree, free_ports
from tools.support.examples import ROOT


def deployed(tree: ProcessTree, function: str, place: Path, settings: Mapping[str, str]) -> str:
    """Starts the function whose code is in `place`; returns its URL."""
    kept = {k: v for k, v in os.environ.items() if k not in ("VIRTUAL_ENV", "PYTHONPATH")}
    uv = [str(ROOT / ".venv/bin/uv"), "sync", "--locked", "--quiet", "--python", sys.executable]
    subprocess.run(uv, cwd=place, env=kept, check=True, timeout=280)
    (port,) = free_ports(1)
    command = [str(place / ".venv/bin/functions-framework"), "--target", function]
    where = ["--source", str(place / "main.py"), "--host", "127.0.0.1", "--port", str(port)]
    tree.start(function, [*command, *where], settings, port)
    tree.await_ready()
    return f"http://127.0.0.1:{port}/"
