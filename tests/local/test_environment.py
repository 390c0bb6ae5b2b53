"""Which Python `make` takes for its environment, with interpreters that say what they are.

They install uv as Python's own `venv` and `pip` do: by a link to the one that is here.
"""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tools.support.examples import ROOT

SCRIPT = ROOT / "local" / "environment.sh"
UV = Path(sys.prefix) / "bin" / "uv"
HERE = f"{sys.version_info.major}.{sys.version_info.minor}"

_PYTHON = """#!/bin/sh
case "$1 $2" in
  "-m venv") {venv} && mkdir -p "$3/bin" && cp "$0" "$3/bin/python" ;;
  "-m pip")
    {pip} || exit 1
    while [ $# -gt 0 ] && [ "$1" != --target ]; do shift; done
    bin=${{2:+$2/bin}}
    mkdir -p "${{bin:=$(dirname "$0")}}" && ln -s {uv} "$bin/uv" ;;
  "-c import sys; sys.exit"*) ;;
  *) {otherwise} ;;
esac
"""

_DOWNLOADING = """#!/bin/sh
echo "$@" >>{log}
case "$*" in *--no-python-downloads*) {wanted} || exit 2 ;; esac
for venv; do :; done
mkdir -p "$venv/bin"
printf '#!/bin/sh\\necho {version}\\n' >"$venv/bin/python"
chmod +x "$venv/bin/python"
"""


