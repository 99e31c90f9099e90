"""The index of the library as it is now: the folder of its edition, found or built, and published by its name."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from chromadb.errors import ChromaError
from filelock import FileLock

from rag import chroma
from rag.chroma import IndexDamaged, Progress
from rag.chroma_server import Server
from rag.edition import CHROMA, Index, opened, seal, write_rows, write_words
from rag.errors import LibraryEmpty, VectorsLacking
from rag.library import Library, Stored
from rag.question import parts_of_name
from rag.schema import explained, unwritable

KEPT = 2  # editions of each embedding left on disk: the newest, and the one that a reader may be about to open
BURIED = 0.2  # share of removed vectors that Chroma may drag along before it is made afresh: they cost recall
<<<<<<< HEAD
SLICE = 2000  # vectors handed to Chroma at a time; it takes 5,461 at most
MARKS = "marks.json"
VOCABULARY = "vocabulary.json"
SAMPLE = (
    "The GPUs' naïve GPT-4 and IL-6 image-text capsules reach 81.4% (p<0.05), 2.5x faster."  # cut as all words were
)
SQLITE = "chroma.sqlite3"

Progress = Callable[[int, int], None]
_SYSTEMS = RLock()  # Chroma shares a folder's files among its clients, and counts them with no care for threads


class IndexDamaged(Exception):
    """The folder does not give back what was put in."""


@dataclass(frozen=True)
class Index:
    """One edition; a row is a passage. n rows, d dimensions."""

    folder: Path
    edition: str
    chunks: np.ndarray  # (n,) int64: the library's numbers, ascending
    owners: np.ndarray  # (n,) int32: the row's paper, as a place in `papers`
    papers: tuple[str, ...]
    vectors: np.ndarray  # (n, d) float16, unit length, memory-mapped
    mean: np.ndarray  # (d,) of the vectors
    moment: np.ndarray  # (d, d) mean outer product
    buried: int  # removed vectors that Chroma drags along
    vocabulary: Vocabulary  # words as they are spelt, to mend a question by
    _words: bm25s.BM25
    _client: Any
    _collection: Any  # None where Chroma does not find its own vectors

    def nearest(self, vector: np.ndarray, most: int) -> np.ndarray:
        """Rows nearest in meaning, at most `most`, best first: as Chroma finds them, or exactly where it can't."""
        most = min(most, len(self.chunks))
        with suppress(ChromaError):  # its folder was deleted; what is mapped into memory is still there
            if self._collection:
                found = self._collection.query(query_embeddings=vector[None, :], n_results=most, include=["distances"])
                return np.searchsorted(self.chunks, np.array(found["ids"][0], np.int64))
        return np.argsort(-self.cosines(vector, np.arange(len(self.chunks))), kind="stable")[:most]

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

    def knows(self, text: str) -> bool:
        """Whether any passage, or its title, holds one of these words."""
        return any(token in self._words.vocab_dict for token in tokens(text))

    def mentions(self, name: str) -> bool:
        """Whether any passage, or its title, holds the name as it is, or each name that it is made of (see there)."""
        whole = (*tokens(name)[:1], *tokens(re.sub(r"[-_]", "", name))[:1])
        parts = parts_of_name(name)
        return any(token in self._words.vocab_dict for token in whole) or (bool(parts) and all(map(self.knows, parts)))

    def rarity(self, token: str) -> float:
        """BM25's inverse document frequency over passages: ln(1 + (n - f + 0.5) / (f + 0.5)), above 0."""
        place = self._words.vocab_dict.get(token)
        ends = self._words.scores["indptr"]
        found = 0 if place is None else int(ends[place + 1] - ends[place])
        return math.log(1 + (len(self.chunks) - found + 0.5) / (found + 0.5))

    def close(self) -> None:
        """Lets go of Chroma's files; so does the last one to forget the index."""
        _close(self._client)
