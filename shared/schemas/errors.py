"""The error classes. The class of an error decides how it is handled.

`Rejected`   the upload is no supported image, or its name is not allowed: status `rejected`.
`Permanent`  a retry cannot succeed: use the fallback, or end as `failed`.
`Transient`  a retry may succeed: raise, so that Pub/Sub redelivers with backoff.
`Cancelled`  the API's caller does not wait any more: stop, to free resources for other requests.
`Superseded` a newer upload of the same name exists, or the object was deleted: stop, no error.
`ForeignMessage` the message is not from this pipeline: record and acknowledge it.
`UnreadableMessage` a message of this pipeline is invalid: refuse it, so that it becomes a dead
letter.
"""

import traceback
from enum import StrEnum


class ReasonCode(StrEnum):
    """Machine-readable cause in the `reason` of a result.json."""

    EMPTY_FILE = "empty-file"
    TOO_MANY_BYTES = "too-many-bytes"
    TOO_MANY_PIXELS = "too-many-pixels"
    TOO_MANY_FRAMES = "too-many-frames"
    UNSUPPORTED_TYPE = "unsupported-type"
    CORRUPT_IMAGE = "corrupt-image"
    UNSUPPORTED_NAME = "unsupported-name"
    SAM2_NOT_CONFIGURED = "sam2-not-configured"
    SAM2_REFUSED = "sam2-refused"
    SAM2_BAD_ANSWER = "sam2-bad-answer"
    GAVE_UP = "gave-up"


class ToonmaskError(Exception):
    """Base class of all errors that this package defines."""


class Rejected(ToonmaskError):
    """The upload is rejected; `str(error)` is a sentence for its owner."""

    def __init__(self, code: ReasonCode, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


class Permanent(ToonmaskError):
    """A retry cannot succeed."""

    def __init__(self, code: ReasonCode, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


class Transient(ToonmaskError):
    """A retry may succeed: 429, 5xx, timeouts, lost connections, lost races.

    `retry_after` is the server's Retry-After in seconds, or None.
    """

    def __init__(self, sentence: str, retry_after: float | None = None) -> None:
        super().__init__(sentence)
        self.retry_after = retry_after


class Superseded(ToonmaskError):
    """The upload was overwritten or deleted. A newer upload has its own event."""


class Cancelled(ToonmaskError):
    """No caller waits for the result any more."""


class ForeignMessage(ToonmaskError):
    """A message that is not from this pipeline. Redelivery cannot help."""


class UnreadableMessage(ToonmaskError):
    """A message of this pipeline that this version cannot parse. Another version may be able to."""


def forget_frames(error: BaseException) -> None:
    """Breaks reference cycles between the exceptions of client libraries and their frames.

    The frames would keep the image in memory until the next garbage collection.
    """
    traceback.clear_frames(error.__traceback__)
    if error.__context__:
        forget_frames(error.__context__)
