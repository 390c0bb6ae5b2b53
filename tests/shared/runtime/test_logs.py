"""Log lines with text from outside."""

import json
import logging

import pytest

from shared.runtime import logs


def test_a_line_is_bounded_whatever_it_tells(capsys: pytest.CaptureFixture[str]) -> None:
    before = logging.root.handlers[:]
    logs.configure()
    try:
        with logs.context(upload="u" * 10**6):
            logging.getLogger("test").error("m" * 10**6, extra={"why": "a" + "w" * 10**6 + "z"})
    finally:
        logging.root.handlers[:] = before
    (line,) = capsys.readouterr().err.splitlines()
    fields = json.loads(line)
    assert len(line) < 30_000
    assert (fields["why"][0], fields["why"][-1]) == ("a", "z")
