"""While a new version of one function runs beside an old one of the other, no upload is lost."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pytest

from tests.conftest import EXAMPLES, ROOT
from tests.hostile.functions import Functions, running

FACE = (EXAMPLES / "micah_01.png").read_bytes()

_NEW_FIELDS = {
    "shared/documents.py": ["Source", "PromptsDocument", "ResultDocument", "Instance"],
    "shared/prompts.py": ["Prompt"],
}
"""Models that are written as JSON, and that the next version adds a field to."""

_ADDED = 'added: str = "by the next version"'


@pytest.fixture(scope="module")
def newer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tree of the next version."""
    tree = tmp_path_factory.mktemp("newer")
    for part in ("shared", "functions"):
        shutil.copytree(ROOT / part, tree / part)
    for file, models in _NEW_FIELDS.items():
        text = (tree / file).read_text()
        for model in models:
            text, count = re.subn(
                rf'(class {model}\(Record\):\n    """.*?"""\n)',
                rf"\1\n    {_ADDED}\n",
                text,
                count=1,
                flags=re.DOTALL,
            )
            assert count == 1, model
        (tree / file).write_text(text)
    version = tree / "shared" / "__init__.py"
    version.write_text(re.sub(r'VERSION = ".*"', 'VERSION = "99.0.0"', version.read_text()))
    return tree


@pytest.fixture(params=["landmarks", "segmentation"])
def upgrading(
    request: pytest.FixtureRequest, newer: Path, tmp_path: Path
) -> Iterator[tuple[str, Functions]]:
    """One function is new already, the other still old."""
    with mock.patch.dict("os.environ"), running(tmp_path, {request.param: newer}) as functions:
        yield request.param, functions


def test_an_upload_passes_both_functions_whichever_is_newer(
    upgrading: tuple[str, Functions],
) -> None:
    new, functions = upgrading
    blob = functions.upload("cat.png", FACE, "image/png")
    assert functions.announce(blob) == 200
    assert functions.hand_on() == 200
    result = functions.result("cat.png/")
    assert (result["status"], len(result["instances"])) == ("degraded", 1)
    prompts = json.loads(functions.results.blob("cat.png/prompts.json").download_as_bytes())
    assert ("added" in prompts, "added" in prompts["source"], "added" in result) == (
        new == "landmarks",
        new == "landmarks",
        new == "segmentation",
    )
    assert result["versions"]["toonmask"] == ("99.0.0" if new == "segmentation" else "0.1.0")
