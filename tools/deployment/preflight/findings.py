"""The result of a check."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How a check ended."""

    OK = "ok"
    WARNING = "warning"
    """Terraform can probably apply this; something does not work as configured, or could fail."""

    WRONG = "wrong"
    """Terraform cannot apply this."""

    UNKNOWN = "unknown"
    """The check could not be made."""


@dataclass(frozen=True)
class Finding:
    """One line of the report: what was checked, how it ended, and what to do."""

    check: str
    state: State
    text: str

    def __str__(self) -> str:
        return f"{self.state:<8} {self.check}: {self.text}"


def ok(check: str, text: str) -> Finding:
    """A finding that needs no action."""
    return Finding(check, State.OK, text)


def wrong(check: str, text: str) -> Finding:
    """A finding that makes the preflight fail."""
    return Finding(check, State.WRONG, text)


def unknown(check: str, text: str) -> Finding:
    """A check that could not be made. It does not make the preflight fail."""
    return Finding(check, State.UNKNOWN, text)


def summary(findings: Sequence[Finding]) -> str:
    """The last line of the report."""
    counts = [(sum(one.state is state for one in findings), state) for state in State]
    shown = ", ".join(f"{count} {state}" for count, state in counts if count)
    return f"{len(findings)} checks: {shown}"


def failed(findings: Sequence[Finding]) -> bool:
    """Whether any check is wrong."""
    return any(one.state is State.WRONG for one in findings)
