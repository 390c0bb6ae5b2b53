"""The name and the revision of a checkpoint."""

from pathlib import Path

import pytest

from shared.sam2_server.checkpoint import identify
from shared.sam2_server.checkpoint_files import CheckpointFiles, find


def test_the_revision_is_a_digest_of_the_weights(tmp_path: Path) -> None:
    revisions = []
    for content in (b"one", b"other", b"one"):
        (tmp_path / "model.safetensors").write_bytes(content)
        revisions.append(identify(find(str(tmp_path))).revision)
    assert None not in revisions
    assert revisions[0] == revisions[2] != revisions[1]


def test_without_weights_there_is_no_revision(tmp_path: Path) -> None:
    assert identify(find(str(tmp_path))).revision is None


@pytest.mark.parametrize("name", ["my weights", "gewichte-ü", "x" * 200])
def test_any_folder_has_a_name_that_answers_may_carry(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    folder.mkdir()
    part = identify(find(str(folder)))
    assert part.version.name == part.checkpoint
    assert len(part.version.name) <= 150


def test_a_model_of_the_hub_has_its_commit(tmp_path: Path) -> None:
    part = identify(CheckpointFiles(tmp_path, "facebook/sam2.1-hiera-tiny", "0123abc"))
    assert str(part.version) == "sam2.1-hiera-tiny@0123abc"
