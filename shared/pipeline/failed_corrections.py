"""What a correction that failed leaves: the result before it, with a reason to review it."""

from pydantic import ValidationError

from shared.gcp.gcs import Stored
from shared.schemas.documents import ResultDocument, Review, ReviewCode


def result_before(failed: ResultDocument, stored: Stored | None) -> ResultDocument | None:
    """Returns the stored result.json if it is of the same upload and an older revision, else None.

    It is None, too, if another version wrote it, so that it cannot be parsed.
    """
    if stored is None:
        return None
    content, provenance = stored
    if provenance.generation != failed.source.generation or provenance.revision >= failed.revision:
        return None
    try:
        return ResultDocument.model_validate_json(content)
    except ValidationError:
        return None


def with_note(result: ResultDocument, failed: ResultDocument) -> ResultDocument | None:
    """Returns the result with a reason to review it: the failure of the correction after it.

    Returns None if it has that reason already: the first one has the cause. A reason of another
    correction is replaced.
    """
    beginning = f"Correction {failed.revision} failed"
    notes = [one for one in result.review if one.code is ReviewCode.CORRECTION_FAILED]
    if any(one.message.startswith(f"{beginning}:") for one in notes):
        return None
    others = [one for one in result.review if one not in notes]
    cause = failed.reason.message if failed.reason else "unknown."
    note = Review(code=ReviewCode.CORRECTION_FAILED, message=f"{beginning}: {cause}")
    return result.model_copy(update={"review": (*others, note)})
