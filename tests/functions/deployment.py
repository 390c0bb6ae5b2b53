"""Builds and starts a function as Google Cloud does.

The commands are those of Google's Python buildpack (GoogleCloudPlatform/buildpacks, commit
21f28de8): cmd/python/uv/lib/lib.go calls InstallUV and UVInstallDependenciesAndConfigureEnv in
pkg/python/pyproject.go.
"""

import os
import platform
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path

from local.processes import ProcessTree, free_ports

_SECONDS = 280


def build(function: Path, layers: Path) -> Path:
    """Installs the function's dependencies into `layers`; returns the virtual environment.

    Raises:
        CalledProcessError: a command fails, and so the build in the cloud would.
    """
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in ("VIRTUAL_ENV", "PYTHONPATH", "PYTHONUSERBASE")
    }
    tools = layers / "uv"
    _run(
        [
            sys.executable, "-m", "pip", "install", "--target", str(tools), "--no-compile",
            "--disable-pip-version-check", f"uv{required_version(function)}",
        ],
        function,
        environment,
    )  # fmt: skip
    # where the buildpack's python3 is the one of the function's runtime
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    uv, venv, python = str(tools / "bin/uv"), layers / ".venv", platform.python_version()
    environment["VIRTUAL_ENV"] = str(venv)
    _run([uv, "venv", str(venv), "--clear", "--python", python], function, environment)
    _run([uv, "sync", "--active", "--link-mode=copy", "--python", python], function, environment)
    _run([uv, "pip", "check"], function, environment)
    return venv


def deployed(tree: ProcessTree, function: str, place: Path, settings: Mapping[str, str]) -> str:
    """Builds and starts the function whose code is in `place`; returns its URL."""
    venv = build(place, place.with_name(f"{place.name}-layers"))
    (port,) = free_ports(1)
    command = [str(venv / "bin/functions-framework"), "--target", function]
    where = ["--source", str(place / "main.py"), "--host", "127.0.0.1", "--port", str(port)]
    tree.start(function, [*command, *where], settings, port)
    tree.await_ready()
    return f"http://127.0.0.1:{port}/"


def required_version(function: Path) -> str:
    """Returns the version of uv that the buildpack installs, as a specifier."""
    settings = tomllib.loads((function / "pyproject.toml").read_text())
    version: str = settings["tool"]["uv"]["required-version"]
    return version


def _run(command: list[str], folder: Path, environment: Mapping[str, str]) -> None:
    subprocess.run(command, cwd=folder, env=environment, check=True, timeout=_SECONDS)
