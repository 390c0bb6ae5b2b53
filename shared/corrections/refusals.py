"""Why a correction is refused."""

from enum import StrEnum

from shared.schemas.errors import ToonmaskError


class RefusalCode(StrEnum):
    """Machine-readable cause of a refusal."""

    NO_SUCH_UPLOAD = "no-such-upload"
    NO_PROMPTS = "no-prompts"
    HAS_FRAMES = "has-frames"
    NEWER_UPLOAD = "newer-upload"
    NEWER_CORRECTION = "newer-correction"
    TOO_MANY_CORRECTIONS = "too-many-corrections"
    BAD_PROMPTS = "bad-prompts"
    UNREADABLE_PROMPTS = "unreadable-prompts"


class CorrectionRefused(ToonmaskError):
    """A correction that is not saved; `str(error)` is a sentence for the person."""

    def __init__(self, code: RefusalCode, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
