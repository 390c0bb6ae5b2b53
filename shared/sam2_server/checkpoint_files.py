"""Finds the files of a SAM2 checkpoint: in a folder, or in one commit at huggingface.co.

Imports nothing else of `shared`. The build of the image runs functions/sam2/bake.py with this file
alone, so that no other change downloads the weights again.
"""

import errno
import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Pin:
    """A commit of a model at huggingface.co, and the SHA-256 of its weights if it is known."""

    commit: str
    sha256: str | None = None


PINS = {
    "facebook/sam2.1-hiera-tiny": Pin(
        "de431c4043854a71d8101e17995dfe596bf101a5",
        "48c14467e5cf9e51870511feb72c89688e82dd74523142c0538b663e193ac2a7",
    ),
    "facebook/sam2.1-hiera-small": Pin(
        "ee5bba1d82bb8749febdf90f45e84b687142ba03",
        "0a4067b11ce1e23d5229203f11c718a823060d15a4b23fa2372a7d4b77cbbc60",
    ),
    "facebook/sam2.1-hiera-base-plus": Pin(
        "b7320756a13354e7530a63935656d35b2f91a290",
        "2012733a0de5d03efd1bba550a2847c4551be9ef2e0d497c83074df66189f780",
    ),
    "facebook/sam2.1-hiera-large": Pin(
        "665f8e2ad61cf5f53d65644ff27c8ee525124610",
        "dc407dce21301fd94abb395c5099b4f2c455fdc8a8f261ac3d0ea6d4cd197230",
    ),
    "yonigozlan/EdgeTAM-hf": Pin(
        "c266ce53b3fc00f0f495b583f6a116c4e57f53bb",
        "8858f8e4757b0b96dab8763f296ecffd845efbbbf698f64163cfa20a63d5fff4",
    ),
}
"""The checkpoints that need no commit in their name. At least three independent public repositories
on GitHub name each commit and each digest; huggingface.co could not be asked (docs/sam2.md)."""

WEIGHTS = "*.safetensors"
"""The only weights that are loaded. The other formats are pickles, which can run code."""

_LOADED = ("*.json", WEIGHTS)

OFFLINE = {"local_files_only": True, "trust_remote_code": False}
"""Options of `from_pretrained` for the folder of a checkpoint: nothing is downloaded, and no code
that came with a checkpoint runs."""

_WEIGHTS_FILE = "model.safetensors"
_COMMIT = re.compile("[0-9a-f]{40}")


class CheckpointUnavailable(OSError):
    """The files of a checkpoint cannot be downloaded. The message says why and what to do."""


@dataclass(frozen=True, slots=True)
class CheckpointFiles:
    """The folder of a checkpoint, its name, and its commit if it is from huggingface.co."""

    folder: Path
    name: str
    commit: str | None

    @property
    def all(self) -> list[Path]:
        """The files of the folder that are loaded."""
        return sorted(file for pattern in _LOADED for file in self.folder.glob(pattern))


def find(checkpoint: str) -> CheckpointFiles:
    """Returns the files of a checkpoint: a folder, NAME@COMMIT at huggingface.co, or one of PINS.

    Raises:
        ValueError: the name has no commit, there are no weights, or not the pinned ones.
        CheckpointUnavailable: the files cannot be downloaded.
    """
    if (folder := Path(checkpoint)).is_dir():
        return CheckpointFiles(folder, folder.resolve().name, None)
    name, pin = pinned(checkpoint)
    folder = _downloaded(name, pin.commit)
    if not any(folder.glob(WEIGHTS)):
        raise ValueError(
            f"{name}@{pin.commit} has no {WEIGHTS}. Other weights are pickles, which can run code, "
            "and are not loaded. Take another commit or another checkpoint."
        )
    if pin.sha256:
        _verify(folder / _WEIGHTS_FILE, name, pin)
    return CheckpointFiles(folder, name, pin.commit)


def _downloaded(name: str, commit: str) -> Path:
    """Returns the folder of the commit's files, after a download of those that are not there yet.

    Raises:
        CheckpointUnavailable: they cannot be downloaded.
    """
    # Only the dependency groups of real SAM2 install it.
    from huggingface_hub import snapshot_download  # noqa: PLC0415

    # transformers would load weights from a pull request if the commit had only pickles.
    with _explained(name, commit):
        return Path(snapshot_download(name, revision=commit, allow_patterns=list(_LOADED)))


@contextmanager
def _explained(name: str, commit: str) -> Iterator[None]:
    """Turns the errors of a download into CheckpointUnavailable."""
    import httpx2  # noqa: PLC0415
    from huggingface_hub import errors  # noqa: PLC0415

    what = f"{name}@{commit} cannot be downloaded from huggingface.co"
    try:
        yield
    except (
        errors.HfHubHTTPError,
        errors.LocalEntryNotFoundError,
        errors.XetDownloadError,
        httpx2.HTTPError,
    ) as error:
        answer = error if isinstance(error, errors.HfHubHTTPError) else error.__cause__
        if isinstance(answer, errors.HfHubHTTPError):
            raise CheckpointUnavailable(
                f"{what}: it answers {answer.response.status_code}. If the model is there but has "
                f"terms of use, accept them at https://huggingface.co/{name}, and set HF_TOKEN."
            ) from error
        raise CheckpointUnavailable(
            f"{what}: {error}. Try again with a connection: complete files are not downloaded "
            "again. Or set SAM2_CHECKPOINT to a folder with the model's files."
        ) from error
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise
        raise CheckpointUnavailable(
            f"{what}: {error.strerror}. Free some space, or set HF_HOME to a folder elsewhere."
        ) from error


def pinned(checkpoint: str) -> tuple[str, Pin]:
    """Returns the name at huggingface.co and the commit of NAME@COMMIT, or of one of PINS.

    Raises:
        ValueError: there is no commit. A branch or a tag is none, because it can move.
    """
    name, _, commit = checkpoint.partition("@")
    known = PINS.get(name, Pin(""))
    commit = commit or known.commit
    if not _COMMIT.fullmatch(commit):
        raise ValueError(
            f"the checkpoint {checkpoint} is no folder, and has no commit. Name it NAME@COMMIT, "
            f"with the 40 digits of a commit from https://huggingface.co/{name}/commits/main "
            f"(a branch or a tag can move), or take one of {', '.join(PINS)}."
        )
    return name, known if commit == known.commit else Pin(commit)


def _verify(weights: Path, name: str, pin: Pin) -> None:
    with weights.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != pin.sha256:
        raise ValueError(
            f"{weights.name} of {name}@{pin.commit} has the SHA-256 {digest}, and should have "
            f"{pin.sha256}. Delete {weights.resolve()} and try again. If the digest stays, the "
            "file was replaced at its source: do not use it."
        )
