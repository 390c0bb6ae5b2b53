"""Calls to a JSON service: what errors say about the key."""

import pytest

from shared.gcp.id_tokens import BearerKey
from shared.runtime.deadline import Deadline
from shared.schemas.errors import Permanent
from shared.segmentation.sam2.transport import JsonService
from tests.endpoint import serving


@pytest.mark.parametrize("key", ["secret\n", "secret é"])
def test_an_error_does_not_contain_an_invalid_key(key: str) -> None:
    with serving() as endpoint:
        service = JsonService(endpoint.url, BearerKey(key), 5)
        with pytest.raises(Permanent, match="The key for") as caught:
            service.post({}, Deadline.after(5))
    assert "secret" not in str(caught.value)
