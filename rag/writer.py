"""Gathers papers into the library's file, a transaction at a time."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from rag.errors import VectorRejected
from rag.identity import merged, same_paper, title_key
from rag.schema import COLUMNS, paper_of, row_of
from rag.types import Paper

Kind = Literal["passage", "sentence"]
Outcome = Literal["added", "updated", "unchanged"]

_MEND = "Mend the embedding model, then try again."


@dataclass(frozen=True, slots=True)
class Chunk:
    """A place in an abstract, and the text that is embedded for it."""

    kind: Kind
    start: int
    end: int
    embedded: str

    @property
    def digest(self) -> bytes:
        """Vectors are kept by what was embedded, so that the same words are never embedded twice."""
        return sha256(self.embedded.encode()).digest()[:16]


def chunk_of(kind: Kind, paper: Paper, start: int, end: int) -> Chunk:
    """For a passage, "title. passage" is embedded; for a sentence, that alone."""
    text = paper.abstract[start:end]
    return Chunk(kind, start, end, f"{paper.title}. {text}" if kind == "passage" else text)


class Writer:
    """Gathers papers into a transaction; nothing is seen by others, or survives a crash, before `commit`."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._changed = False
        self._embedded: dict[bytes, str] = {}

    def _begin(self) -> None:
        if not self._db.in_transaction:
            self._db.execute("BEGIN IMMEDIATE")

    def put(self, paper: Paper, cut: Callable[[Paper], Iterable[Chunk]]) -> Outcome:
        """Adds or updates one paper; `cut` is called only where title or abstract is new."""
        self._begin()
        old = _match(self._db, paper)
        if old is None:
            self._insert(paper, cut)
            return "added"
        new = self._joined(merged(old, paper))
        if new == old:
            return "unchanged"
        self._update(old, new, cut)
        return "updated"

    def _joined(self, paper: Paper) -> Paper:
        """Takes up stored papers that share an id with it, where the record that was just merged in bore both ids."""
        rows = self._db.execute(
            f"""SELECT {COLUMNS} FROM papers WHERE id <> ?1 AND (doi = ?2 OR arxiv = ?3)
            AND coalesce(doi, ?2) IS ?2 AND coalesce(arxiv, ?3) IS ?3""",
            (paper.id, paper.doi, paper.arxiv),
        ).fetchall()
        for twin in map(paper_of, rows):
            paper = replace(merged(twin, paper), id=paper.id)
            self._db.execute("DELETE FROM papers WHERE id = ?", (twin.id,))
            self._changed = True
        return paper

    def _insert(self, paper: Paper, cut: Callable[[Paper], Iterable[Chunk]]) -> None:
        chunks = tuple(cut(paper))  # before anything is written: it may fail
        row = (_free_id(self._db, paper.id), *row_of(paper)[1:], title_key(paper.title))
        names = COLUMNS.replace("papers.", "")
        seq = self._db.execute(f"INSERT INTO papers ({names}, title_key) VALUES ({', '.join('?' * 10)})", row).lastrowid
        self._keep(seq, chunks)

    def _update(self, old: Paper, new: Paper, cut: Callable[[Paper], Iterable[Chunk]]) -> None:
        anew = (old.title, old.abstract) != (new.title, new.abstract)
        chunks = tuple(cut(new)) if anew else ()
        names = [name.removeprefix("papers.") for name in COLUMNS.split(", ")]
        self._db.execute(
            f"UPDATE papers SET {', '.join(f'{name} = ?' for name in names)}, title_key = ? WHERE id = ?",
            (*row_of(new), title_key(new.title), old.id),
        )
        self._changed = True
        if anew:
            seq = self._db.execute("SELECT seq FROM papers WHERE id = ?", (old.id,)).fetchone()[0]
            self._db.execute("DELETE FROM chunks WHERE paper = ?", (seq,))
            self._keep(seq, chunks)

    def _keep(self, seq: int | None, chunks: Iterable[Chunk]) -> None:
        self._changed = True
        self._embedded |= {chunk.digest: chunk.embedded for chunk in chunks}
        self._db.executemany(
            "INSERT INTO chunks (paper, kind, start, stop, digest) VALUES (?, ?, ?, ?, ?)",
            [(seq, chunk.kind, chunk.start, chunk.end, chunk.digest) for chunk in chunks],
        )

    def take_up(self, chunks: Iterable[int]) -> None:
        """Turns to stored chunks, to be given the vectors that they lack; what was put must be committed by then."""
        rows = self._db.execute(
            f"""SELECT chunks.digest, kind, start, stop, {COLUMNS} FROM chunks
            JOIN papers ON papers.seq = chunks.paper WHERE chunks.id IN (SELECT value FROM json_each(?))""",
            (json.dumps(list(chunks)),),
        )
        self._embedded = {
            key: chunk_of(kind, paper_of(row), start, stop).embedded for key, kind, start, stop, *row in rows
        }

    def lacking(self, fingerprint: str) -> list[str]:
        """The texts put since the last commit that have no vector of this fingerprint, each once."""
        known = "SELECT 1 FROM vectors WHERE fingerprint = ? AND digest = ?"
        return [
            text for key, text in self._embedded.items() if not self._db.execute(known, (fingerprint, key)).fetchone()
        ]

    def commit(self, fingerprint: str, texts: Sequence[str], vectors: np.ndarray) -> None:
        """Keeps what was put, with a vector a text: (n, dimensions). Raises VectorRejected, keeping nothing."""
        with self._whole():
            rows = unit(fingerprint, texts, vectors, self._dimensions(fingerprint)) if texts else ()
            keys = [Chunk("passage", 0, 0, text).digest for text in texts]
            self._db.executemany(
                "INSERT OR IGNORE INTO vectors VALUES (?, ?, ?)",
                [(fingerprint, key, row.astype(np.float16).tobytes()) for key, row in zip(keys, rows, strict=True)],
            )
            if lacking := self.lacking(fingerprint):  # a chunk without its vector could never be found
                raise VectorRejected(f"{fingerprint} gave no vector for {lacking[0][:60]!r}. {_MEND}")

    def _dimensions(self, fingerprint: str) -> int | None:
        """Of the vectors stored under this fingerprint."""
        row = self._db.execute(
            "SELECT length(vector) / 2 FROM vectors WHERE fingerprint = ? LIMIT 1", (fingerprint,)
        ).fetchone()
        return row and int(row[0])

    def remove(self, ids: Iterable[str]) -> None:
        """Takes papers out, and every vector that nothing refers to any more."""
        with self._whole():
            self._db.executemany("DELETE FROM papers WHERE id = ?", [(paper,) for paper in ids])
            self._db.execute("DELETE FROM vectors WHERE digest NOT IN (SELECT digest FROM chunks)")
            self._changed = True

    def settle(self) -> None:
        """Notes that the shipped papers are all here, or are not wanted."""
        self._db.execute("UPDATE facts SET value = 0 WHERE key = 'fresh'")

    @contextmanager
    def _whole(self) -> Iterator[None]:
        """What was put and what is done here, as one state with a name of its own; when anything fails, none of it."""
        self._begin()
        try:
            yield
            if self._changed:
                self._db.execute("UPDATE facts SET value = value + 1 WHERE key = 'generation'")
                self._db.execute("UPDATE facts SET value = abs(random()) WHERE key = 'stamp'")
            self._db.execute("COMMIT")
        finally:
            self._changed, self._embedded = False, {}
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")