=======
>>>>>>> 60f6f94 (Chroma may be a server elsewhere: ASKPAPERS_CHROMA; the index is three files, Chroma's, the words' and the edition's)


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
            raise LibraryEmpty(f"The library in {library.folder} holds no papers. Add some: askpapers ingest PATH")
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


<<<<<<< HEAD
def _newest_sound(root: Path, fingerprint: str, held: Index | None = None) -> Index | None:
    tail = _folder(root, "", fingerprint).name
    editions = [folder.name.removesuffix(tail) for folder in root.glob(f"[0-9]*{tail}")]
    for edition in sorted(editions, key=lambda edition: int(edition.split("-")[0]), reverse=True):
        if index := held if held and held.edition == edition else _sound(root, edition, fingerprint):
            return index
    return None


def _opened(folder: Path, edition: str) -> Index:
    """Raises whatever goes wrong when the folder is not as it was published."""
    if not json.loads((folder / MARKS).read_text()).items() <= _marks(folder).items():
        raise IndexDamaged(folder.name)  # before Chroma reads it: a broken link list ends the process
    _check_database(folder / "chroma" / SQLITE)
    rows = np.load(folder / "rows.npz")
    vectors = np.load(folder / "vectors.npy", mmap_mode="r")
    words, papers = bm25s.BM25.load(folder / "words", mmap=True), json.loads((folder / "papers.json").read_text())
    spelt = json.loads((folder / VOCABULARY).read_text())
    if spelt["sample"] != tokens(SAMPLE):
        raise IndexDamaged(f"{folder.name} was built when words were cut otherwise")
    client = _chroma(folder)
    try:
        collection = _checked(client, vectors)
    except BaseException:
        _close(client)
        raise
    index = Index(
        folder=folder,
        edition=edition,
        chunks=rows["chunks"],
        owners=rows["owners"],
        papers=tuple(papers),
        vectors=vectors,
        mean=rows["mean"],
        moment=rows["moment"],
        buried=int(rows["buried"]),
        vocabulary=Vocabulary(spelt["words"], spelt["dressed"]),
        _words=words,
        _client=client,
        _collection=collection,
    )
    weakref.finalize(index, _close, client).atexit = False  # not before the last thread that searches it is done
    return index


def _check_database(file: Path) -> None:
    """Before Chroma tries: of a folder that it could not open it keeps a broken half, and gives that out ever after."""
    with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as db:
        if db.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
            raise IndexDamaged(file.name)


def _marks(folder: Path) -> dict[str, str]:
    """What each file is known by; a segment that Chroma did not persist yet holds nothing, and changes as it opens."""
    files = (file for file in folder.rglob("*") if file.is_file() and file.name != MARKS)
    return {
        str(file.relative_to(folder)): _mark(file)
        for file in files
        if file.parent.parent.name != "chroma" or (file.parent / "index_metadata.pickle").exists()
    }


def _mark(file: Path) -> str:
    if file.name == SQLITE:  # Chroma writes to it as it opens, and leaves its size as it is
        return str(file.stat().st_size)
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _checked(client: Any, vectors: np.ndarray) -> Any:
    """The collection; None where it does not find stored vectors themselves, as among thousands of equal ones."""
    collection = client.get_collection(COLLECTION, embedding_function=None)
    if collection.count() != len(vectors):
        raise IndexDamaged(f"{collection.count()} in Chroma, {len(vectors)} rows")
    rows = np.unique(np.linspace(0, len(vectors) - 1, min(PROBES, len(vectors))).astype(int))
    probes = vectors[rows].astype(np.float32)
    found = collection.query(query_embeddings=probes, n_results=1, include=["distances"])
    return collection if all(near and near[0] < 0.01 for near in found["distances"]) else None


def _chroma(folder: Path) -> Any:
    settings = ChromaSettings(anonymized_telemetry=False)
    with _SYSTEMS:
        return chromadb.PersistentClient(str(folder / "chroma"), settings=settings)


def _close(client: Any) -> None:
    with _SYSTEMS:
        client.close()


def _build(library: Library, root: Path, fingerprint: str, progress: Progress | None) -> Index:
    root.mkdir(exist_ok=True)
    with FileLock(root / "build.lock"):
        edition, stored = library.snapshot("passage", fingerprint)
        if found := _sound(root, edition, fingerprint):  # another process built it while we waited
            return found
        stored.sort(key=lambda item: item.id)
        vectors = np.stack([item.vector for item in stored])
        building = root / ".building"
        shutil.rmtree(building, ignore_errors=True)  # what a crash left
        building.mkdir()
        buried = _write_chroma(building, stored, vectors, _newest_sound(root, fingerprint), progress)
        _write_rows(building, stored, vectors, buried)
        _write_words(building, stored)
        (building / MARKS).write_text(json.dumps(_marks(building)))
        folder = _folder(root, edition, fingerprint)
        shutil.rmtree(folder, ignore_errors=True)  # a damaged one
        os.replace(building, folder)
        _drop_old(root, folder)
        return _opened(folder, edition)


def _write_rows(folder: Path, stored: list[Stored], vectors: np.ndarray, buried: int) -> None:
    papers = list(dict.fromkeys(item.span.paper.id for item in stored))
    places = {paper: place for place, paper in enumerate(papers)}
    exact = vectors.astype(np.float32)
    np.savez(
        folder / "rows.npz",
        chunks=np.array([item.id for item in stored], np.int64),
        owners=np.array([places[item.span.paper.id] for item in stored], np.int32),
        mean=exact.mean(axis=0),
        moment=exact.T @ exact / len(exact),
        buried=buried,
    )
    np.save(folder / "vectors.npy", vectors)
    (folder / "papers.json").write_text(json.dumps(papers))


def _write_words(folder: Path, stored: list[Stored]) -> None:
    words = bm25s.BM25()
    texts = [f"{item.span.paper.title}. {item.span.text}" for item in stored]
    words.index([tokens(text) or [""] for text in texts], show_progress=False)  # it fails where no text has a word
    words.save(folder / "words", show_progress=False)
    spelt = {"sample": tokens(SAMPLE), **vocabulary(texts)._asdict()}
    (folder / VOCABULARY).write_text(json.dumps(spelt))
=======
def _build(library: Library, shelf: _Shelf, progress: Progress | None) -> Index:
    shelf.root.mkdir(exist_ok=True)
    with FileLock(shelf.root / "build.lock"):
        edition, stored = library.snapshot("passage", shelf.fingerprint)
        if found := shelf.sound(edition):  # another process built it while we waited
            return found
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
>>>>>>> 60f6f94 (Chroma may be a server elsewhere: ASKPAPERS_CHROMA; the index is three files, Chroma's, the words' and the edition's)


def _write_chroma(
    folder: Path, stored: list[Stored], vectors: np.ndarray, base: Index | None, progress: Progress | None
) -> int:
    """Into a copy of `base` where that pays; returns how many removed vectors lie buried in it."""
    ids = np.array([item.id for item in stored], np.int64)
    kept = _kept(ids, vectors, base)
    if base is None or not len(kept):
        chroma.write(folder / CHROMA, stored, ids[:0], ids[:0], None, progress)
        return 0
    gone = np.setdiff1d(base.chunks, kept)
    chroma.write(folder / CHROMA, stored, kept, gone, base.folder / CHROMA, progress)
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
