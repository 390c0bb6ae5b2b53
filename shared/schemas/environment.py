"""Reads settings from the environment, with a line for each invalid variable."""

import sys
from typing import Any, TypeVar, get_args

from pydantic import SecretStr, ValidationError

from shared.schemas.field_errors import cut
from shared.schemas.settings import Settings
from shared.schemas.url_redaction import without_secrets

_MOST_SHOWN = 100
"""Limit for the characters of an invalid value that are shown. Chosen by hand: a higher one allows
longer error messages."""

S = TypeVar("S", bound=Settings)


class BadSettings(ValueError):
    """The environment has invalid settings. The message has a line for each invalid variable."""


def read(settings: type[S]) -> S:
    """Reads the settings from the environment.

    Raises:
        BadSettings: a variable is missing or invalid.
    """
    try:
        return settings()
    except ValidationError as error:
        lines = [f"{settings.__name__}: invalid settings."]
        for problem in error.errors():
            if not problem["loc"]:  # its input has all variables, including secrets
                lines.append(f"  {problem['msg']}")
                continue
            name = str(problem["loc"][0])
            missing = problem["type"] == "missing"
            got = "it is missing" if missing else _got(settings, name, problem["input"])
            lines.append(f"  {name.upper()}: {problem['msg']} ({got})")
        raise BadSettings("\n".join(lines)) from None


def _got(settings: type[Settings], name: str, value: Any) -> str:
    """Returns an invalid value for the log, without secrets, also in URLs."""
    field = settings.model_fields.get(name)
    if field is None or SecretStr in (field.annotation, *get_args(field.annotation)):
        return "a secret, not shown"
    text = repr(without_secrets(value) if isinstance(value, str) else value)
    return f"got {cut(text, _MOST_SHOWN)}"


def load(settings: type[S]) -> S:
    """Reads the settings; exits the process with a line for each invalid variable."""
    try:
        return read(settings)
    except BadSettings as error:
        sys.exit(str(error))
