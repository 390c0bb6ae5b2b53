"""Fixtures for operations on a running system."""

import json
import uuid
from pathlib import Path

import pytest

from local.stack import Stack


@pytest.fixture
def folder() -> str:
    """A prefix for uploads that no other test uses."""
    return uuid.uuid4().hex[:8]


@pytest.fixture
def root(system: Stack, tmp_path: Path) -> Path:
    """A folder with the file that `make up` writes."""
    (tmp_path / "up").mkdir()
    (tmp_path / "up" / "running.json").write_text(json.dumps(system.environment))
    return tmp_path / "up"
