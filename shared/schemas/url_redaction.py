"""URLs as they may be told: to callers, in results, in logs."""

import re


def without_secrets(url: str) -> str:
    """What is, or was meant to be, a URL: marks in place of its user and password, and its query.

    By the last `@` and the first `?`: a password may hold what a parser takes for the end of it.
    """
    bare = re.sub(r"(?s)^([A-Za-z][A-Za-z0-9+.-]*://)?.*@", r"\1…@", url)
    return re.sub(r"(?s)[?#].*", "?…", bare)
