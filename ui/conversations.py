"""The conversations that are kept: a file of their own in the library's folder, so that adding papers blocks no chat.

Answers are kept whole, papers and all: opened again, they are as they were, whatever became of the library since.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from rag.errors import AskpapersError, LibraryBusy, LibraryDamaged, LibraryTooNew, LibraryUnwritable
from rag.schema import connect, gone, migrate, version
from rag.types import Answer
from rag.words import plain
from ui.chat import Exchange, new_key

FILE = "conversations.sqlite3"  # in the library's folder
MIGRATIONS = (  # what is searched lies apart from the answers: a search need not read these
    """
    CREATE TABLE conversations (
        id TEXT PRIMARY KEY, title TEXT NOT NULL, name TEXT, updated TEXT NOT NULL, deleted TEXT);
    CREATE INDEX conversations_by_time ON conversations (updated);
    CREATE TABLE exchanges (
        conversation TEXT NOT NULL REFERENCES conversations ON DELETE CASCADE, key TEXT NOT NULL,
        place INTEGER NOT NULL, question TEXT NOT NULL, form TEXT NOT NULL, PRIMARY KEY (conversation, key));
    CREATE TABLE spoken (
        conversation TEXT NOT NULL, key TEXT NOT NULL, words TEXT NOT NULL, PRIMARY KEY (conversation, key),
        FOREIGN KEY (conversation, key) REFERENCES exchanges (conversation, key) ON DELETE CASCADE) WITHOUT ROWID
    """,
)
LONGEST_TITLE = 80  # characters
UNDONE = timedelta(days=1)  # for so long what was deleted last can be taken back
UNREADABLE = "This answer can't be read from disk any more; the others can. Ask the question again."
_EXCHANGE = TypeAdapter(Exchange)


@dataclass(frozen=True, slots=True)
class Kept:
    """A conversation in the list: when it last changed (ISO 8601, UTC), and how many questions it holds."""

    id: str
    title: str
    updated: str
    exchanges: int


class Conversations:
    """Reads and writes from any thread or process; what `keep` has returned from survives the process's death.

    Every method raises a LibraryError when the file can't be used.
    """

    def __init__(self, folder: Path) -> None:
        self._file = folder / FILE

    def keep(self, key: str, exchanges: Sequence[Exchange], seen: Collection[str] = ()) -> str:
        """Makes the conversation consist of these; gives its id, `key` unless another window has gone on with it.

        `seen`: keys of exchanges that this window knew to be kept. Where more are kept than it knew, both windows are
        right: its exchanges become a conversation of their own. Failed and stopped answers are none, and not kept; one
        that could not be read is left as it is.
        """
        rows = [_row(place, one, answer) for place, one in enumerate(exchanges) if (answer := whole(one))]
        if not rows:
            return key
        keys = {exchange.key for exchange in exchanges}
        with self._writing() as db:
            if _keys(db, key) - keys - {*seen}:
                key = new_key()
            _put(db, key, rows, keys)
        return key

    def listed(self, search: str = "", most: int = 50) -> tuple[Kept, ...]:
        """The newest first; of a search, those that hold each of its words in title, questions or answers."""
        with self._reading() as db:
            rows = db.execute(
                """SELECT id, coalesce(name, title), updated,
                    (SELECT count(*) FROM exchanges WHERE conversation = conversations.id)
                FROM conversations WHERE deleted IS NULL AND NOT EXISTS (
                    SELECT 1 FROM json_each(?1) word
                    WHERE NOT instr(plain(coalesce(name, title)), word.value) AND NOT EXISTS (
                        SELECT 1 FROM spoken WHERE conversation = conversations.id AND instr(words, word.value)))
                ORDER BY updated DESC, conversations.rowid DESC LIMIT ?2""",
                (json.dumps(plain(_storable(search)).split()), most),
            )
            return tuple(Kept(*row) for row in rows)

    def opened(self, key: str) -> tuple[Exchange, ...]:
        """Its exchanges as they were; none, where there is no such conversation."""
        with self._reading() as db:
            rows = db.execute(
                """SELECT exchanges.key, question, form FROM exchanges JOIN conversations ON conversation = id
                WHERE id = ? AND deleted IS NULL ORDER BY place, exchanges.rowid""",
                (key,),
            )
            return tuple(_exchange(*row) for row in rows)

    def title(self, key: str) -> str:
        """As it is listed; empty, where there is no such conversation."""
        with self._reading() as db:
            row = db.execute("SELECT coalesce(name, title) FROM conversations WHERE id = ?", (key,)).fetchone()
            return str(row[0]) if row else ""

    def rename(self, key: str, title: str) -> None:
        """By a title of the owner's; without one, by its first question again."""
        with self._writing() as db:
            db.execute("UPDATE conversations SET name = ? WHERE id = ?", (titled(title) or None, key))

    def delete(self, key: str) -> None:
        """Takes it out of the list, and for good what was deleted before it."""
        with self._writing() as db:
            db.execute("DELETE FROM conversations WHERE deleted IS NOT NULL AND id <> ?", (key,))
            db.execute("UPDATE conversations SET deleted = ? WHERE id = ?", (_now(), key))

    def restore(self, key: str) -> None:
        """Takes the deletion back."""
        with self._writing() as db:
            db.execute("UPDATE conversations SET deleted = NULL WHERE id = ?", (key,))

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        """One state of the file; where there is none yet, none is made."""
        with self._connected(make=False) as db:
            db.execute("BEGIN")
            yield db

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """All of it or nothing; committed, it is on the disk."""
        with self._connected(make=True) as db:
            db.execute("BEGIN IMMEDIATE")
            db.execute("DELETE FROM conversations WHERE deleted < ?", (_now(-UNDONE),))
            yield db
            db.execute("COMMIT")

    @contextmanager
    def _connected(self, make: bool) -> Iterator[sqlite3.Connection]:
        """A connection of its own for each use: cheap, and the file may come and go meanwhile."""
        if not self._file.parent.is_dir():
            raise gone(self._file.parent)
        with _explained(self._file):
            if make:
                self._file.touch()
            with closing(connect(self._file) if self._file.exists() else _nothing()) as db:
                self._migrate(db)
                db.execute("PRAGMA secure_delete = ON")  # what was deleted is not to be found in the file
                db.create_function("plain", 1, plain)
                yield db

    def _migrate(self, db: sqlite3.Connection) -> None:
        if version(db) > len(MIGRATIONS):
            raise LibraryTooNew(
                f"{self._file} was made by a newer askpapers (schema {version(db)}, this one reads up to "
                f"{len(MIGRATIONS)}). Update askpapers; until then, new conversations are not kept."
            )
        migrate(db, MIGRATIONS, self._file.parent)


