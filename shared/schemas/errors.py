"""Everything that can go wrong, in the families that decide what happens next.

`Rejected`   the upload is not an image we take: terminal state `rejected`.
`Permanent`  asking again will not help: the answer is final (fallback or `failed`).
`Transient`  asking again may help: raise, so that Pub/Sub redelivers with backoff.
`Cancelled`  nobody waits for the answer of the API any more: stop, and let others have their turn.
`Superseded` a newer upload of the same name exists, or the object is gone: stop, all is well.
`ForeignMessage` what came is not ours: record and acknowledge it.
`UnreadableMessage` it is ours and not understood: refuse it, so that it ends in the dead letters.
"""

import traceback
from enum import StrEnum


class ReasonCode(StrEnum):
    """Machine-readable cause in the `reason` of a result.json."""

    EMPTY_FILE = "empty-file"
    TOO_MANY_BYTES = "too-many-bytes"
    TOO_MANY_PIXELS = "too-many-pixels"
    UNSUPPORTED_TYPE = "unsupported-type"
    CORRUPT_IMAGE = "corrupt-image"
    UNSUPPORTED_NAME = "unsupported-name"
    SAM2_NOT_CONFIGURED = "sam2-not-configured"
    SAM2_REFUSED = "sam2-refused"
    SAM2_BAD_ANSWER = "sam2-bad-answer"
    GAVE_UP = "gave-up"


class ToonmaskError(Exception):
    """Base of all errors that this package raises on purpose."""


class Rejected(ToonmaskError):
    """The upload is not an image we take; `str(error)` says why in a sentence for its owner."""

    def __init__(self, code: ReasonCode, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


class Permanent(ToonmaskError):
    """Asking again gives the same answer."""

    def __init__(self, code: ReasonCode, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


class Transient(ToonmaskError):
    """Trouble that passes: 429, 5xx, time-outs, lost connections, lost races.

    `retry_after` are the seconds that a server asked to be left alone for, if it did.
    """

    def __init__(self, sentence: str, retry_after: float | None = None) -> None:
        super().__init__(sentence)
        self.retry_after = retry_after


class Superseded(ToonmaskError):
    """The upload at hand was overwritten or deleted; its successor has an event of its own."""


class Cancelled(ToonmaskError):
    """Nobody waits for what is being worked on any more."""


class ForeignMessage(ToonmaskError):
    """A message that is not from this pipeline; redelivery would never make it one."""


class UnreadableMessage(ToonmaskError):
    """A message of this pipeline that this version does not understand; another one may."""


def forget_frames(error: BaseException) -> None:
    """Breaks the cycles between the exceptions of client libraries and their frames.

    Through their callers those would keep the whole image in memory until the next collection.
    """
    traceback.clear_frames(error.__traceback__)
    if error.__context__:
        forget_frames(error.__context__)
