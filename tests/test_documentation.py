import re
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.documentation import generated

PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", ROOT / "terraform/README.md"]
PAGES += sorted((ROOT / "docs").glob("*.md"))


@pytest.mark.parametrize("file", generated(), ids=lambda file: file.name)
def test_generated_pages_are_those_of_the_code(file: Path) -> None:
    assert file.read_text() == generated()[file], "run `make docs`"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text()):
        assert target.startswith("https://") or (page.parent / target).exists(), target


def test_every_make_target_that_the_readme_names_exists() -> None:
    targets = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"\bmake ([a-z0-9-]+)", (ROOT / "README.md").read_text())) <= targets


def test_ci_runs_the_readmes_test_commands() -> None:
    for command in ("make test\n", "make test-model\n"):
        assert command in (ROOT / ".ci" / "run").read_text()
        assert command.strip() in (ROOT / "README.md").read_text()
