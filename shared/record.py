"""The base of every value that is written as JSON."""

from pydantic import BaseModel, ConfigDict


class Record(BaseModel):
    """Immutable, refuses unknown and non-finite fields, written under its JSON names."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        allow_inf_nan=False,
        validate_by_name=True,
        serialize_by_alias=True,
    )
