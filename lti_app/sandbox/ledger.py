"""What the practice LMS remembers between two starts: one small SQLite file, mostly a list of what has happened.

The course as it stands is never stored: it is the recording plus all that happened since, in order.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_SCHEMA = """
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS happenings (
    id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, person INTEGER NOT NULL, kind TEXT NOT NULL,
    cmid INTEGER, facts TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS tickets (
    kind TEXT NOT NULL, name TEXT NOT NULL, facts TEXT NOT NULL, expires_at REAL NOT NULL, PRIMARY KEY (kind, name));
CREATE TABLE IF NOT EXISTS calls (id INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, what TEXT NOT NULL);
"""
_KEPT_CALLS = 2000


@dataclass(frozen=True, slots=True)
class Happening:
    """Something a person did in the course, or that was done to it; ``at`` is an epoch second of the community."""

    id: int
    at: int
    person: int
    kind: str
    cmid: int | None
    facts: dict[str, Any]


class Ledger:
    """The file; every method opens, does one thing and closes, so that any thread may call it."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        with self._open() as file:
            file.execute("PRAGMA journal_mode=WAL")
            file.executescript(_SCHEMA)

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self._path, timeout=10)) as file:
            # A practice LMS may lose its last second when the machine falls over; it answers hundreds of calls a sync.
            file.execute("PRAGMA synchronous=NORMAL")
            with file:
                yield file

    def setting(self, name: str) -> str | None:
        """Return what was kept under the name."""
        with self._open() as file:
            row = file.execute("SELECT value FROM settings WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def keep(self, name: str, value: str) -> None:
        """Keep a value under a name."""
        with self._open() as file:
            file.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", (name, value))

    def keep_first(self, name: str, value: str) -> str:
        """Keep the value unless there is one already; return the one that stays."""
        with self._open() as file:
            file.execute("INSERT OR IGNORE INTO settings VALUES (?, ?)", (name, value))
            return str(file.execute("SELECT value FROM settings WHERE name = ?", (name,)).fetchone()[0])

    def write(self, at: int, person: int, kind: str, cmid: int | None, facts: dict[str, Any]) -> Happening:
        """Write down what happened."""
        with self._open() as file:
            words = json.dumps(facts, ensure_ascii=False)
            row = file.execute(
                "INSERT INTO happenings (at, person, kind, cmid, facts) VALUES (?, ?, ?, ?, ?)",
                (at, person, kind, cmid, words),
            )
            return Happening(int(row.lastrowid or 0), at, person, kind, cmid, facts)

    def happenings(self) -> Iterable[Happening]:
        """Return all that happened, in the order in which it was written."""
        with self._open() as file:
            rows = file.execute("SELECT id, at, person, kind, cmid, facts FROM happenings ORDER BY id").fetchall()
        return [Happening(r[0], r[1], r[2], r[3], r[4], json.loads(r[5])) for r in rows]

    def give_ticket(self, kind: str, name: str, facts: dict[str, Any], seconds: int) -> None:
        """Keep facts under a name that expires in real time."""
        with self._open() as file:
            file.execute("DELETE FROM tickets WHERE expires_at < ?", (time.time(),))
            file.execute(
                "INSERT OR REPLACE INTO tickets VALUES (?, ?, ?, ?)",
                (kind, name, json.dumps(facts), time.time() + seconds),
            )

    def ticket(self, kind: str, name: str) -> dict[str, Any] | None:
        """Return the facts of a ticket that is still good, and leave it."""
        with self._open() as file:
            row = file.execute(
                "SELECT facts FROM tickets WHERE kind = ? AND name = ? AND expires_at >= ?", (kind, name, time.time())
            ).fetchone()
        return None if row is None else dict(json.loads(row[0]))

    def take_ticket(self, kind: str, name: str) -> dict[str, Any] | None:
        """Return the facts of a ticket that is still good, once."""
        with self._open() as file:
            row = file.execute(
                "DELETE FROM tickets WHERE kind = ? AND name = ? AND expires_at >= ? RETURNING facts",
                (kind, name, time.time()),
            ).fetchone()
        return None if row is None else dict(json.loads(row[0]))

    def note_call(self, what: str) -> None:
        """Remember that the tool asked for something, at real time; old calls are forgotten."""
        with self._open() as file:
            row = file.execute("INSERT INTO calls (at, what) VALUES (?, ?)", (time.time(), what))
            file.execute("DELETE FROM calls WHERE id <= ?", (int(row.lastrowid or 0) - _KEPT_CALLS,))

    def calls_since(self, at: float) -> list[tuple[float, str]]:
        """Return the calls since a real time, newest first."""
        with self._open() as file:
            return file.execute("SELECT at, what FROM calls WHERE at >= ? ORDER BY id DESC", (at,)).fetchall()
