"""The truth: papers, chunks and vectors in one SQLite file, one writer at a time. Knows no index and no model."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rag.errors import LibraryBusy, UnknownPaper, VectorsLacking
from rag.held import HeldByAnother, held, is_held
from rag.identity import title_key
from rag.readers import Readers
from rag.schema import COLUMNS, FILE, MIGRATIONS, connect, explained, migrate, paper_of, version
from rag.types import Paper, Scope, Span
from rag.writer import Kind, Writer

PROBE = 0.5  # seconds within which whoever only asks if the library is busy has let go of the lock again
WITHIN = """
    SELECT id FROM papers WHERE
    (?1 = '[]' OR id IN (SELECT value FROM json_each(?1)) OR title_key IN (
        SELECT key(value) FROM json_each(?1) WHERE value NOT IN (SELECT id FROM papers)))
    AND (?2 = '[]' OR year IN (SELECT value FROM json_each(?2)))
    AND (?3 = '[]' OR EXISTS (SELECT 1 FROM json_each(?3) part WHERE fold(venue) = part.value)
        OR EXISTS (SELECT 1 FROM json_each(?5) part WHERE instr(fold(venue), part.value)))
    AND (?4 = '[]' OR EXISTS (
        SELECT 1 FROM json_each(authors) name, json_each(?4) part WHERE fold(name.value) = part.value)
        OR EXISTS (SELECT 1 FROM json_each(authors) name, json_each(?6) part WHERE instr(fold(name.value), part.value)))
"""
IS_VENUE = "SELECT 1 FROM papers WHERE fold(venue) = ? LIMIT 1"
IS_AUTHOR = "SELECT 1 FROM papers, json_each(authors) name WHERE fold(name.value) = ? LIMIT 1"


@dataclass(frozen=True, slots=True)
class Stored:
    """A chunk as the library keeps it: its lasting number, its place, its unit-length vector (float16)."""

    id: int
    span: Span
    vector: np.ndarray


class Library:
    """Reads at any time, from any thread or process; writes inside `writing()`.

    Every method raises a LibraryError when the file can't be used.
    """

    def __init__(self, folder: Path, migrations: Sequence[str] = MIGRATIONS) -> None:
        self.folder = folder
        self._file, self._pid = folder / FILE, folder / "writer.pid"
        self._readers = Readers(self._file)
        with explained(folder, opening=True):
            folder.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(self._file, timeout=30, isolation_level=None)) as db:
                old = version(db) < len(migrations)
                with self._alone(30) if old else nullcontext():  # two at once would disturb each other
                    migrate(db, migrations, folder)

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection for one read: cheap, safe in any thread, and it sees one state, all that was committed."""
        with explained(self.folder), self._readers.one() as db:
            yield db

    def at_work(self) -> AbstractContextManager[None]:
        """Many reads are to come: until it ends, each is quicker."""
        return self._readers.at_work()

    @contextmanager
    def writing(self, wait: float = 0) -> Iterator[Writer]:
        """The one writer, after at most `wait` seconds. Raises LibraryBusy; what was not committed is dropped."""
        len(self)  # where the folder is gone, the lock would make it anew
        with explained(self.folder), self._alone(wait), closing(connect(self._file)) as db:
            yield Writer(db)

    @contextmanager
    def _alone(self, wait: float) -> Iterator[None]:
        """Keeps other writers out. Raises LibraryBusy."""
        with ExitStack() as stack:
            try:
                stack.enter_context(held(self.folder, "writer", max(wait, PROBE)))
            except HeldByAnother as pid:
                raise LibraryBusy(
                    f"Process {pid} is adding to the library in {self.folder}. Try again when it is done."
                ) from None
            yield

    @property
    def generation(self) -> int:
        """Grows with every change."""
        return self._fact("generation")

    @property
    def edition(self) -> str:
        """The generation and a random stamp: no two states share it, not even after a backup is restored."""
        with self.reading() as db:
            return _edition(db)

    @property
    def busy(self) -> bool:
        """Whether a process is writing just now: one has left its pid, and does hold the lock."""
        return self._pid.exists() and is_held(self.folder, "writer")

    @property
    def fresh(self) -> bool:
        """Whether it was never settled if the shipped papers belong here, or adding them was cut short."""
        return bool(self._fact("fresh"))

    def _fact(self, key: str) -> int:
        return self._number("SELECT value FROM facts WHERE key = ?", key)

    def __len__(self) -> int:
        return self._number("SELECT count(*) FROM papers")

    def count(self, kind: Kind) -> int:
        """How many passages or sentences there are."""
        return self._number("SELECT count(*) FROM chunks WHERE kind = ?", kind)

    def _number(self, question: str, *values: str) -> int:
        with self.reading() as db:
            return int(db.execute(question, values).fetchone()[0])

    def papers(self) -> Iterator[Paper]:
        """All papers, in the order they came."""
        with self.reading() as db:
            yield from map(paper_of, db.execute(f"SELECT {COLUMNS} FROM papers ORDER BY seq"))

    def titles(self) -> Iterator[tuple[str, str]]:
        """Id and title of all papers, in the order they came."""
        with self.reading() as db:
            yield from db.execute("SELECT id, title FROM papers ORDER BY seq")

    def paper(self, name: str) -> Paper:
        """By id, else by title. Raises UnknownPaper."""
        with self.reading() as db:
            row = db.execute(
                f"SELECT {COLUMNS} FROM papers WHERE id = ?1 OR title_key = ?2 ORDER BY id = ?1 DESC, seq LIMIT 1",
                (name, title_key(name)),
            ).fetchone()
        if row is None:
            raise UnknownPaper(f"No paper {name!r} in the library. List them with: askpapers papers")
        return paper_of(row)

    def within(self, scope: Scope) -> frozenset[str]:
        """Ids of the papers in the scope; papers by id or else title, venues and authors by name or else a part of it.

        ACL is not NAACL, where there are papers of ACL.
        """
        venues, authors = ([name.casefold() for name in some] for some in (scope.venues, scope.authors))
        with self.reading() as db:
            db.create_function("key", 1, title_key)
            db.create_function("fold", 1, lambda name: (name or "").casefold())  # SQLite's lower() knows ASCII only
            parts = (_unknown(db, IS_VENUE, venues), _unknown(db, IS_AUTHOR, authors))
            bounds = (scope.papers, scope.years, venues, authors, *parts)
            return frozenset(row[0] for row in db.execute(WITHIN, [json.dumps(list(bound)) for bound in bounds]))

    def holds(self, scope: Scope) -> Callable[[str], bool]:
        """Whether the paper of an id lies in the scope, as it is now."""
        within = self.within(scope) if scope else None
        return lambda paper: within is None or paper in within

    def size(self, scope: Scope) -> int:
        """How many papers are in the scope."""
        return len(self.within(scope)) if scope else len(self)

    def chunks(self, kind: Kind, fingerprint: str, papers: Iterable[str] | None = None) -> Iterator[Stored]:
        """Chunks of these papers, or of all, in reading order. Raises VectorsLacking where one has no vector."""
        with self.reading() as db:
            yield from _stored(db, kind, fingerprint, papers)

    def lacks(self, kind: Kind, fingerprint: str) -> bool:
        """Whether a chunk has no vector of this fingerprint: told at once where it is one of the newest."""
        return next(self.lacking(kind, fingerprint), None) is not None

    def lacking(self, kind: Kind, fingerprint: str) -> Iterator[int]:
        """The chunks that have no vector of this fingerprint, newest first."""
        with self.reading() as db:
            rows = db.execute(
                """SELECT id FROM chunks WHERE kind = ? AND NOT EXISTS
                (SELECT 1 FROM vectors WHERE fingerprint = ? AND vectors.digest = chunks.digest) ORDER BY id DESC""",
                (kind, fingerprint),
            )
            yield from (row[0] for row in rows)

    def snapshot(self, kind: Kind, fingerprint: str) -> tuple[str, list[Stored]]:
        """The edition and all its chunks, whoever is writing meanwhile. Raises as `chunks` does."""
        with self.reading() as db:
            return _edition(db), list(_stored(db, kind, fingerprint))

    def spans(self, chunks: Iterable[int]) -> dict[int, Span]:
        """Where these chunks stand; those that are gone are left out."""
        with self.reading() as db:
            rows = db.execute(
                f"""SELECT chunks.id, start, stop, {COLUMNS} FROM chunks JOIN papers ON chunks.paper = papers.seq
                WHERE chunks.id IN (SELECT value FROM json_each(?))""",
                (json.dumps([int(chunk) for chunk in chunks]),),
            )
            return {chunk: Span(paper_of(columns), start, stop) for chunk, start, stop, *columns in rows}


