"""Runs a Dockerfile's steps without Docker: the same commands, files and environment in a folder.

While a stage runs, its /app is `place`/app, so absolute paths in files stay valid in stages that
copy them. A new virtual environment replaces the image's Python.
"""

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path

from dockerfile_parse import DockerfileParser

_NOT_INSIDE = frozenset({"VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME"})


class Build:
    """The build of one target of a Dockerfile, from the files in `context`."""

    def __init__(
        self, dockerfile: Path, context: Path, place: Path, arguments: Mapping[str, str]
    ) -> None:
        self._context, self._place, self.arguments = context, place, arguments
        self.app = place / "app"
        self.environment: dict[str, str] = {}
        self.labels: dict[str, str] = {}
        self.command: list[str] = []
        self.user = "root"
        self._stages = _stages(dockerfile)
        python = place / "python"
        subprocess.run([sys.executable, "-m", "venv", str(python)], check=True)
        kept = {name: os.environ[name] for name in os.environ if name not in _NOT_INSIDE}
        self._outside = {**kept, "PATH": f"{python / 'bin'}:/usr/bin:/bin"}

    def run(self, stage: str) -> None:
        """Runs all stages that the stage needs, then the stage, into `app`."""
        parent, steps = self._stages[stage]
        for source in {_copied_from(value) for step, value in steps if step == "COPY"} - {None}:
            built = self._place / str(source)
            if not built.exists():  # several stages may copy from it
                self.run(str(source))
                self.app.rename(built)
        if parent in self._stages:
            self.run(parent)
        else:
            self.app.mkdir()
            self.environment = dict(self._outside)
        for step, value in steps:
            getattr(self, f"_{step.lower()}")(value)

    @property
    def start(self) -> list[str]:
        """The image's command, in its working directory."""
        return ["/bin/sh", "-c", f"cd {self.app} && exec {shlex.join(self.command)}"]

    def _workdir(self, value: str) -> None:
        assert value == "/app"

    def _env(self, value: str) -> None:
        for pair in shlex.split(value):
            name, _, text = pair.partition("=")
            text = text.replace("/app", str(self.app)).replace("$PATH", self.environment["PATH"])
            self.environment[name] = text

    def _arg(self, value: str) -> None:
        name, _, default = value.partition("=")
        self.environment[name] = self.arguments.get(name, default)

    def _run(self, value: str) -> None:
        command = ["/bin/sh", "-e", "-c", value]
        subprocess.run(command, cwd=self.app, env=self.environment, check=True, timeout=600)

    def _copy(self, value: str) -> None:
        source = _copied_from(value)
        root = self._place / source if source else self._context
        *names, target = (part for part in value.split() if not part.startswith("--"))
        for name in names:
            found = root / name.removeprefix("/app").removeprefix("/")
            if found.is_dir():
                ignored = None if source else shutil.ignore_patterns("__pycache__", ".venv")
                into = self.app / target
                shutil.copytree(found, into, symlinks=True, ignore=ignored, dirs_exist_ok=True)
            else:
                into = self.app / target / (found.name if target.endswith("/") else "")
                into.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(found, into)

    def _label(self, value: str) -> None:
        pairs = (pair.partition("=") for pair in shlex.split(value))
        self.labels |= {name: text for name, _, text in pairs}

    def _user(self, value: str) -> None:
        self.user = value

    def _expose(self, value: str) -> None:
        assert value == "8080"

    def _cmd(self, value: str) -> None:
        self.command = json.loads(value)


def _stages(dockerfile: Path) -> dict[str, tuple[str, list[tuple[str, str]]]]:
    """Returns the parent and the steps of each stage."""
    parser = DockerfileParser(fileobj=BytesIO(dockerfile.read_bytes()))
    stages: dict[str, tuple[str, list[tuple[str, str]]]] = {}
    for part in parser.structure:
        step, value = part["instruction"], part["value"]
        if step == "FROM":
            parent, _, name = value.split()
            stages[name] = (parent, [])
        elif step != "COMMENT":
            stages[list(stages)[-1]][1].append((step, value))
    return stages


def _copied_from(value: str) -> str | None:
    return next((p.partition("=")[2] for p in value.split() if p.startswith("--from=")), None)
