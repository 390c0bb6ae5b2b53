"""Checks the Host header against the names of a service.

Any domain name may resolve to 127.0.0.1 (DNS rebinding). For a browser, the pages of that domain
and a local service then have the same origin. So a service on a personal computer responds only to
its own names.
"""

import re
from collections.abc import Collection

_PORT = re.compile(r":[0-9]{1,5}\Z")


def is_one_of(host: str, names: Collection[str]) -> bool:
    """Whether a Host header has one of these names, regardless of its port and case."""
    return _PORT.sub("", host).lower() in names


def refusal(host: str, names: Collection[str]) -> str | None:
    """Returns the error message for a Host header; None if it has one of the names.

    If `names` is empty, every host is accepted.
    """
    if not names or is_one_of(host, names):
        return None
    return f"Call this service by one of its names: {', '.join(sorted(names))}."
