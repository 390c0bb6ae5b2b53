"""The index of all buckets and objects: an SQLite database beside the objects' files."""

import json
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

_SCHEMA = """
CREATE TABLE IF NOT EXISTS buckets (name TEXT PRIMARY KEY, created TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS objects (
    bucket TEXT NOT NULL REFERENCES buckets, name TEXT NOT NULL COLLATE BINARY,
    entry TEXT NOT NULL, PRIMARY KEY (bucket, name)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS notifications (
    id INTEGER PRIMARY KEY, bucket TEXT NOT NULL REFERENCES buckets, config TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS outbox (
    id INTEGER PRIMARY KEY, topic TEXT NOT NULL, attributes TEXT NOT NULL, data BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS clock (generation INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS moves (source TEXT PRIMARY KEY, target TEXT);
"""

_ROWS = 500
"""Entries that a scan reads at once. Chosen by hand: more need more memory, fewer more queries."""

_SCAN_FROM = "SELECT name, entry FROM objects WHERE bucket = ? AND name >= ? ORDER BY name LIMIT ?"
_SCAN_AFTER = "SELECT name, entry FROM objects WHERE bucket = ? AND name > ? ORDER BY name LIMIT ?"


@dataclass(frozen=True, slots=True)
class Entry:
    """A live object: the data of its resource, and the file with its content.

    `file` is relative to the store's root. Times are RFC 3339. `fields` are the fields of the
    resource that the client set, such as cacheControl.
    """

    bucket: str
    name: str
    generation: int
    metageneration: int
    size: int
    crc32c: str
    md5: str
    created: str
    updated: str
    file: str
    fields: dict[str, object] = field(default_factory=dict)


class Index:
    """The database. Every change is a transaction; only one runs at a time."""

    def __init__(self, file: Path) -> None:
        self._lock = threading.RLock()
        self._db = sqlite3.connect(file, check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.executescript(_SCHEMA)
        self._move_files()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Runs the block as an exclusive transaction, then moves the files."""
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")
            self._move_files()

    def move(self, source: Path, target: Path | None) -> None:
        """Renames a file after the transaction; deletes it if there is no target.

        If the process is killed before that, the next one does it at its start. So contents and
        index never differ.
        """
        self._run("INSERT INTO moves VALUES (?, ?)", str(source), str(target) if target else None)

    def _move_files(self) -> None:
        for source, target in self._all("SELECT source, target FROM moves"):
            with suppress(FileNotFoundError):  # a process that was killed has already moved it
                Path(source).replace(target) if target else Path(source).unlink()
            self._run("DELETE FROM moves WHERE source = ?", source)

    def next_generation(self) -> int:
        """Returns a unique generation: microseconds since 1970, as in Cloud Storage."""
        row = self._one("SELECT generation FROM clock")
        generation = max(time.time_ns() // 1000, row[0] + 1 if row else 0)
        self._run("DELETE FROM clock")
        self._run("INSERT INTO clock VALUES (?)", generation)
        return generation

    def add_bucket(self, name: str, created: str) -> bool:
        """Adds a bucket; returns False if it already exists."""
        return self._run("INSERT OR IGNORE INTO buckets VALUES (?, ?)", name, created).rowcount == 1

    def remove_bucket(self, name: str) -> None:
        """Removes a bucket with its notification configurations."""
        self._run("DELETE FROM notifications WHERE bucket = ?", name)
        self._run("DELETE FROM buckets WHERE name = ?", name)

    def buckets(self) -> dict[str, str]:
        """Returns the names of all buckets with their creation times."""
        return dict(self._all("SELECT name, created FROM buckets ORDER BY name"))

    def put(self, entry: Entry) -> None:
        """Inserts or replaces an entry."""
        self._run(
            "INSERT OR REPLACE INTO objects VALUES (?, ?, ?)",
            entry.bucket,
            entry.name,
            json.dumps(asdict(entry)),
        )

    def get(self, bucket: str, name: str) -> Entry | None:
        """Returns the entry of an object; None if it does not exist."""
        row = self._one("SELECT entry FROM objects WHERE bucket = ? AND name = ?", bucket, name)
        return Entry(**json.loads(row[0])) if row else None

    def remove(self, bucket: str, name: str) -> None:
        """Removes the entry of an object."""
        self._run("DELETE FROM objects WHERE bucket = ? AND name = ?", bucket, name)

    def scan(self, bucket: str, start: str, prefix: str) -> Iterator[Entry]:
        """Yields the entries whose names have the prefix, from `start`, in the order of names."""
        position, statement = max(start, prefix), _SCAN_FROM
        while True:
            rows = self._all(statement, bucket, position, _ROWS)
            for name, entry in rows:
                if not name.startswith(prefix):
                    return
                yield Entry(**json.loads(entry))
            if len(rows) < _ROWS:
                return
            position, statement = rows[-1][0], _SCAN_AFTER

    def add_notification(self, bucket: str, config: dict[str, object]) -> int:
        """Adds a notification configuration; returns its ID."""
        cursor = self._run(
            "INSERT INTO notifications (bucket, config) VALUES (?, ?)", bucket, json.dumps(config)
        )
        return int(cursor.lastrowid or 0)

    def notifications(self, bucket: str) -> dict[int, dict[str, object]]:
        """Returns a bucket's notification configurations by ID."""
        rows = self._all("SELECT id, config FROM notifications WHERE bucket = ?", bucket)
        return {number: json.loads(config) for number, config in rows}

    def remove_notification(self, bucket: str, number: int) -> bool:
        """Removes a notification configuration; returns False if it does not exist."""
        cursor = self._run("DELETE FROM notifications WHERE bucket = ? AND id = ?", bucket, number)
        return cursor.rowcount == 1

    def post(self, topic: str, attributes: dict[str, str], data: bytes) -> None:
        """Adds a message to the outbox."""
        self._run(
            "INSERT INTO outbox (topic, attributes, data) VALUES (?, ?, ?)",
            topic,
            json.dumps(attributes),
            data,
        )

    def outbox(self, most: int) -> list[tuple[int, str, dict[str, str], bytes]]:
        """Returns the oldest messages that were not sent: ID, topic, attributes, data."""
        rows = self._all("SELECT id, topic, attributes, data FROM outbox ORDER BY id LIMIT ?", most)
        return [(number, topic, json.loads(text), data) for number, topic, text, data in rows]

    def sent(self, number: int) -> None:
        """Removes a message from the outbox."""
        self._run("DELETE FROM outbox WHERE id = ?", number)

    def _run(self, statement: str, *values: object) -> sqlite3.Cursor:
        with self._lock:
            return self._db.execute(statement, values)

    def _one(self, statement: str, *values: object) -> Any:
        return self._run(statement, *values).fetchone()

    def _all(self, statement: str, *values: object) -> list[Any]:
        with self._lock:
            return self._db.execute(statement, values).fetchall()
