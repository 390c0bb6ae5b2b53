"""The base of every value that is written as JSON."""

from typing import Any

from pydantic import BaseModel, BeforeValidator, ConfigDict


def at_most(count: int) -> BeforeValidator:
    """Of an object's fields: looked at first, for each that is wrong would make an error."""

    def check(value: Any) -> Any:
        if isinstance(value, dict) and len(value) > count:
            raise ValueError(f"has at most {count} fields")
        return value

    return BeforeValidator(check)


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
