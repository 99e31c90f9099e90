"""One edition of the library as a folder: vectors, words and papers, known by its marks to be as it was published."""

from __future__ import annotations

import hashlib
import json
import math
import re
import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import bm25s
import numpy as np

from rag.chroma import SQLITE, Embedded, IndexDamaged, Nearest
from rag.chroma_server import Remote, Server
from rag.library import Stored
from rag.question import parts_of_name
from rag.spelling import Vocabulary, vocabulary
from rag.words import of_one_family, tokens

CHROMA = "chroma-"  # and a name of its own: Chroma takes what it has open at a path for what is there now
MARKS = "marks.json"
VOCABULARY = "vocabulary.json"
_NO_LETTER = re.compile(r"[\W_]+")
SAMPLE = (
    "The GPUs' naïve GPT-4 and IL-6 image-text capsules reach 81.4% (p<0.05), 2.5x faster."  # cut as all words were
)


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
    near: Nearest
    _words: bm25s.BM25

    def nearest(self, vector: np.ndarray, most: int) -> np.ndarray:
        """Rows nearest in meaning, at most `most`, best first: as Chroma finds them, or exactly where it can't."""
        most = min(most, len(self.chunks))
        found = self.near.nearest(vector, most)
        if found is not None:
            return np.searchsorted(self.chunks, found)
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
        known = any(token in self._words.vocab_dict or token in self._squashed for token in whole)
        return known or (bool(parts) and all(map(self.knows, parts)))

    @cached_property
    def _squashed(self) -> frozenset[str]:
        """Words as who leaves out hyphens and braces writes them: GPT4o, MSRVTT, F1."""
        return frozenset(_NO_LETTER.sub("", token) for token in self._words.vocab_dict if not token.isalnum())

    def holding(self, word: str) -> np.ndarray:
        """Which papers hold the word, or one of its family; or all parts of a compound: (papers,) bool."""
        whole, *parts = map(self._held_by, tokens(word))
        together: np.ndarray = whole | np.all(parts, axis=0) if parts else whole
        return together

    def _held_by(self, stem: str) -> np.ndarray:
        family = [token for token in self._words.vocab_dict if token[:1] == stem[:1] and of_one_family(token, stem)]
        found = np.zeros(len(self.papers), bool)
        if family:
            found[self.owners[np.flatnonzero(self._words.get_scores(family))]] = True
        return found

    def rarity(self, token: str) -> float:
        """BM25's inverse document frequency over passages: ln(1 + (n - f + 0.5) / (f + 0.5)), above 0."""
        place = self._words.vocab_dict.get(token)
        ends = self._words.scores["indptr"]
        found = 0 if place is None else int(ends[place + 1] - ends[place])
        return math.log(1 + (len(self.chunks) - found + 0.5) / (found + 0.5))

    def close(self) -> None:
        """Lets go of Chroma's files; so does the last one to forget the index."""
        self.near.close()


def write_words(folder: Path, stored: Sequence[Stored]) -> None:
    """What words are found by, titles included."""
    words = bm25s.BM25()
    texts = [f"{item.span.paper.title}. {item.span.text}" for item in stored]
    words.index([tokens(text) or [""] for text in texts], show_progress=False)  # it fails where no text has a word
    words.save(folder / "words", show_progress=False)
    spelt = {"sample": tokens(SAMPLE), **vocabulary(texts)._asdict()}
    (folder / VOCABULARY).write_text(json.dumps(spelt))


def write_rows(folder: Path, stored: Sequence[Stored], vectors: np.ndarray, buried: int) -> None:
    """Whose each passage is, and its vector; with what is worth knowing of all vectors together."""
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


def seal(folder: Path) -> None:
    """Notes what each file is known by, once all are written."""
    (folder / MARKS).write_text(json.dumps(_marks(folder)))


def opened(folder: Path, edition: str, server: Server | None) -> Index:
    """Raises whatever goes wrong when the folder is not as it was published."""
    if not json.loads((folder / MARKS).read_text()).items() <= _marks(folder).items():
        raise IndexDamaged(folder.name)  # before Chroma reads it: a broken link list ends the process
    rows = np.load(folder / "rows.npz")
    vectors = np.load(folder / "vectors.npy", mmap_mode="r")
    words, papers = bm25s.BM25.load(folder / "words", mmap=True), json.loads((folder / "papers.json").read_text())
    spelt = json.loads((folder / VOCABULARY).read_text())
    if spelt["sample"] != tokens(SAMPLE):
        raise IndexDamaged(f"{folder.name} was built when words were cut otherwise")
    near = Remote(server, folder, rows["chunks"], vectors) if server else Embedded(chroma_in(folder), vectors)
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
        near=near,
        _words=words,
    )
    weakref.finalize(index, near.close).atexit = False  # not before the last thread that searches it is done
    return index


def chroma_in(folder: Path) -> Path:
    """Where Chroma's own files are in it. Raises IndexDamaged where there are none."""
    for found in folder.glob(f"{CHROMA}*"):
        return found
    raise IndexDamaged(f"{folder.name} lacks Chroma's files")


def _marks(folder: Path) -> dict[str, str]:
    files = (file for file in folder.rglob("*") if file.is_file() and file.name != MARKS)
    return {str(file.relative_to(folder)): _mark(file) for file in files}


def _mark(file: Path) -> str:
    if file.name == SQLITE:  # Chroma writes to it as it opens, and leaves its size as it is
        return str(file.stat().st_size)
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
