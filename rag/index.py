"""The index of the library as it is now: the folder of its edition, found or built, and published by its name."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import numpy as np
from chromadb.errors import ChromaError
from filelock import FileLock

from rag import chroma
from rag.chroma import IndexDamaged, Progress
from rag.chroma_server import Server
from rag.edition import CHROMA, Index, chroma_in, opened, seal, write_rows, write_words
from rag.errors import LibraryEmpty, VectorsLacking
from rag.library import Library, Stored
from rag.schema import explained, unwritable

KEPT = 2  # editions of each embedding left on disk: the newest, and the one that a reader may be about to open
BURIED = 0.2  # share of removed vectors that Chroma may drag along before it is made afresh: they cost recall


def current_index(
    library: Library,
    fingerprint: str,
    progress: Progress | None = None,
    held: Index | None = None,
    server: Server | None = None,
) -> Index:
    """The index of the library as it is now, built if it is missing, stale or damaged.

    While another process is writing, the newest sound one serves: the writer publishes its own when it is done.
    `held` is one that is open already; it is given back where it would be opened again. `server` is where Chroma is;
    None: embedded. Raises LibraryEmpty, and VectorsLacking where it can't be built.
    """
    with _explained(library):
        if not len(library):
            raise LibraryEmpty(
                f"The library in {library.folder} holds no papers. Add some: askpapers ingest PATH --library DIR"
            )
        shelf = _Shelf(library.folder / "index", fingerprint, server)
        found = shelf.sound(library.edition)
        if found is None and library.busy:
            found = shelf.newest(held)
        if found is None and library.lacks("passage", fingerprint):
            raise VectorsLacking(f"Not all papers have vectors of {fingerprint}. Make them: askpapers embed")
        return found or _build(library, shelf, progress)


@contextmanager
def _explained(library: Library) -> Iterator[None]:
    try:
        with explained(library.folder):
            yield
    except (ChromaError, IndexDamaged) as error:
        raise unwritable(library.folder, error) from error


@dataclass(frozen=True)
class _Shelf:
    """Where a library's editions stand that were made with one embedding, for one Chroma."""

    root: Path
    fingerprint: str
    server: Server | None

    def folder(self, edition: str) -> Path:
        """Fingerprints hold what users and servers name; their hash is no other's, on any file system."""
        made_for = self.fingerprint + (f" at {self.server.address}" if self.server else "")
        return self.root / f"{edition}-{hashlib.sha256(made_for.encode()).hexdigest()[:12]}"

    def sound(self, edition: str) -> Index | None:
        """None where it is missing or damaged; it stays there: only who holds the build lock may delete."""
        try:
            return opened(self.folder(edition), edition, self.server)
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException:  # Chroma's panics are no Exception; whatever is wrong, it is rebuilt
            return None

    def newest(self, held: Index | None = None) -> Index | None:
        """The newest sound one."""
        tail = self.folder("").name
        editions = [folder.name.removesuffix(tail) for folder in self.root.glob(f"[0-9]*{tail}")]
        for edition in sorted(editions, key=lambda edition: int(edition.split("-")[0]), reverse=True):
            if index := held if held and held.edition == edition else self.sound(edition):
                return index
        return None


def _build(library: Library, shelf: _Shelf, progress: Progress | None) -> Index:
    shelf.root.mkdir(exist_ok=True)
    with FileLock(shelf.root / "build.lock"):
        edition, stored = library.snapshot("passage", shelf.fingerprint)
        if found := shelf.sound(edition):  # another process built it while we waited
            return found
        if not stored:
            raise VectorsLacking(
                f"No paper of the library in {library.folder} has a passage to search. Take them out and add them "
                "again: askpapers remove ID, askpapers ingest PATH"
            )
        stored.sort(key=lambda item: item.id)
        building = shelf.root / ".building"
        shutil.rmtree(building, ignore_errors=True)  # what a crash left
        building.mkdir()
        _write(building, stored, shelf, progress)
        folder = shelf.folder(edition)
        shutil.rmtree(folder, ignore_errors=True)  # a damaged one
        os.replace(building, folder)
        _drop_old(shelf.root, folder)
        index = opened(folder, edition, shelf.server)
    index.near.ready(progress)
    return index


def _write(folder: Path, stored: list[Stored], shelf: _Shelf, progress: Progress | None) -> None:
    vectors = np.stack([item.vector for item in stored])
    buried = 0 if shelf.server else _write_chroma(folder, stored, vectors, shelf.newest(), progress)
    write_rows(folder, stored, vectors, buried)
    write_words(folder, stored)
    seal(folder)


def _write_chroma(
    folder: Path, stored: list[Stored], vectors: np.ndarray, base: Index | None, progress: Progress | None
) -> int:
    """Into a copy of `base` where that pays; returns how many removed vectors lie buried in it."""
    home = folder / f"{CHROMA}{uuid4().hex[:8]}"
    ids = np.array([item.id for item in stored], np.int64)
    kept = _kept(ids, vectors, base)
    if base is None or not len(kept):
        chroma.write(home, stored, ids[:0], ids[:0], None, progress)
        return 0
    gone = np.setdiff1d(base.chunks, kept)
    chroma.write(home, stored, kept, gone, chroma_in(base.folder), progress)
    return base.buried + len(gone)


def _kept(ids: np.ndarray, vectors: np.ndarray, base: Index | None) -> np.ndarray:
    """What can stay in a copy of `base`: nothing, where the copy would drag along too much that was removed."""
    if base is None or base.near.unfit or base.vectors.shape[1] != vectors.shape[1]:
        return ids[:0]
    kept, mine, theirs = np.intersect1d(ids, base.chunks, assume_unique=True, return_indices=True)
    kept = kept[(vectors[mine] == base.vectors[theirs]).all(axis=1)]  # a restored backup gives numbers out again
    return kept if base.buried + len(base.chunks) - len(kept) <= BURIED * len(ids) else ids[:0]


def _drop_old(root: Path, newest: Path) -> None:
    def age(folder: Path) -> float:
        return folder.stat().st_mtime

    older = sorted((f for f in root.iterdir() if f.is_dir() and f != newest), key=age, reverse=True)
    left = Counter({_shelf_of(newest): 1})
    for folder in older:
        left[_shelf_of(folder)] += 1
        if left[_shelf_of(folder)] > KEPT:
            shutil.rmtree(folder, ignore_errors=True)


def _shelf_of(folder: Path) -> str:
    return folder.name.rpartition("-")[2]
