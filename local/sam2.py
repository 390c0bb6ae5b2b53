"""Real SAM2 on this machine: downloads its weights, and waits until they are loaded."""

import time
from http import HTTPStatus

import requests
from rich.console import Console

from local.processes import ChildDied
from shared.sam2_server import checkpoint_files
from shared.sam2_server.settings import Sam2Settings
from shared.schemas.environment import BadSettings, read

_LOAD_SECONDS = 300
"""Timeout for the service to load its model. Chosen by hand: a GPU needs half a minute."""

_POLL_SECONDS = 0.1


def fetched(console: Console) -> dict[str, str]:
    """Downloads the configured checkpoint; returns settings for a service that uses it as it is.

    Does nothing without SAM2_BACKEND=sam2. huggingface_hub draws the progress bar.

    Raises:
        BadSettings: a variable has an invalid value, or the checkpoint cannot be had.
    """
    settings = read(Sam2Settings)
    if settings.sam2_backend != "sam2":
        return {}
    console.print(f"SAM2 with the checkpoint {settings.sam2_checkpoint}", highlight=False)
    try:
        checkpoint_files.find(settings.sam2_checkpoint)
    except (checkpoint_files.CheckpointUnavailable, ValueError) as error:
        raise BadSettings(str(error)) from error
    return {"HF_HUB_OFFLINE": "1"}


def await_model(port: int) -> None:
    """Waits until the SAM2 service at `port` has loaded its model.

    Raises:
        ChildDied: it cannot load it, or takes too long. The message has the service's error.
    """
    url = f"http://127.0.0.1:{port}/healthz"
    until = time.monotonic() + _LOAD_SECONDS
    while True:
        health = requests.get(url, timeout=_LOAD_SECONDS)
        if health.status_code != HTTPStatus.SERVICE_UNAVAILABLE:
            break
        if time.monotonic() > until:
            raise ChildDied(f"The SAM2 service has not loaded its model in {_LOAD_SECONDS} s.")
        time.sleep(_POLL_SECONDS)
    if not health.ok:
        raise ChildDied(f"The SAM2 service cannot load its model: {health.json()['error']}")