class Machine:
    """A PATH with a shell's tools, and the interpreters that a test puts there."""

    def __init__(self, folder: Path) -> None:
        self.venv, self.log, self._bin = folder / ".venv", folder / "log", folder / "bin"
        self._bin.mkdir()
        for tool in ("sh", "mktemp", "rm", "cp", "cat", "tail", "mkdir", "dirname", "ln", "chmod"):
            (found,) = [f for d in ("/usr/bin", "/bin") if (f := Path(d, tool)).exists()][:1]
            (self._bin / tool).symlink_to(found)

    def put(
        self,
        name: str,
        *,
        supported: bool = False,
        venv: bool = True,
        pip: bool = True,
        uv: Path = UV,
    ) -> None:
        """An interpreter. A supported one is the Python of these tests; the others run nothing."""
        real = Path(sys.base_prefix, "bin", f"python{HERE}")
        otherwise = f'exec {real} "$@"' if supported else "exit 1"
        truth = {True: "true", False: "false"}
        text = _PYTHON.format(venv=truth[venv], pip=truth[pip], uv=uv, otherwise=otherwise)
        self._program(name, text)

    def put_shim(self, name: str) -> None:
        """What pyenv has for a version that is not chosen."""
        self._program(name, f'#!/bin/sh\necho "pyenv: {name}: command not found" >&2\nexit 127\n')

    def put_into_pyenv(self) -> None:
        """The same Python where pyenv keeps what it installed."""
        self.put("python3", supported=True)
        folder = self._bin.parent / ".pyenv" / "versions" / f"{HERE}.1" / "bin"
        folder.mkdir(parents=True)
        (self._bin / "python3").rename(folder / "python3")

    def downloading_uv(self, version: str, *, installed: bool) -> Path:
        """A uv that finds this version where it may download, or here."""
        wanted = "true" if installed else "false"
        text = _DOWNLOADING.format(log=self.log, version=version, wanted=wanted)
        return self._program("a-uv", text)

    def _program(self, name: str, text: str) -> Path:
        file = self._bin / name
        file.write_text(text)
        file.chmod(0o755)
        return file

    def make(self, *wanted: str) -> subprocess.CompletedProcess[str]:
        """What make does, on this machine and without a network."""
        environment = {
            "PATH": str(self._bin),
            "HOME": str(self._bin.parent),
            "TMPDIR": os.environ.get("TMPDIR", "/tmp"),
            "UV_OFFLINE": "1",
            "UV_PYTHON_INSTALL_DIR": str(self._bin.parent / "none"),
        }
        return subprocess.run(
            ["/bin/sh", str(SCRIPT), str(self.venv), "0.0", *wanted],
            env=environment, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip

    def version(self) -> str:
        """Of the Python in the environment that was made."""
        command = [str(self.venv / "bin" / "python"), "-c", "import sys; print(sys.version)"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_the_python_that_fits_is_taken_beside_one_that_does_not(machine: Machine) -> None:
    machine.put("python3")
    machine.put(f"python{HERE}", supported=True)
    done = machine.make()
    assert done.returncode == 0, done.stderr
    assert machine.version().startswith(HERE)
    assert subprocess.run([machine.venv / "bin" / "uv", "--version"], check=False).returncode == 0


def test_a_python3_that_fits_needs_no_other_name(machine: Machine) -> None:
    machine.put("python3", supported=True)
    assert machine.make().returncode == 0
    assert machine.version().startswith(HERE)


def test_programs_of_pyenv_that_do_not_run_are_passed_over(machine: Machine) -> None:
    for name in ("python3", "python3.11", "python3.12"):
        machine.put_shim(name)
    machine.put("python3.13")
    machine.put("python", supported=True)
    done = machine.make()
    assert done.returncode == 0, done.stderr
    assert machine.version().startswith(HERE)


def test_one_that_pyenv_has_and_has_not_chosen_is_found(machine: Machine) -> None:
    machine.put_shim(f"python{HERE}")
    machine.put_into_pyenv()
    done = machine.make()
    assert done.returncode == 0, done.stderr
    assert machine.version().startswith(HERE)


def test_where_none_fits_uv_downloads_one(machine: Machine) -> None:
    machine.put("python3.13", uv=machine.downloading_uv("3.12", installed=False))
    done = machine.make()
    assert done.returncode == 0, done.stderr
    assert "uv downloads 3.12" in done.stdout
    tries = machine.log.read_text().splitlines()
    assert [re.findall(r"--no-python-downloads|3\.\d+", line) for line in tries] == [
        ["--no-python-downloads", "3.11"],
        ["--no-python-downloads", "3.12"],
        ["3.12"],
    ]


def test_where_none_fits_and_none_can_be_had_it_says_what_to_do(machine: Machine) -> None:
    machine.put("python3.13")
    done = machine.make()
    assert done.returncode == 1
    assert "Install Python 3.11 or 3.12" in done.stderr
    assert "PYTHON=/path/to/python3.12" in done.stderr
    assert not machine.venv.exists()


def test_without_any_python_it_says_which_to_install(machine: Machine) -> None:
    done = machine.make()
    assert done.returncode == 1
    assert "Please install Python 3.11 or 3.12" in done.stderr


def test_one_can_be_named(machine: Machine) -> None:
    machine.put("python3")
    machine.put("mine", supported=True)
    assert machine.make("mine").returncode == 0
    assert machine.version().startswith(HERE)


def test_one_that_is_named_and_does_not_fit_is_refused(machine: Machine) -> None:
    machine.put("python3", uv=machine.downloading_uv("3.13", installed=True))
    done = machine.make("python3")
    assert done.returncode == 1
    assert "PYTHON=python3 is Python 3.13, but the project needs 3.11 or 3.12." in done.stderr
    assert not machine.venv.exists()


def test_one_that_is_named_and_not_there_is_not_replaced(machine: Machine) -> None:
    machine.put("python3", supported=True)
    done = machine.make("/opt/python")
    assert done.returncode == 1
    assert "PYTHON=/opt/python" in done.stderr


def test_a_python_without_venv_does_with_its_pip(machine: Machine) -> None:
    machine.put("python3", supported=True, venv=False)
    assert machine.make().returncode == 0
    assert machine.version().startswith(HERE)


def test_a_python_without_venv_pip_and_network_names_the_package(machine: Machine) -> None:
    machine.put("python3", venv=False, pip=False)
    done = machine.make()
    assert done.returncode == 1
    assert "apt install python3-venv" in done.stderr


def test_the_versions_are_those_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    (supported,) = re.findall(r'^supported="(.*?)"', SCRIPT.read_text(), re.MULTILINE)
    first, last = (int(version.removeprefix("3.")) for version in supported.split())
    assert project["requires-python"] == f">=3.{first},<3.{last + 1}"
    assert f"Python {supported.replace(' ', ' or ')}" in (ROOT / "README.md").read_text()


def test_what_is_deployed_and_checked_is_the_first_of_them() -> None:
    """In all other places that name a version."""
    (supported,) = re.findall(r'^supported="(.*?) ', SCRIPT.read_text(), re.MULTILINE)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]
    dockerfile = (ROOT / "functions/sam2/Dockerfile").read_text()
    terraform = (ROOT / "terraform/modules/function/main.tf").read_text()
    assert project["mypy"]["python_version"] == supported
    assert project["ruff"]["target-version"] == "py" + supported.replace(".", "")
    assert re.findall(r"^FROM python:(\d\.\d+)\.", dockerfile, re.MULTILINE) == [supported]
    assert f'"python{supported.replace(".", "")}"' in terraform
