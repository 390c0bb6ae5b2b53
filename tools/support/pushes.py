"""Builds push requests like those of Pub/Sub, and their tokens."""

import base64
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import requests

from local.stack import Stack

_NONE: Mapping[str, str] = MappingProxyType({})


def pushed(data: bytes, attributes: Mapping[str, str] = _NONE) -> dict[str, Any]:
    """Returns the body of a push request."""
    encoded = base64.b64encode(data).decode()
    message = {"data": encoded, "attributes": dict(attributes), "messageId": "1"}
    return {"message": message, "subscription": "projects/a-project/subscriptions/a"}


def authorisation(system: Stack, url: str) -> dict[str, str]:
    """Returns headers with the broker's identity token for the function at this URL."""
    metadata = f"http://127.0.0.1:{system.metadata_port}/computeMetadata/v1/instance"
    response = requests.get(
        f"{metadata}/service-accounts/default/identity",
        params={"audience": url},
        headers={"Metadata-Flavor": "Google"},
        timeout=10,
    )
    response.raise_for_status()
    return {"Authorization": f"Bearer {response.text}"}
