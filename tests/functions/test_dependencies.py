import re
import sys
import tomllib

import pytest

from tools.function_imports import DISTRIBUTIONS, FUNCTIONS, closure, distributions_of, imported_by
from tools.support.examples import ROOT


def _named(function: str) -> set[str]:
    project = tomllib.loads((ROOT / "functions" / function / "pyproject.toml").read_text())
    groups = project.get("dependency-groups", {}).values()
    lines = [*project["project"]["dependencies"], *(line for group in groups for line in group)]
    found = {re.match(r"[\w-]+", line) for line in lines if isinstance(line, str)}
    return {match.group() for match in found if match}


def _locked(path: str) -> dict[str, str]:
    lock = tomllib.loads((ROOT / path / "uv.lock").read_text())
    return {package["name"]: package["version"] for package in lock["package"]}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_names_just_the_packages_that_it_imports(function: str) -> None:
    assert _named(function) == distributions_of(ROOT / "functions" / function / "main.py")


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_import_of_a_function_is_ours_known_or_pythons(function: str) -> None:
    """A new dependency must be added to DISTRIBUTIONS, or the test above does not see it."""
    for source in closure(ROOT / "functions" / function / "main.py"):
        for name in imported_by(source):
            known = any(name == m or f"{name}.".startswith(f"{m}.") for m in DISTRIBUTIONS)
            top = name.split(".")[0]
            part_of_ours = top in ("shared", "functions")
            package = any(module.startswith(f"{name}.") for module in DISTRIBUTIONS)
            assert known or part_of_ours or package or top in sys.stdlib_module_names, (
                f"{source.relative_to(ROOT)} imports {name}"
            )


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_is_locked_to_the_versions_that_the_tests_ran_with(function: str) -> None:
    root, own = _locked("."), _locked(f"functions/{function}")
    del own[f"toonmask-{function}"]
    different = {name: version for name, version in own.items() if root.get(name) != version}
    assert not different, "run `make lock`"


@pytest.mark.parametrize(
    "package",
    ["mediapipe", "ai-edge-litert", "matplotlib", "grpcio", "google-cloud-pubsub", "torch"],
)
def test_segmentation_carries_nothing_heavy(package: str) -> None:
    assert package not in _locked("functions/segmentation")


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_functions_file_only_wires(function: str) -> None:
    lines = (ROOT / "functions" / function / "main.py").read_text().splitlines()
    assert len(lines) <= 60


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_function_bounds_what_its_server_waits_for(function: str) -> None:
    """How: tests/functions/test_bounded_worker.py. In the cloud the framework imports this file."""
    assert (
        "\nbounded_worker.bound_requests()\n"
        in (ROOT / "functions" / function / "main.py").read_text()
    )


def test_shared_imports_no_function_and_nothing_imports_local() -> None:
    for folder, forbidden in (
        ("shared", {"functions", "local", "tests", "tools"}),
        ("functions", {"local", "tests", "tools"}),
        ("tools", {"functions", "tests"}),
        ("local", {"functions", "tests", "tools"}),
    ):
        for file in (ROOT / folder).rglob("*.py"):
            if ".venv" not in file.parts:
                assert not {name.split(".")[0] for name in imported_by(file)} & forbidden, file
