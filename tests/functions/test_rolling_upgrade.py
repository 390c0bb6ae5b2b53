"""While a new version of one function runs beside an old one of the other, no upload is lost."""

import json
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pytest

from shared import VERSION
from tests.hostile.functions import Functions, running
from tools.support.examples import EXAMPLES
from tools.support.next_version import ADDED, NextVersion

FACE = (EXAMPLES / "micah_01.png").read_bytes()


@pytest.fixture(params=["landmarks", "segmentation"])
def upgrading(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, Functions]]:
    """One function has the new version, the other one the old."""
    newer = NextVersion(tmp_path / "newer").environment()
    changes = {request.param: newer}
    with mock.patch.dict("os.environ"), running(tmp_path / "logs", changes) as functions:
        yield request.param, functions


def test_an_upload_passes_both_functions_whichever_is_newer(
    upgrading: tuple[str, Functions],
) -> None:
    new, functions = upgrading
    blob = functions.upload("cat.png", FACE, "image/png")
    assert functions.announce(blob) == 200
    assert functions.forward() == 200
    result = functions.result("cat.png/")
    assert (result["status"], len(result["instances"])) == ("degraded", 1)
    prompts = json.loads(functions.results.blob("cat.png/prompts.json").download_as_bytes())
    for part in (prompts, prompts["source"], prompts["instances"][0]):
        assert (ADDED in part) == (new == "landmarks")
    for part in (result, result["instances"][0]):
        assert (ADDED in part) == (new == "segmentation")
    made_by = NextVersion.version if new == "segmentation" else VERSION
    assert result["versions"]["toonmask"] == made_by
