"""The settings of all functions, and those that the local system sets itself."""

from shared.api.settings import ApiSettings
from shared.sam2_server.settings import Sam2Settings
from shared.schemas.settings import (
    BucketSettings,
    LandmarksSettings,
    SegmentationSettings,
    Settings,
)

SETTINGS: dict[str, type[Settings]] = {
    "landmarks": LandmarksSettings,
    "segmentation": SegmentationSettings,
    "drain": BucketSettings,
    "sam2": Sam2Settings,
    "api": ApiSettings,
}
"""The settings of each function."""

PROJECT = "toonmask-local"
ATTEMPTS = 10
"""Deliveries of a message before it becomes a dead letter, as in terraform/messaging.tf."""

LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})
"""The names of this machine for itself."""

FIXED = {
    "INPUT_BUCKET": "toonmask-input",
    "OUTPUT_BUCKET": "toonmask-output",
    "MAX_DELIVERY_ATTEMPTS": str(ATTEMPTS),
    "TRACE_PROJECT": PROJECT,
    "PROMPTS_TOPIC": f"projects/{PROJECT}/topics/prompts",
    "UPLOADS_TOPIC": f"projects/{PROJECT}/topics/uploads",
    "TRUSTED_HOSTS": ",".join(sorted(LOOPBACK)),
}
"""Settings with fixed values on this machine. Values in the environment are ignored."""

WIRED = frozenset({"PUSH_ACCOUNT", "PUSH_CERTS_URL"})
"""Settings whose values local/stack.py computes at each start."""


def names_of(functions: list[str]) -> set[str]:
    """Returns the environment variables that these functions read."""
    return {name.upper() for function in functions for name in SETTINGS[function].model_fields}
