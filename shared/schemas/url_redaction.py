"""Removes secrets from URLs before they appear in responses, results or logs."""

import re


def without_secrets(url: str) -> str:
    """Replaces the user, the password and the query of a URL, which may be invalid, with `…`.

    It splits at the last `@` and the first `?` or `#`, because a password may contain characters
    that a URL parser takes for its end.
    """
    bare = re.sub(r"(?s)^([A-Za-z][A-Za-z0-9+.-]*://)?.*@", r"\1…@", url)
    return re.sub(r"(?s)[?#].*", "?…", bare)
