"""Chroma for meaning, bm25s for words: an immutable folder an edition of the library, rebuilt from it at will.

Chroma is blind to what another process adds, so an index is never added to: a copy is, and it is published by its name.
"""

from __future__ import annotations

import json
import math
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bm25s
import chromadb
import numpy as np
from chromadb.config import Settings as ChromaSettings
from filelock import FileLock

from rag.errors import LibraryGone
from rag.library import Library, Stored
from rag.words import tokens

COLLECTION = "passages"
PROBES = 32  # stored vectors asked for themselves when an index is opened
KEPT = 2  # editions left on disk: the newest, and the one that a reader may be busy with

Progress = Callable[[int, int], None]


class IndexDamaged(Exception):
    """The folder does not give back what was put in."""


@dataclass(frozen=True)
class Index:
    """One edition; a row is a passage, in the library's order. n rows, d dimensions."""

    edition: str
    chunks: np.ndarray  # (n,) int64: the library's numbers
    owners: np.ndarray  # (n,) int32: the row's paper, as a place in `papers`
    papers: tuple[str, ...]
    vectors: np.ndarray  # (n, d) float16, unit length, memory-mapped
    mean: np.ndarray  # (d,) of the vectors
    moment: np.ndarray  # (d, d) mean outer product
    _words: bm25s.BM25
    _client: Any
    _collection: Any

    def nearest(self, vector: np.ndarray, most: int) -> np.ndarray:
        """Rows nearest in meaning, at most `most`, as Chroma finds them."""
        found = self._collection.query(
            query_embeddings=vector[None, :], n_results=min(most, len(self.chunks)), include=["distances"]
        )
        return np.searchsorted(self.chunks, np.array(found["ids"][0], np.int64))

    def cosines(self, vector: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Exact, from the stored vectors."""
        similar: np.ndarray = self.vectors[rows].astype(np.float32) @ vector
        return similar

    def cosine_moments(self, vector: np.ndarray) -> tuple[float, float]:
        """Mean and standard deviation of the cosine over all rows: q.m and sqrt(q'Mq - (q.m)^2)."""
        mean = float(vector @ self.mean)
        return mean, float(np.sqrt(max(vector @ self.moment @ vector - mean**2, 1e-12)))

    def word_scores(self, text: str, whole: bool = False) -> np.ndarray:
        """BM25 of every row: (n,) float32, 0 where no word is shared; `whole`: a compound's parts don't count."""
        wanted = tokens(text)[:1] if whole else tokens(text)
        known = [token for token in wanted if token in self._words.vocab_dict]
        if not known:
            return np.zeros(len(self.chunks), np.float32)
        scores: np.ndarray = self._words.get_scores(known)
        return scores

    def rarity(self, token: str) -> float:
        """BM25's inverse document frequency over passages: ln(1 + (n - f + 0.5) / (f + 0.5)), above 0."""
        place = self._words.vocab_dict.get(token)
        ends = self._words.scores["indptr"]
        found = 0 if place is None else int(ends[place + 1] - ends[place])
        return math.log(1 + (len(self.chunks) - found + 0.5) / (found + 0.5))

    def close(self) -> None:
        """Lets go of Chroma's files."""
        self._client.close()


def current_index(library: Library, fingerprint: str, progress: Progress | None = None) -> Index:
    """The index of the library as it is now, built if it is missing, stale or damaged.

    While another process is writing, the newest sound one serves: the writer publishes its own when it is done.
    """
    root = library.folder / "index"
    found = _sound(root, library.edition, fingerprint)
    if found is None and library.busy:
        found = _newest_sound(root, fingerprint)
    return found or _build(library, root, fingerprint, progress)


def _folder(root: Path, edition: str, fingerprint: str) -> Path:
    return root / f"{edition}-{''.join(c if c.isalnum() else '-' for c in fingerprint)}"


def _sound(root: Path, edition: str, fingerprint: str) -> Index | None:
    folder = _folder(root, edition, fingerprint)
    if not folder.is_dir():
        return None
    try:
        return _opened(folder, edition)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException:  # Chroma's panics are no Exception; whatever is wrong, it is rebuilt
        shutil.rmtree(folder, ignore_errors=True)
        return None


def _newest_sound(root: Path, fingerprint: str) -> Index | None:
    tail = _folder(root, "", fingerprint).name
    editions = [folder.name.removesuffix(tail) for folder in root.glob(f"*{tail}")]
    editions.sort(key=lambda edition: int(edition.split("-")[0]), reverse=True)
    return next((index for edition in editions if (index := _sound(root, edition, fingerprint))), None)


def _opened(folder: Path, edition: str) -> Index:
    client = _chroma(folder)
    rows = np.load(folder / "rows.npz")
    index = Index(
        edition=edition,
        chunks=rows["chunks"],
        owners=rows["owners"],
        papers=tuple(json.loads((folder / "papers.json").read_text())),
        vectors=np.load(folder / "vectors.npy", mmap_mode="r"),
        mean=rows["mean"],
        moment=rows["moment"],
        _words=bm25s.BM25.load(folder / "words", mmap=True),
        _client=client,
        _collection=client.get_collection(COLLECTION, embedding_function=None),
    )
    _probe(index)
    return index


def _probe(index: Index) -> None:
    """Asks for stored vectors themselves: a Chroma that lost its segment still counts right. Raises IndexDamaged."""
    count = index._collection.count()
    if not count == len(index.chunks) == len(index.vectors) == len(index.owners):
        raise IndexDamaged(f"{count} in Chroma, {len(index.chunks)} rows")
    rows = np.unique(np.linspace(0, count - 1, min(PROBES, count)).astype(int))
    vectors = index.vectors[rows].astype(np.float32)
    found = index._collection.query(query_embeddings=vectors, n_results=1, include=["distances"])
    if any(not distances or distances[0] > 0.01 for distances in found["distances"]):
        raise IndexDamaged("stored vectors are not found")


def _chroma(folder: Path) -> Any:
    settings = ChromaSettings(anonymized_telemetry=False)
    return chromadb.PersistentClient(str(folder / "chroma"), settings=settings)


def _build(library: Library, root: Path, fingerprint: str, progress: Progress | None) -> Index:
    if not library.folder.is_dir():
        raise LibraryGone(f"The library in {library.folder} is gone.")
    root.mkdir(exist_ok=True)
    with FileLock(root / "build.lock"):
        edition, stored = _snapshot(library, fingerprint)
        if found := _sound(root, edition, fingerprint):  # another process built it while we waited
            return found
        building = root / ".building"
        shutil.rmtree(building, ignore_errors=True)  # what a crash left
        building.mkdir()
        _write_rows(building, stored)
        _write_words(building, stored)
        _write_chroma(building, stored, progress)
        folder = _folder(root, edition, fingerprint)
        os.replace(building, folder)
        _drop_old(root, folder)
    return _opened(folder, edition)


def _snapshot(library: Library, fingerprint: str) -> tuple[str, list[Stored]]:
    """The edition and its passages, read again when someone wrote in between."""
    while True:
        edition = library.edition
        stored = list(library.chunks("passage", fingerprint))
        if library.edition == edition:
            return edition, stored


def _write_rows(folder: Path, stored: list[Stored]) -> None:
    vectors = np.stack([item.vector for item in stored])
    papers = list(dict.fromkeys(item.span.paper.id for item in stored))
    places = {paper: place for place, paper in enumerate(papers)}
    exact = vectors.astype(np.float32)
    np.savez(
        folder / "rows.npz",
        chunks=np.array([item.id for item in stored], np.int64),
        owners=np.array([places[item.span.paper.id] for item in stored], np.int32),
        mean=exact.mean(axis=0),
        moment=exact.T @ exact / len(exact),
    )
    np.save(folder / "vectors.npy", vectors)
    (folder / "papers.json").write_text(json.dumps(papers))


def _write_words(folder: Path, stored: list[Stored]) -> None:
    words = bm25s.BM25()
    words.index([tokens(f"{item.span.paper.title}. {item.span.text}") for item in stored], show_progress=False)
    words.save(folder / "words", show_progress=False)


def _write_chroma(folder: Path, stored: list[Stored], progress: Progress | None) -> None:
    client = _chroma(folder)
    # no embedding function: the default one downloads a model
    collection = client.create_collection(
        COLLECTION, embedding_function=None, configuration={"hnsw": {"space": "cosine"}}
    )
    step = min(client.get_max_batch_size(), 2000)
    for start in range(0, len(stored), step):
        batch = stored[start : start + step]
        collection.add(
            ids=[str(item.id) for item in batch],
            embeddings=np.stack([item.vector for item in batch]).astype(np.float32),
            metadatas=[{"paper": i.span.paper.id, "start": i.span.start, "end": i.span.end} for i in batch],
        )
        if progress:
            progress(start + len(batch), len(stored))
    client.close()


def _drop_old(root: Path, newest: Path) -> None:
    def age(folder: Path) -> float:
        return folder.stat().st_mtime

    older = sorted((f for f in root.iterdir() if f.is_dir() and f != newest), key=age, reverse=True)
    for folder in older[KEPT - 1 :]:
        shutil.rmtree(folder, ignore_errors=True)