def _nothing() -> sqlite3.Connection:
    """What is read where nothing was ever kept."""
    return sqlite3.connect(":memory:", isolation_level=None)


def whole(exchange: Exchange) -> Answer | None:
    """Its answer if there is one to the end, be it that the papers don't say; none of a failure."""
    return exchange.answer if exchange.answer and exchange.answer.status != "failed" else None


def titled(question: str) -> str:
    """A title made of it: one line, and not too long."""
    line = " ".join(_storable(question).split())
    return line if len(line) <= LONGEST_TITLE else line[: LONGEST_TITLE - 1].rstrip() + "…"


def _row(place: int, exchange: Exchange, answer: Answer) -> tuple[str, int, str, str, str]:
    question, said = _storable(exchange.question), _storable(answer.text)
    form = json.dumps(_EXCHANGE.dump_python(exchange, mode="json"))
    return exchange.key, place, question, form, plain(f"{question}\n{said}")


def _keys(db: sqlite3.Connection, key: str) -> set[str]:
    return {row[0] for row in db.execute("SELECT key FROM exchanges WHERE conversation = ?", (key,))}


def _put(db: sqlite3.Connection, key: str, rows: Sequence[tuple[str, int, str, str, str]], keys: set[str]) -> None:
    """Writes what has changed, and nothing where nothing has."""
    before = db.total_changes
    db.execute("INSERT OR IGNORE INTO conversations VALUES (?, ?, NULL, ?, NULL)", (key, titled(rows[0][2]), _now()))
    db.executemany(
        """INSERT INTO exchanges VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE
        SET place = excluded.place, question = excluded.question, form = excluded.form
        WHERE place <> excluded.place OR form <> excluded.form""",
        [(key, *row) for *row, _ in rows],
    )
    db.executemany(
        "INSERT INTO spoken VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET words = excluded.words "
        "WHERE words <> excluded.words",
        [(key, one, words) for one, *_, words in rows],
    )
    db.execute(
        "DELETE FROM exchanges WHERE conversation = ? AND key NOT IN (SELECT value FROM json_each(?))",
        (key, json.dumps([*keys])),
    )
    if db.total_changes > before:
        db.execute("UPDATE conversations SET updated = ?, deleted = NULL WHERE id = ?", (_now(), key))


def _exchange(key: str, question: str, form: str) -> Exchange:
    """As it was; what can't be read says so, and fields of a later version are left out."""
    try:
        return _EXCHANGE.validate_python(json.loads(form))
    except (ValidationError, ValueError, RecursionError):
        return Exchange(question, Answer(question, question, "failed", "", reason=UNREADABLE), key=key)


def _storable(text: str) -> str:
    """What UTF-8 can't hold (lone surrogates) is replaced: SQLite refuses it."""
    return text.encode("utf-8", "replace").decode()


def _now(offset: timedelta = timedelta()) -> str:
    return (datetime.now(UTC) + offset).isoformat(timespec="milliseconds")


@contextmanager
def _explained(file: Path) -> Iterator[None]:
    """Turns what SQLite and the file system say into errors meant for people."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise _for_people(file, error) from error


def _for_people(file: Path, error: Exception) -> AskpapersError:
    name = getattr(error, "sqlite_errorname", "")
    if name.startswith(("SQLITE_NOTADB", "SQLITE_CORRUPT", "SQLITE_ERROR")):  # the last: somebody else's tables
        return LibraryDamaged(
            f"{file} can't be read: {error}. Restore it from a backup, or move it away and a new one is begun. Until "
            "then, conversations are not kept."
        )
    if name.startswith("SQLITE_BUSY"):
        return LibraryBusy(f"{file} is being written by another process. Try again when it is done.")
    return LibraryUnwritable(
        f"Conversations can't be kept in {file}: {error}. Free space or mend permissions. What it held is unharmed."
    )
