"""Records messages that are not from this pipeline, in one small object each."""

import hashlib
import logging

from shared.gcp.gcs import ObjectToWrite, Storage
from shared.gcp.provenance import Provenance
from shared.schemas.documents import NO_SETTINGS
from shared.schemas.object_names import RESERVED

FOLDER = f"{RESERVED}foreign/"
"""Prefix of the records in the output bucket."""

_MOST_BYTES = 2**16
"""Limit for the recorded part of a body. Chosen by hand: enough to recognise the sender, little
enough for a flood of messages."""

_MOST_CHARACTERS = 1000
"""Limit for the recorded reason. Cloud Storage accepts 8 KiB of metadata per object."""

_PROVENANCE = Provenance(0, NO_SETTINGS)

_log = logging.getLogger(__name__)


def record_foreign(storage: Storage, bucket: str, body: bytes, why: str) -> None:
    """Records the beginning of a push request's body, and why it is not ours.

    The object's name is the digest of the body, so the same body is recorded once. Terraform
    deletes records after 31 days, like dead letters.

    Raises:
        Exception: any error of Cloud Storage. The message must then be delivered again.
    """
    name = f"{FOLDER}{hashlib.sha256(body).hexdigest()}"
    reason = why.encode("ascii", "backslashreplace").decode()[:_MOST_CHARACTERS]
    record = ObjectToWrite(
        name,
        "application/octet-stream",
        body[:_MOST_BYTES],
        {"why": " ".join(reason.split()), "bytes": str(len(body))},
    )
    storage.write(bucket, record, _PROVENANCE)
    _log.error("dropped: %s", why, extra={"state": "dropped", "record": f"gs://{bucket}/{name}"})
