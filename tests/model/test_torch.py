import pytest

from tests.model.conftest import HAS_TORCH


def test_real_sam2_is_tested_here() -> None:
    if not HAS_TORCH:
        pytest.skip(
            "real SAM2 was not tested: it needs torch, some 3 GB to download; `make test-model` "
            "installs it and runs these tests"
        )
