"""Messages as Pub/Sub pushes them."""

import base64
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

_NONE: Mapping[str, str] = MappingProxyType({})


def pushed(data: bytes, attributes: Mapping[str, str] = _NONE) -> dict[str, Any]:
    """The body of a push request."""
    encoded = base64.b64encode(data).decode()
    message = {"data": encoded, "attributes": dict(attributes), "messageId": "1"}
    return {"message": message, "subscription": "projects/a-project/subscriptions/a"}