def _unknown(db: sqlite3.Connection, question: str, names: Sequence[str]) -> list[str]:
    """Those that are nobody's whole name."""
    return [name for name in names if not db.execute(question, (name,)).fetchone()]


def _edition(db: sqlite3.Connection) -> str:
    facts = dict(db.execute("SELECT key, value FROM facts"))
    return f"{facts['generation']}-{facts['stamp']:x}"


def _stored(
    db: sqlite3.Connection, kind: Kind, fingerprint: str, papers: Iterable[str] | None = None
) -> Iterator[Stored]:
    only = "" if papers is None else "AND papers.id IN (SELECT value FROM json_each(?))"
    rows = db.execute(
        f"""SELECT chunks.id, start, stop, vector, {COLUMNS} FROM papers
        JOIN chunks ON chunks.paper = papers.seq AND kind = ?
        LEFT JOIN vectors ON vectors.digest = chunks.digest AND fingerprint = ?
        WHERE TRUE {only} ORDER BY papers.seq, start""",
        (kind, fingerprint, *([] if papers is None else [json.dumps(list(papers))])),
    )
    paper: Paper | None = None
    for chunk, start, stop, vector, *columns in rows:
        if paper is None or paper.id != columns[0]:
            paper = paper_of(columns)
        if vector is None:
            raise VectorsLacking(f"{paper.id} has no vectors of {fingerprint}. Make them: askpapers embed")
        yield Stored(chunk, Span(paper, start, stop), np.frombuffer(vector, np.float16))
