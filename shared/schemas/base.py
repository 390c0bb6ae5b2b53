"""The base of every value that is written as JSON."""

from typing import Any

from pydantic import BaseModel, BeforeValidator, ConfigDict


def at_most(count: int) -> BeforeValidator:
    """Limits the number of an object's fields.

    It runs before the fields are validated, because each invalid field creates an error.
    """

    def check(value: Any) -> Any:
        if isinstance(value, dict) and len(value) > count:
            raise ValueError(f"has at most {count} fields")
        return value

    return BeforeValidator(check)


class Record(BaseModel):
    """An immutable model that rejects non-finite numbers and is serialised with its JSON names.

    Unknown fields are ignored: during an upgrade, old and new versions of the functions read each
    other's documents.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="ignore",
        allow_inf_nan=False,
        validate_by_name=True,
        serialize_by_alias=True,
    )
