"""Connections for reading the library's file, kept while a question is at work: opening one takes longer than a read.

Between questions the file is left alone: beside an open one lies its log, which would spoil a backup put in its place.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

from rag.schema import connect


class Readers:
    """Each connection is lent to one read at a time, in whatever thread."""

    def __init__(self, file: Path) -> None:
        self._file, self._lock = file, Lock()
        self._at_work = 0
        self._idle: list[sqlite3.Connection] = []

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Until it ends, in any thread, connections are kept for the next read."""
        with self._lock:
            self._at_work += 1
        try:
            yield
        finally:
            with self._lock:
                self._at_work -= 1
                left, self._idle = ([], self._idle) if self._at_work else (self._idle, [])
            for db in left:
                db.close()

    @contextmanager
    def one(self) -> Iterator[sqlite3.Connection]:
        """A connection that sees one state: all that was committed by now. Raises sqlite3.Error and OSError."""
        self._file.stat()  # one that is kept would not notice that the file was deleted
        with self._lock:
            db = self._idle.pop() if self._idle else None
        db = db or connect(self._file)
        try:
            db.execute("BEGIN")
            yield db
            db.execute("COMMIT")
        except BaseException:  # a read that was given up half-way, too
            db.close()
            raise
        self._put_back(db)

    def _put_back(self, db: sqlite3.Connection) -> None:
        with self._lock:
            kept = bool(self._at_work)
            if kept:
                self._idle.append(db)
        if not kept:
            db.close()
