"""The base of every value that is written as JSON."""

from pydantic import BaseModel, ConfigDict


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
