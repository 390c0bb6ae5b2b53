"""The embedded broker's state in an SQLite database, so that nothing is lost when it is killed."""

import json
import sqlite3
import threading
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from google.pubsub_v1 import types

from local.broker.messages import Message, Queued

_SCHEMA = """
CREATE TABLE IF NOT EXISTS topics (name TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS subscriptions (name TEXT PRIMARY KEY, config BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS backlog (
    key INTEGER PRIMARY KEY, subscription TEXT NOT NULL, due REAL NOT NULL,
    attempt INTEGER NOT NULL, id TEXT NOT NULL, data BLOB NOT NULL, attributes TEXT NOT NULL,
    ordering_key TEXT NOT NULL, published TEXT NOT NULL);
"""


class Journal:
    """Records every change; the broker reads it once, at start. Safe to share between threads."""

    def __init__(self, file: Path | None = None) -> None:
        """Opens the database; without a file it is in memory."""
        self._lock = threading.Lock()
        self._db = sqlite3.connect(file or ":memory:", check_same_thread=False)
        self._db.isolation_level = None
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute(
            "PRAGMA synchronous=OFF"
        )  # it must survive a killed process, not a power failure
        self._db.executescript(_SCHEMA)

    def topics(self) -> set[str]:
        """Returns the names of all topics."""
        return {name for (name,) in self._db.execute("SELECT name FROM topics")}

    def subscriptions(self) -> Iterator[types.Subscription]:
        """Yields the configurations of all subscriptions."""
        for (config,) in self._db.execute("SELECT config FROM subscriptions"):
            yield types.Subscription.deserialize(config)

    def backlog(self, subscription: str) -> Iterator[Queued]:
        """Yields the messages that were not acknowledged, in the order of their keys."""
        rows = self._db.execute(
            "SELECT due, key, attempt, id, data, attributes, ordering_key, published "
            "FROM backlog WHERE subscription = ? ORDER BY key",
            (subscription,),
        )
        for due, key, attempt, number, data, attributes, ordering_key, published in rows:
            moment = datetime.fromisoformat(published)
            message = Message(number, data, json.loads(attributes), ordering_key, moment)
            yield Queued(due, key, message, attempt)

    def last_key(self) -> int:
        """Returns the highest key in use; 0 if there is none."""
        return int(self._db.execute("SELECT coalesce(max(key), 0) FROM backlog").fetchone()[0])

    def add_topic(self, name: str) -> None:
        """Records a new topic."""
        self._run("INSERT OR IGNORE INTO topics VALUES (?)", name)

    def remove_topic(self, name: str) -> None:
        """Records that a topic was deleted."""
        self._run("DELETE FROM topics WHERE name = ?", name)

    def put_subscription(self, config: types.Subscription) -> None:
        """Records a new or changed subscription."""
        content = types.Subscription.serialize(config)
        self._run("INSERT OR REPLACE INTO subscriptions VALUES (?, ?)", config.name, content)

    def remove_subscription(self, name: str) -> None:
        """Records that a subscription was deleted with its backlog."""
        self._run("DELETE FROM subscriptions WHERE name = ?", name)
        self._run("DELETE FROM backlog WHERE subscription = ?", name)

    def put(self, subscription: str, queued: Queued) -> None:
        """Records that a message was queued, for the first time or for a retry."""
        message = queued.message
        self._run(
            "INSERT OR REPLACE INTO backlog VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            queued.key,
            subscription,
            queued.due,
            queued.attempt,
            message.id,
            message.data,
            json.dumps(dict(message.attributes)),
            message.ordering_key,
            message.published.isoformat(),
        )

    def remove(self, key: int) -> None:
        """Records that a message was acknowledged, or became a dead letter."""
        self._run("DELETE FROM backlog WHERE key = ?", key)

    def _run(self, statement: str, *values: object) -> None:
        with self._lock:
            self._db.execute(statement, values)
