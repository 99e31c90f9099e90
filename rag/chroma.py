"""Chroma in a folder: vectors in, numbers of the nearest out. Knows no library.

Chroma is blind to what another process adds, so what is in a folder is never added to: a copy is.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path
from threading import RLock
from typing import Any, Protocol

import chromadb
import numpy as np
from chromadb.config import Settings as ChromaSettings
from chromadb.errors import ChromaError

from rag.library import Stored

COLLECTION = "passages"
PROBES = 32  # stored vectors asked for themselves before others are
ITSELF = 0.01  # cosine distance at which a vector was found itself
HNSW = {"space": "cosine", "ef_construction": 200, "ef_search": 400}  # of the defaults each build misses others
AT_ONCE = {"batch_size": 1, "sync_threshold": 1}  # into files; else each opening writes room, as memory was
NEIGHBOURS = 16  # that a vector has in the graph: hnswlib's M
COUNT_AT, SIZE_AT = 20, 28  # bytes into hnswlib's header, where it says how many vectors there are, and how large
SLICE = 2000  # vectors handed to Chroma at a time; it takes 5,461 at most
SQLITE = "chroma.sqlite3"

Progress = Callable[[int, int], None]
_SYSTEMS = RLock()  # Chroma shares a folder's files among its clients, and counts them with no care for threads


class IndexDamaged(Exception):
    """It does not give back what was put in."""


class Nearest(Protocol):
    """Who finds the nearest of an edition's vectors."""

    away: str | None  # why it could not be asked the last time, for people
    unfit: bool  # it does not find its own vectors, or may not: see `crowded`

    def nearest(self, vector: np.ndarray, most: int) -> np.ndarray | None:
        """Chunks' numbers, best first: (most,) int64; None where it can't tell."""

    def ready(self, progress: Progress | None = None) -> None:
        """Makes sure that the vectors are there, so that the first question need not."""

    def close(self) -> None:
        """Lets go of what it holds."""


class Embedded:
    """The vectors of a folder, as `write` left them."""

    away: str | None = None

    def __init__(self, folder: Path, vectors: np.ndarray) -> None:
        """Raises IndexDamaged, or whatever Chroma raises, where it does not give back what was put in."""
        _check_database(folder / SQLITE)
        self._client = _client(folder)
        try:
            self.collection, finds_itself = _checked(self._client, vectors)
            self.unfit = not finds_itself or crowded(vectors)
        except BaseException:
            _close(self._client)
            raise

    def nearest(self, vector: np.ndarray, most: int) -> np.ndarray | None:
        """As Nearest says."""
        with suppress(ChromaError):  # its folder was deleted; what is mapped into memory is still there
            if not self.unfit:
                found = self.collection.query(query_embeddings=vector[None, :], n_results=most, include=["distances"])
                return np.array(found["ids"][0], np.int64)
        return None

    def ready(self, progress: Progress | None = None) -> None:
        """It is."""

    def close(self) -> None:
        """Lets go of the files."""
        _close(self._client)


def write(
    folder: Path,
    stored: Sequence[Stored],
    keep: np.ndarray,
    gone: np.ndarray,
    base: Path | None,
    progress: Progress | None,
) -> None:
    """All vectors, into a copy of `base` where there is one: that has the numbers `keep` already, and `gone` too."""
    if base:
        _copy(base, folder)
    client = _client(folder)
    try:
        # no embedding function: the default one downloads a model
        collection = client.get_or_create_collection(
            COLLECTION, embedding_function=None, configuration={"hnsw": HNSW | AT_ONCE}
        )
        for some in slices(gone, SLICE):
            collection.delete(ids=[str(number) for number in some])
        new = np.flatnonzero(~np.isin([item.id for item in stored], keep))
        for some in slices(new, SLICE):
            _add(collection, [stored[row] for row in some])
            if progress:
                progress(int(np.searchsorted(new, some[-1])) + 1, len(new))
    finally:
        _close(client)
    _wipe_unused(folder)


def crowded(vectors: np.ndarray) -> bool:
    """Whether so many of (n, d) float16 are equal that a search may see nothing but them; told by four dimensions."""
    some = np.pad(vectors[:, :4], ((0, 0), (0, max(0, 4 - vectors.shape[1]))))
    return bool(np.unique(np.ascontiguousarray(some).view(np.int64), return_counts=True)[1].max() > NEIGHBOURS)


def probes_of(vectors: np.ndarray) -> np.ndarray:
    """Rows spread over all of them: at most PROBES."""
    return np.unique(np.linspace(0, len(vectors) - 1, min(PROBES, len(vectors))).astype(int))


def slices(rows: np.ndarray, size: int) -> Iterator[np.ndarray]:
    """In parts of `size`."""
    return (rows[start : start + size] for start in range(0, len(rows), size))


def _check_database(file: Path) -> None:
    """Before Chroma tries: of a folder that it could not open it keeps a broken half, and gives that out ever after."""
    with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as db:
        if db.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
            raise IndexDamaged(file.name)


def _checked(client: Any, vectors: np.ndarray) -> tuple[Any, bool]:
    """The collection, and whether it finds its own vectors. Raises IndexDamaged."""
    collection = client.get_collection(COLLECTION, embedding_function=None)
    if collection.count() != len(vectors):
        raise IndexDamaged(f"{collection.count()} in Chroma, {len(vectors)} rows")
    probes = vectors[probes_of(vectors)].astype(np.float32)
    found = collection.query(query_embeddings=probes, n_results=1, include=["distances"])
    return collection, all(near and near[0] < ITSELF for near in found["distances"])


def _client(folder: Path) -> Any:
    settings = ChromaSettings(anonymized_telemetry=False)
    with _SYSTEMS:
        return chromadb.PersistentClient(str(folder), settings=settings)


def _close(client: Any) -> None:
    with _SYSTEMS:
        client.close()


def _copy(old: Path, new: Path) -> None:
    shutil.copytree(old, new, ignore=shutil.ignore_patterns(f"{SQLITE}*"))
    with closing(sqlite3.connect(old / SQLITE)) as source, closing(sqlite3.connect(new / SQLITE)) as copy:
        source.backup(copy)  # whole, also while another process opens it


def _wipe_unused(folder: Path) -> None:
    """Chroma writes the room for its first vectors as memory happens to be: a key may have stood there."""
    for header in folder.glob("*/header.bin"):
        used, each = (int.from_bytes(header.read_bytes()[at : at + 8], "little") for at in (COUNT_AT, SIZE_AT))
        for name, size in (("data_level0.bin", each), ("length.bin", 4)):
            file = header.with_name(name)
            room = file.stat().st_size
            os.truncate(file, min(room, used * size))
            os.truncate(file, room)


def _add(collection: Any, batch: list[Stored]) -> None:
    collection.add(
        ids=[str(item.id) for item in batch],
        embeddings=np.stack([item.vector for item in batch]).astype(np.float32),
        metadatas=[{"paper": i.span.paper.id, "start": i.span.start, "end": i.span.end} for i in batch],
    )
