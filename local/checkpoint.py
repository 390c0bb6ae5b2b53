"""Downloads the weights of real SAM2 before the system starts, so that a person sees it."""

from rich.console import Console

from shared.sam2_server import checkpoint_files
from shared.sam2_server.settings import Sam2Settings
from shared.schemas.environment import read


def fetched(console: Console) -> dict[str, str]:
    """Downloads the configured checkpoint; returns settings for a service that uses it as it is.

    Does nothing without SAM2_BACKEND=sam2. huggingface_hub draws the progress bar.

    Raises:
        BadSettings: a variable has an invalid value.
        CheckpointUnavailable: the checkpoint cannot be downloaded.
        ValueError: its name has no commit, or its weights are not the pinned ones.
    """
    settings = read(Sam2Settings)
    if settings.sam2_backend != "sam2":
        return {}
    console.print(f"SAM2 with the checkpoint {settings.sam2_checkpoint}", highlight=False)
    checkpoint_files.find(settings.sam2_checkpoint)
    return {"HF_HUB_OFFLINE": "1"}
