"""The library's file: its schema, its rows, and what SQLite's complaints mean to people."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rag.errors import AskpapersError, LibraryBusy, LibraryDamaged, LibraryGone, LibraryTooNew, LibraryUnwritable
from rag.types import Paper

FILE = "library.sqlite3"
COLUMNS = "papers.id, title, abstract, authors, year, venue, url, doi, arxiv"
MIGRATIONS = (
    """
    CREATE TABLE facts (key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
    INSERT INTO facts VALUES ('generation', 0), ('stamp', 0), ('fresh', 1);
    CREATE TABLE papers (
        seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, title TEXT NOT NULL, abstract TEXT NOT NULL,
        authors TEXT NOT NULL, year INTEGER, venue TEXT, url TEXT, doi TEXT, arxiv TEXT, title_key TEXT NOT NULL);
    CREATE INDEX papers_by_title ON papers (title_key);
    CREATE INDEX papers_by_doi ON papers (doi) WHERE doi IS NOT NULL;
    CREATE INDEX papers_by_arxiv ON papers (arxiv) WHERE arxiv IS NOT NULL;
    CREATE TABLE chunks (
        id INTEGER PRIMARY KEY AUTOINCREMENT, paper INTEGER NOT NULL REFERENCES papers ON DELETE CASCADE,
        kind TEXT NOT NULL, start INTEGER NOT NULL, stop INTEGER NOT NULL, digest BLOB NOT NULL);
    CREATE INDEX chunks_by_paper ON chunks (paper, kind, start);
    CREATE INDEX chunks_by_digest ON chunks (digest);
    CREATE TABLE vectors (
        fingerprint TEXT NOT NULL, digest BLOB NOT NULL, vector BLOB NOT NULL, PRIMARY KEY (fingerprint, digest)
    ) WITHOUT ROWID
    """,
)


def connect(file: Path) -> sqlite3.Connection:
    """mode=rw: a library that was deleted under us is an error, not an empty file. For one thread at a time, any."""
    db = sqlite3.connect(
        f"{file.absolute().as_uri()}?mode=rw", uri=True, timeout=30, isolation_level=None, check_same_thread=False
    )
    db.execute("PRAGMA foreign_keys = ON")
    return db


def migrate(db: sqlite3.Connection, migrations: Sequence[str], folder: Path) -> None:
    """Brings the file to the newest schema, all steps or none; nobody else may be writing. Raises LibraryTooNew."""
    if version(db) < len(migrations):
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("BEGIN IMMEDIATE")
        for step in migrations[version(db) :]:
            for statement in _statements(step):
                db.execute(statement)
        db.execute(f"PRAGMA user_version = {len(migrations)}")
        db.execute("COMMIT")
    if version(db) > len(migrations):
        raise LibraryTooNew(
            f"The library in {folder} was made by a newer askpapers (schema {version(db)}, this one reads up to "
            f"{len(migrations)}). Update askpapers, or name another folder with --library."
        )


def version(db: sqlite3.Connection) -> int:
    """How many migrations the file has seen; 0 for an empty one."""
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def _statements(script: str) -> Iterator[str]:
    """One by one: executescript would first commit what went before. A ";" in a trigger or a string ends none."""
    statement = ""
    for part in script.split(";"):
        statement += part + ";"
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def row_of(paper: Paper) -> tuple[object, ...]:
    """In the order of COLUMNS."""
    authors = json.dumps(paper.authors, ensure_ascii=False)
    return (
        paper.id, paper.title, paper.abstract, authors, paper.year, paper.venue, paper.url, paper.doi, paper.arxiv
    )  # fmt: skip


def paper_of(row: Sequence[str | int | None]) -> Paper:
    """From a row of COLUMNS."""
    key, title, abstract, authors, *rest = row
    return Paper(key, title, abstract, tuple(json.loads(str(authors))), *rest)  # type: ignore[arg-type]


def unwritable(folder: Path, error: Exception) -> LibraryUnwritable:
    """Says why the folder can't be written and what helps."""
    return LibraryUnwritable(
        f"The library in {folder} can't be written: {error}. Free space or mend permissions, or name another folder "
        "with --library. What it held is unharmed."
    )


@contextmanager
def explained(folder: Path, opening: bool = False) -> Iterator[None]:
    """Turns what SQLite and the file system say into errors meant for people; what is being opened can't be gone."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        if not opening and not (folder / FILE).exists():
            raise gone(folder) from error
        raise _for_people(folder, error) from error


def gone(folder: Path) -> LibraryGone:
    """Says what to do about a library that was deleted while in use."""
    return LibraryGone(
        f"The library in {folder} is gone. Put the folder back, or start anew: askpapers ingest PATH --library DIR"
    )


def _for_people(folder: Path, error: Exception) -> AskpapersError:
    name = getattr(error, "sqlite_errorname", "")
    if name.startswith(("SQLITE_NOTADB", "SQLITE_CORRUPT", "SQLITE_ERROR")):  # the last: somebody else's tables
        return LibraryDamaged(
            f"{folder / FILE} can't be read: {error}. Restore it from a backup, or move it away and add the papers "
            "again."
        )
    if name.startswith("SQLITE_BUSY"):
        return LibraryBusy(f"The library in {folder} is being written by another process. Try again when it is done.")
    return unwritable(folder, error)
