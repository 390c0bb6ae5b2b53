"""The progress of an export, in an SQLite database: an interrupted export continues with it.

It also holds the lines of COCO's documents until the end, so that they need no memory.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from shared.export.formats import Line, Section
from shared.export.places import Place, place_of

_SCHEMA = """
CREATE TABLE IF NOT EXISTS export (options TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS results (
    number INTEGER PRIMARY KEY, folder TEXT NOT NULL, stem TEXT NOT NULL, extension TEXT NOT NULL,
    key TEXT NOT NULL, state TEXT, detail TEXT NOT NULL DEFAULT '');
CREATE TABLE IF NOT EXISTS lines (
    document TEXT NOT NULL, section TEXT NOT NULL, number INTEGER NOT NULL, text TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS results_by_key ON results (key);
CREATE INDEX IF NOT EXISTS results_by_state ON results (state);
CREATE INDEX IF NOT EXISTS lines_in_order ON lines (document, section, number);
"""


class State(StrEnum):
    """What has become of a result."""

    EXPORTED = "exported"
    LEFT_OUT = "left out"
    FAILED = "failed"


class OtherExport(Exception):
    """The journal belongs to an export with other options, or another process uses it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A result to export: its number, its folder in the source, and its place in the dataset."""

    number: int
    folder: str
    place: Place


@dataclass(frozen=True, slots=True)
class Outcome:
    """What has become of a result. `detail` says why it was left out, or what failed."""

    state: State
    detail: str = ""
    lines: Sequence[Line] = ()


class Journal:
    """The database. Use it in one thread."""

    def __init__(self, file: Path, options: str) -> None:
        """Opens or creates the database. Results that failed are to be exported again.

        Raises:
            OtherExport: it belongs to other options, or another process uses it.
        """
        self._db = sqlite3.connect(file, isolation_level=None, timeout=1)
        try:
            self._db.execute("PRAGMA locking_mode=EXCLUSIVE")
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.executescript(_SCHEMA)
            self._db.execute("UPDATE results SET state = NULL WHERE state = ?", [State.FAILED])
        except sqlite3.OperationalError as error:
            self._db.close()
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise
            raise OtherExport("another process is exporting into it") from error
        saved = self._db.execute("SELECT options FROM export").fetchone()
        self.is_planned = saved is not None
        if saved not in (None, (options,)):
            self._db.close()
            raise OtherExport("it has an unfinished export with other options")
        self._options = options

    def close(self) -> None:
        """Closes the database."""
        self._db.close()

    def plan(self, folders: Iterable[str]) -> None:
        """Adds the results, in their order, with places that no two of them share."""
        with self._db:
            self._db.execute("BEGIN")
            self._db.execute("DELETE FROM results")
            for folder in folders:
                place = place_of(folder.removesuffix("/"))
                self._db.execute(
                    "INSERT INTO results (folder, stem, extension, key) VALUES (?, ?, ?, ?)",
                    [folder, place.stem, place.extension, place.key],
                )
            colliding = self._db.execute(
                "SELECT number, folder, stem, extension FROM results WHERE key IN "
                "(SELECT key FROM results GROUP BY key HAVING count(*) > 1)"
            )
            for number, folder, stem, extension in colliding.fetchall():
                place = Place(stem, extension).distinct_from_others(folder.removesuffix("/"))
                self._db.execute(
                    "UPDATE results SET stem = ? WHERE number = ?", [place.stem, number]
                )
            self._db.execute("INSERT INTO export VALUES (?)", [self._options])
        self.is_planned = True

    def pending(self, most: int) -> list[Entry]:
        """Returns the first results that are not exported yet."""
        rows = self._db.execute(
            "SELECT number, folder, stem, extension FROM results WHERE state IS NULL "
            "ORDER BY number LIMIT ?",
            [most],
        )
        return [Entry(number, folder, Place(*place)) for number, folder, *place in rows]

    def save(self, entry: Entry, outcome: Outcome) -> None:
        """Saves what has become of a result."""
        with self._db:
            self._db.execute("BEGIN")
            self._db.execute(
                "UPDATE results SET state = ?, detail = ? WHERE number = ?",
                [outcome.state, outcome.detail, entry.number],
            )
            self._db.executemany(
                "INSERT INTO lines VALUES (?, ?, ?, ?)",
                [(line.document, line.section, entry.number, line.text) for line in outcome.lines],
            )

    def lines(self, document: str, section: Section) -> Iterator[str]:
        """Yields the texts of the lines of a document, in the order of the results."""
        rows = self._db.execute(
            "SELECT text FROM lines WHERE document = ? AND section = ? ORDER BY number, rowid",
            [document, section],
        )
        return (text for (text,) in rows)

    def counts(self) -> dict[tuple[State | None, str], int]:
        """Returns the number of results by state, and by detail for those that were left out.

        The state None is pending.
        """
        rows = self._db.execute(
            "SELECT state, CASE state WHEN ? THEN detail ELSE '' END, count(*) FROM results "
            "GROUP BY 1, 2 ORDER BY 2",
            [State.LEFT_OUT],
        )
        return {(State(state) if state else None, detail): n for state, detail, n in rows}

    def failures(self) -> Iterator[tuple[str, str]]:
        """Yields the folder and the reason of each result that failed."""
        return self._db.execute(
            "SELECT folder, detail FROM results WHERE state = ? ORDER BY number", [State.FAILED]
        )
