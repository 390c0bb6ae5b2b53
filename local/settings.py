"""Whose settings there are on this machine, and which of them the local system sets itself."""

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
"""Of each function."""

PROJECT = "toonmask-local"
ATTEMPTS = 10

LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})
"""The names of this machine for itself."""

FIXED = {
    "INPUT_BUCKET": "toonmask-input",
    "OUTPUT_BUCKET": "toonmask-output",
    "MAX_DELIVERY_ATTEMPTS": str(ATTEMPTS),
    "TRACE_PROJECT": PROJECT,
    "PROMPTS_TOPIC": f"projects/{PROJECT}/topics/prompts",
    "TRUSTED_HOSTS": ",".join(sorted(LOOPBACK)),
}
"""What the functions here are given, whatever the environment says."""

WIRED = frozenset({"PUSH_ACCOUNT", "PUSH_CERTS_URL"})
"""What else local/stack.py gives them, new at each start."""


def names_of(functions: list[str]) -> set[str]:
    """The variables that these functions read."""
    return {name.upper() for function in functions for name in SETTINGS[function].model_fields}
