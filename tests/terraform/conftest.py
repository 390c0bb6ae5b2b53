"""Fixtures: a copy of the configuration, initialised with the stand-in providers."""

import json
import os
import shutil
import stat
import subprocess
import sys
from collections import ChainMap
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from tools.deployment.terraform_check import copy_configuration, plan, variants
from tools.support.examples import ROOT

_PROVIDER = Path(__file__).parent / "provider.py"
_SCHEMAS = sorted((Path(__file__).parent / "schemas").glob("*.json"))
PACKAGES = ("tf==1.2.0", "msgpack==1.2.1")
Done: TypeAlias = "subprocess.CompletedProcess[str]"
Terraform = Callable[..., Done]


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the copy."""
    return tmp_path_factory.mktemp("terraform")


@pytest.fixture(scope="session")
def terraform(place: Path) -> Iterator[Terraform]:
    """A function that runs terraform in the copy, and returns the completed process."""
    binary = shutil.which("terraform")
    if binary is None:
        pytest.skip("terraform is not on PATH: install 1.11 or newer to check terraform/ with it")
    copy_configuration(place)
    python = _environment(place / "python")
    environment = {
        **os.environ,
        "TF_CLI_CONFIG_FILE": str(_mirror(place, python)),
        "TF_IN_AUTOMATION": "1",
    }

    def run(*arguments: str, folder: str = "terraform") -> Done:
        return subprocess.run(
            [binary, *arguments],
            cwd=place / folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=800,
        )

    done = run("init", "-input=false", "-no-color")
    assert done.returncode == 0, done.stdout + done.stderr
    with ExitStack() as providers:
        started = [providers.enter_context(_started(python, file, place)) for file in _SCHEMAS]
        environment["TF_REATTACH_PROVIDERS"] = json.dumps(dict(ChainMap(*started)))
        yield run


@pytest.fixture
def empty_models(place: Path) -> Iterator[None]:
    """The models have no content: plans do not depend on it, and with it each takes seconds."""
    files = sorted(place.glob("shared/*/models/*.base64"))
    contents = [file.read_bytes() for file in files]
    for file in files:
        file.write_bytes(b"")
    try:
        yield
    finally:
        for file, content in zip(files, contents, strict=True):
            file.write_bytes(content)


@contextmanager
def _started(python: Path, schema: Path, place: Path) -> Iterator[dict[str, object]]:
    """Runs a provider for all commands, so that not each command starts it several times.

    Yields its address, as in TF_REATTACH_PROVIDERS.
    """
    command = [str(python), "-u", str(_PROVIDER), str(schema), "--dev"]
    with subprocess.Popen(
        command, cwd=place / "terraform", stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        line = next(line for line in process.stdout if "TF_REATTACH_PROVIDERS=" in line)
        try:
            yield json.loads(line.partition("'")[2].rpartition("'")[0])
        finally:
            process.kill()


@pytest.fixture(scope="session")
def planned(terraform: Terraform) -> dict[str, Any]:
    """The changes of a new deployment with everything, by addresses. Writes the functions' zips."""
    return changes_of(terraform, variants()["everything"])


def changes_of(terraform: Terraform, variant: Path, *options: str) -> dict[str, Any]:
    """Plans a variant; returns the changes that it makes, by addresses."""
    plan(terraform, variant, "-out=plan", *options)
    changes = json.loads(terraform("show", "-json", "plan").stdout)["resource_changes"]
    found = {change["address"]: change["change"] for change in changes}
    return {name: change for name, change in found.items() if change["actions"] != ["no-op"]}


def _mirror(place: Path, python: Path) -> Path:
    """Creates a file-system mirror of the stand-in providers; returns its CLI configuration."""
    for file in _SCHEMAS:
        about = json.loads(file.read_text())
        name, version = about["provider"], about["version"]
        home = place / "mirror/registry.terraform.io/hashicorp" / name / version / _platform()
        home.mkdir(parents=True)
        binary = home / f"terraform-provider-{name}_v{version}"
        binary.write_text(f'#!/bin/sh\nexec "{python}" "{_PROVIDER}" "{file}"\n')
        binary.chmod(binary.stat().st_mode | stat.S_IXUSR)
    config = place / "terraformrc"
    mirror = f'filesystem_mirror {{\n    path = "{place / "mirror"}"\n  }}'
    config.write_text(f"provider_installation {{\n  {mirror}\n}}\n")
    return config


def _environment(place: Path) -> Path:
    uv = str(ROOT / ".venv/bin/uv")
    subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, str(place)], check=True)
    python = place / "bin/python"
    install = [uv, "pip", "install", "--quiet", "--python", str(python), *PACKAGES]
    subprocess.run(install, check=True)
    return python


def _platform() -> str:
    machine = {"x86_64": "amd64", "aarch64": "arm64", "arm64": "arm64"}[os.uname().machine]
    return f"{os.uname().sysname.lower()}_{machine}"
