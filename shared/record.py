"""The base of every value that is written as JSON, and what is wrong with what was read."""

from pydantic import BaseModel, ConfigDict, ValidationError


class Record(BaseModel):
    """Immutable, refuses non-finite numbers, written under its JSON names.

    Fields that are not known are left alone: while a new version of one function runs beside an old
    one of another, each reads what the other writes.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="ignore",
        allow_inf_nan=False,
        validate_by_name=True,
        serialize_by_alias=True,
    )


def problems(error: ValidationError, skip: int = 0) -> str:
    """Each field that does not hold what it should, without the first `skip` parts of its place."""
    return "; ".join(
        f"{'.'.join(map(str, problem['loc'][skip:])) or 'body'}: {problem['msg']}"
        for problem in error.errors()
    )
