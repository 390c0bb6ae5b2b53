"""What is kept of messages that are not from this pipeline: one small object each."""

import hashlib
import logging

from shared.gcp.gcs import ObjectToWrite, Provenance, Storage
from shared.schemas.documents import NO_SETTINGS
from shared.schemas.object_names import RESERVED

FOLDER = f"{RESERVED}foreign/"
"""In the output bucket."""

_MOST_BYTES = 2**16
_MOST_CHARACTERS = 1000
"""Cloud Storage takes 8 KiB of metadata."""

_PROVENANCE = Provenance(0, NO_SETTINGS)

_log = logging.getLogger(__name__)


def record_foreign(storage: Storage, bucket: str, body: bytes, why: str) -> None:
    """Keeps the beginning of a push request's body under its digest, and why it is not ours.

    The same body is kept once. Terraform deletes what is 31 days old, as it does with dead letters.

    Raises:
        Exception: whatever Cloud Storage says; the message is to be delivered again then.
    """
    name = f"{FOLDER}{hashlib.sha256(body).hexdigest()}"
    reason = why.encode("ascii", "backslashreplace").decode()[:_MOST_CHARACTERS]
    record = ObjectToWrite(
        name,
        "application/octet-stream",
        lambda: body[:_MOST_BYTES],
        {"why": " ".join(reason.split()), "bytes": str(len(body))},
    )
    storage.write(bucket, record, _PROVENANCE)
    _log.error("dropped: %s", why, extra={"state": "dropped", "record": f"gs://{bucket}/{name}"})
