"""Structured logs: one JSON object a line, with the fields that Cloud Logging reads."""

import logging
import sys

from pythonjsonlogger.json import JsonFormatter


def configure() -> None:
    """Sends every logger's lines, from INFO on, to standard error as JSON."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        JsonFormatter(
            "{levelname}{message}{name}",
            style="{",
            rename_fields={"levelname": "severity", "name": "logger"},
        )
    )
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
