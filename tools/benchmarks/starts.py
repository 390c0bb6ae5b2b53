"""Measures the time from the start of a function's process to its first response, and its imports.

The start time is compared to that of functions-framework with a function of one line.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import requests

from local.processes import ProcessTree, free_ports
from local.stack import function_command
from shared.gcp.events import Message
from shared.imaging import png
from tools.benchmarks import pictures, servers
from tools.benchmarks.report import table
from tools.support.examples import ROOT
from tools.support.pushes import pushed

_RUNS = 3
_POLL_SECONDS = 0.01
"""Starts of a function, and the interval between attempts to call it. Chosen by hand: a longer
interval measures less exactly."""

_MOST_PACKAGES = 10
"""Number of the slowest packages that are reported."""
_ONE_LINE = """import functions_framework

@functions_framework.http
def one_line(request): return "ok"
"""
_HEAVY = ("mediapipe", "matplotlib", "grpc", "torch", "scipy")


def section() -> Iterator[str]:
    """Lines of Markdown."""
    yield from (
        "## Starts",
        "",
        "Wall time from the start of a process to its first response, in seconds. Ours respond",
        "after they have processed an avatar. The minimum of three runs.",
        "",
    )
    with servers.running(), tempfile.TemporaryDirectory() as folder:
        yield from _starts(Path(folder))
    yield from (
        "Import time in milliseconds, by package, without nested imports (`python -X importtime`;",
        "the ten slowest packages):",
        "",
    )
    for function in ("landmarks", "segmentation"):
        yield from _imports(function)


def _starts(folder: Path) -> Iterator[str]:
    one_line = folder / "main.py"
    one_line.write_text(_ONE_LINE)
    message = servers.uploaded("start.png", png.encode_array(pictures.avatar()))
    start = partial(_start, folder, settings())
    framework = start("one_line", {}, one_line)
    landmarks = start("landmarks", body(message))
    segmentation = start("segmentation", body(Message(servers.prompts("start.png"), {})))
    yield from table(
        ["", "seconds", "relative to one line"],
        [
            ["functions-framework with one line", f"{framework:.2f}", ""],
            ["landmarks", f"{landmarks:.2f}", f"**{landmarks / framework:.2f}**"],
            ["segmentation", f"{segmentation:.2f}", f"**{segmentation / framework:.2f}**"],
        ],
    )


def settings() -> dict[str, str]:
    """Returns the settings of both functions for the running servers."""
    return {
        "INPUT_BUCKET": servers.INPUT,
        "OUTPUT_BUCKET": servers.OUTPUT,
        "PROMPTS_TOPIC": servers.TOPIC,
        "SAM2_PROVIDER": "toonmask",
        "SAM2_URL": f"{os.environ[servers.SAM2]}/v1/segment",
        "SAM2_AUTH": "none",
    }


def body(message: Message) -> dict[str, Any]:
    """Returns the body of Pub/Sub's push request for a message."""
    return pushed(message.data, message.attributes)


def _start(
    folder: Path,
    environment: Mapping[str, str],
    name: str,
    payload: Mapping[str, Any],
    source: Path | None = None,
) -> float:
    """Returns the wall time from the start of a function's process to its first response."""
    seconds = []
    for port in free_ports(_RUNS):
        with ProcessTree(folder / "logs") as tree:
            began = time.perf_counter()
            tree.start(name, function_command(name, port, source), environment, port)
            while not _responds(f"http://127.0.0.1:{port}/", payload):
                tree.check()
                time.sleep(_POLL_SECONDS)
            seconds.append(time.perf_counter() - began)
    return min(seconds)


def _responds(url: str, payload: Mapping[str, Any]) -> bool:
    with suppress(requests.ConnectionError):
        requests.post(url, json=payload, timeout=60).raise_for_status()
        return True
    return False


def _imports(function: str) -> Iterator[str]:
    """Yields the slowest packages, and the names of the imported heavy packages."""
    stderr = subprocess.run(
        [sys.executable, "-X", "importtime", str(ROOT / "functions" / function / "main.py")],
        env={**os.environ, **_bare_settings(), "PYTHONPATH": str(ROOT)},
        check=True,
        capture_output=True,
        text=True,
    ).stderr
    packages: Counter[str] = Counter()
    modules: Counter[str] = Counter()
    for line in stderr.splitlines():
        if line.startswith("import time:") and "[us]" not in line:
            own, _, name = line.removeprefix("import time:").split("|")
            package = _package(name.strip())
            packages[package] += int(own)
            modules[package] += 1
    rows = [
        [name, f"{own / 1000:.0f}", str(modules[name])]
        for name, own in packages.most_common(_MOST_PACKAGES)
    ]
    total = ["all", f"{packages.total() / 1000:.0f}", str(modules.total())]
    yield from table([function, "own ms", "modules"], [*rows, total])
    there = ", ".join(name for name in _HEAVY if name in packages) or "none"
    yield f"Of {', '.join(_HEAVY)} it imports: {there}."
    yield ""


def _bare_settings() -> dict[str, str]:
    return {"INPUT_BUCKET": "a-bucket", "OUTPUT_BUCKET": "another", "PROMPTS_TOPIC": servers.TOPIC}


def _package(module: str) -> str:
    """Returns the package of a module. Google's packages are in one namespace."""
    parts = module.split(".")
    return ".".join(parts[:3] if parts[0] == "google" else parts[:1])
