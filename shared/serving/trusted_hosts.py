"""The names that a service is called by.

Anybody's name may lead to 127.0.0.1 (DNS rebinding), and for a browser the pages of that name and a
service here are one origin then. So what runs on a person's machine answers to its own names alone.
"""

import re
from collections.abc import Collection

_PORT = re.compile(r":[0-9]{1,5}\Z")


def is_one_of(host: str, names: Collection[str]) -> bool:
    """Whether a Host header, whatever its port and case, has one of these names."""
    return _PORT.sub("", host).lower() in names


def refusal(host: str, names: Collection[str]) -> str | None:
    """What is told to a request with this Host header; None where it has one of the names.

    Where there are no names every Host is right.
    """
    if not names or is_one_of(host, names):
        return None
    return f"Call this service by one of its names: {', '.join(sorted(names))}."