def _match(db: sqlite3.Connection, paper: Paper) -> Paper | None:
    """The stored paper that is the same one: by DOI, then arXiv id, then title."""
    rows = db.execute(
        f"""SELECT {COLUMNS} FROM papers WHERE doi = ?1 OR arxiv = ?2 OR title_key = ?3
        ORDER BY doi IS ?1 AND doi IS NOT NULL DESC, arxiv IS ?2 AND arxiv IS NOT NULL DESC, seq""",
        (paper.doi, paper.arxiv, title_key(paper.title)),
    )
    return next((found for found in map(paper_of, rows) if same_paper(found, paper)), None)


def _free_id(db: sqlite3.Connection, wanted: str) -> str:
    """The id itself, or with -2, -3 ... where another paper bears it."""
    free, number = wanted, 1
    while db.execute("SELECT 1 FROM papers WHERE id = ?", (free,)).fetchone():
        number += 1
        free = f"{wanted}-{number}"
    return free


def unit(fingerprint: str, texts: Sequence[str], vectors: ArrayLike, size: int | None = None) -> np.ndarray:
    """A row a text, of unit length and `size` numbers (None: however many), float32. Raises VectorRejected."""
    try:
        rows = np.asarray(vectors, np.float32)
    except (TypeError, ValueError):
        raise VectorRejected(f"{fingerprint} gave vectors of several sizes at once. {_MEND}") from None
    if rows.ndim != 2 or len(rows) != len(texts):
        raise VectorRejected(
            f"{fingerprint} gave numbers of shape {rows.shape} instead of {len(texts)} vectors. {_MEND}"
        )
    if size and rows.shape[1] != size:
        raise VectorRejected(
            f"{fingerprint} gave vectors of {rows.shape[1]} numbers where they had {size}: is it another model? "
            f"{_MEND} Or give the other model a name of its own."
        )
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    bad = np.flatnonzero(~(np.isfinite(lengths) & (lengths > 0)))
    if len(bad):
        text = texts[bad[0]][:60]
        raise VectorRejected(f"{fingerprint} gave a vector with NaN, infinity or only zeros for {text!r}. {_MEND}")
    made: np.ndarray = rows / lengths
    return made
