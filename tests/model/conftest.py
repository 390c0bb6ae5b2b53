"""Real SAM2 with a tiny random checkpoint: the tests of this folder need torch."""

import importlib.util
from pathlib import Path

import pytest

HAS_TORCH = importlib.util.find_spec("torch") is not None

# They import torch; test_torch.py says that they are left out.
collect_ignore = (
    []
    if HAS_TORCH
    else ["test_local_run.py", "test_model.py", "test_networks.py", "test_pins.py", "test_image.py"]
)


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A folder with a model that `from_pretrained` can read."""
    from tests.model import tiny  # noqa: PLC0415 it needs torch

    return tiny.write(Path(tmp_path_factory.mktemp("checkpoint")))


@pytest.fixture(scope="session")
def video_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The same in the format of huggingface.co."""
    from tests.model import tiny  # noqa: PLC0415 it needs torch

    return tiny.write_video(Path(tmp_path_factory.mktemp("checkpoint")))


@pytest.fixture(scope="session")
def edgetam_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> str:
    """EdgeTAM in the same format."""
    from tests.model import tiny  # noqa: PLC0415 it needs torch

    return tiny.write_edgetam(Path(tmp_path_factory.mktemp("checkpoint")))
