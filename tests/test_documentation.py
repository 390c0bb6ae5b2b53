import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.documentation import generated
from tools.support.examples import ROOT

PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")]
PAGES.append(ROOT / "terraform/README.md")
PAGES += sorted((ROOT / "docs").glob("*.md"))
MAKEFILE = (ROOT / "Makefile").read_text()
TARGETS = set(re.findall(r"^([a-z0-9-]+):", MAKEFILE, re.MULTILINE))

SOURCES = [
    file
    for folder in ("shared", "local", "functions")
    for file in sorted((ROOT / folder).rglob("*.py"))
    if ".venv" not in file.parts
]
FILES = {
    file.relative_to(ROOT).as_posix()
    for pattern in ("*", "docs/**/*", "examples/**/*", "functions/**/*", "local/**/*",
                    "shared/**/*", "terraform/**/*", "tests/**/*", "tools/**/*")
    for file in ROOT.glob(pattern)
}  # fmt: skip
CODE = MAKEFILE + "".join(
    file.read_text()
    for pattern in ("shared/**/*.py", "local/**/*.py", "local/*.sh", "tests/**/*.py",
                    "tools/**/*.py", "terraform/**/*.tf")
    for file in ROOT.glob(pattern)
)  # fmt: skip

_PLACE = re.compile(
    r"(?<![\w./*{}<-])((?:shared|local|tests|tools|functions|docs|terraform)/[\w./-]*\w"
    r"|\w[\w/-]*\.(?:py|md|tf|hcl|sh|yaml))(?![\w*{}<])"
)
_BLOCK = re.compile(r"^```\n(.*?)^```", re.MULTILINE | re.DOTALL)
_MADE = re.compile(r"`make ([a-z0-9-]+)")
_MADE_IN_BLOCK = re.compile(r"^make ([a-z0-9-]+)", re.MULTILINE)
_VARIABLE = re.compile(r"`([A-Z][A-Z0-9_]{2,})(?:=[^`]*)?`")


def _prose(source: Path) -> str:
    """A module's docstrings and comments."""
    tokens = tokenize.generate_tokens(io.StringIO(source.read_text()).readline)
    return "\n".join(
        token.string
        for token in tokens
        if token.type == tokenize.COMMENT
        or (token.type == tokenize.STRING and token.string.startswith('"""'))
    )


def _said() -> Iterator[tuple[Path, str]]:
    """What people are told: pages, but for the history, and what the code says about itself."""
    for page in PAGES:
        if page.name != "CHANGELOG.md":
            yield page, page.read_text()
    for source in SOURCES:
        yield source, _prose(source)


def _named(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


SAID = list(_said())


@pytest.mark.parametrize("file", generated(), ids=lambda file: file.name)
def test_generated_pages_are_those_of_the_code(file: Path) -> None:
    assert file.read_text() == generated()[file], "run `make docs`"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text()):
        assert target.startswith("https://") or (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_anchors_are_headings(page: Path) -> None:
    for target, anchor in re.findall(r"\]\(([^)#:]*)#([^)]+)\)", page.read_text()):
        headings = re.findall(
            r"^#+ (.+)$", (page.parent / target if target else page).read_text(), re.MULTILINE
        )
        slugs = [re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings]
        assert anchor in slugs, f"{target}#{anchor}"


_OF_USERS = {
    "data.yaml",
    "terraform/backend.tf",
    "terraform/deployments/PROJECT/PREFIX.tfvars",
    "terraform/deployments/PROJECT/toonmask.tfvars",
    "terraform/terraform.tfstate.d",
}
"""Files that a deployment or an export creates."""


def test_every_file_that_is_named_is_there() -> None:
    names = {file.rsplit("/", 1)[-1] for file in FILES}
    missing = [
        f"{_named(file)}: {place}"
        for file, text in SAID
        for place in _PLACE.findall(text)
        if place not in FILES | names | _OF_USERS and not (file.parent / place).exists()
    ]
    assert missing == []


def test_every_make_target_that_is_named_exists() -> None:
    missing = [
        f"{_named(file)}: make {target}"
        for file, text in SAID
        for target in [*_MADE.findall(text), *_MADE_IN_BLOCK.findall("".join(_BLOCK.findall(text)))]
        if target not in TARGETS
    ]
    assert missing == []


def test_every_variable_that_a_page_names_is_one_of_the_code() -> None:
    missing = [
        f"{_named(file)}: {name}"
        for file, text in SAID
        if file in PAGES
        for name in _VARIABLE.findall(text)
        if not re.search(rf"\b({name}|{name.lower()})\b", CODE)
    ]
    assert missing == []


PACKAGES = sorted(path.parent.name for path in (ROOT / "shared").glob("*/__init__.py"))


def test_the_architecture_names_every_package() -> None:
    text = (ROOT / "docs/architecture.md").read_text()
    assert sorted(set(re.findall(r"`shared/(\w+)/`", text))) == PACKAGES


def test_ci_runs_the_readmes_test_commands() -> None:
    for command in ("make test\n", "make test-slow", "make test-model\n"):
        assert command in (ROOT / ".ci" / "run").read_text()
        assert command.strip() in (ROOT / "README.md").read_text()
