"""Retrieval alone on a BEIR-style folder: words alone, meaning alone, and both, as the product searches.

The collection becomes a library in a cache folder, embedded once; its index is rebuilt when the code that makes it
changes.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from itertools import islice
from pathlib import Path

import numpy as np
from platformdirs import user_cache_path

import rag.chroma
import rag.edition
import rag.index
import rag.words
from eval.beir import Asked, Dataset, documents
from eval.ranking import ndcg, recall, reciprocal_rank
from eval.record import code_hash
from ingest.add import BATCH, Progress, cut, embed, publish
from rag.config import Settings
from rag.encoder import BundledEncoder, Encoder
from rag.errors import AskpapersError
from rag.library import Library
from rag.retrieve import HybridRetriever
from rag.types import Paper
from rag.writer import Chunk

DEPTH = 100  # papers ranked for each query
SAMPLE = 100  # documents by which it is told that abstracts are cut otherwise now
CANDIDATES = 200  # passages by meaning and as many by words: enough for DEPTH papers

Ranking = list[tuple[str, float]]  # documents and scores, best first


@dataclass(frozen=True, slots=True)
class Encoders:
    """The bundled one, which also cuts passages, and the one that finds the papers, if another is configured."""

    bundled: BundledEncoder
    embedding: Encoder | None = None


def library_of(dataset: Dataset, by: Encoders, cache: Path | None, progress: Progress | None) -> Library:
    """The collection's library, from the cache where it is there; made, or gone on with, where it isn't."""
    encoder = by.bundled
    root = cache or user_cache_path("askpapers", appauthor=False) / "retrieval"
    folder = root / _hash_of(dataset.corpus, encoder)[:16]
    library = Library(folder)
    _forget_old_index(folder)
    if library.fresh:
        _fill(library, dataset.corpus, encoder, progress)
    publish(library, encoder, progress)
    if by.embedding:
        embed(library, by.embedding, ("passage",), progress)
    return library


def _hash_of(corpus: Path, encoder: BundledEncoder) -> str:
    """Of the collection, and of how it is cut and embedded: what the first documents come to tells that."""
    total = sha256(corpus.read_bytes() + encoder.fingerprint.encode())
    for paper in islice(documents(corpus), SAMPLE):
        for chunk in _passages(paper, encoder):
            total.update(b"%d %d " % (chunk.start, chunk.end) + chunk.digest)
    return total.hexdigest()


def _passages(paper: Paper, encoder: BundledEncoder) -> Iterator[Chunk]:
    """Papers are found by their passages; sentences are for quoting."""
    return (chunk for chunk in cut(paper, encoder) if chunk.kind == "passage")


def _forget_old_index(folder: Path) -> None:
    """An index made by other code would be measured in the place of what the code makes now."""
    parts = (rag.index, rag.edition, rag.chroma, rag.words)
    made_by, now = folder / "index-code", code_hash(*(Path(str(part.__file__)) for part in parts))
    if not made_by.exists() or made_by.read_text() != now:
        shutil.rmtree(folder / "index", ignore_errors=True)
        made_by.write_text(now)


def _fill(library: Library, corpus: Path, encoder: BundledEncoder, progress: Progress | None) -> None:
    total = sum(1 for _ in documents(corpus))
    with library.writing(wait=600) as writer:
        papers, done = documents(corpus), 0
        while batch := list(islice(papers, BATCH)):
            for paper in batch:
                writer.put(paper, partial(_passages, encoder=encoder))
            texts = writer.lacking(encoder.fingerprint)
            writer.commit(encoder.fingerprint, texts, encoder.vectors(texts))
            done += len(batch)
            if progress:
                progress("embedding", done, total)
        writer.settle()


def measure(library: Library, dataset: Dataset, by: Encoders, settings: Settings) -> dict[str, dict[str, float]]:
    """nDCG@10, Recall@100, MRR@10 and milliseconds a query, of `words`, `meaning` and `hybrid`.

    Raises AskpapersError where the configured embedding can't be asked: another's figures would stand in for its.
    """
    wide = settings.model_copy(update={"candidates": max(CANDIDATES, settings.candidates)})
    retriever = HybridRetriever(library, by.bundled, wide, by.embedding)
    searches: dict[str, Callable[[str], Ranking]] = {
        "words": partial(_by_words, retriever),
        "meaning": partial(_by_meaning, retriever, by.embedding or by.bundled),
        "hybrid": partial(_hybrid, retriever),
    }
    found = {name: _measured(search, dataset) for name, search in searches.items()}
    if retriever.standby:
        raise AskpapersError(retriever.standby)
    return found


def _measured(search: Callable[[str], Ranking], dataset: Dataset) -> dict[str, float]:
    search(dataset.queries[0].text)  # opens the index
    started = time.perf_counter()
    rankings = [search(query.text) for query in dataset.queries]
    taken = time.perf_counter() - started
    found = [figures(_settled(ranking, query), dataset.qrels[query.id])
             for ranking, query in zip(rankings, dataset.queries, strict=True)]  # fmt: skip
    means = {name: round(sum(one[name] for one in found) / len(found), 4) for name in found[0]}
    return means | {"ms_per_query": round(1000 * taken / len(rankings), 2)}


def _settled(ranking: Ranking, query: Asked) -> list[str]:
    """Ids best first, equal scores by id, the query's own document left out."""
    ordered = sorted(ranking, key=lambda entry: (-entry[1], entry[0]))
    return [document for document, _ in ordered if document != query.without][:DEPTH]


def figures(ranked: Sequence[str], grades: Mapping[str, float]) -> dict[str, float]:
    """Of one ranking: ids best first.

    >>> figures(["b", "a"], {"a": 1.0})
    {'nDCG@10': 0.6309297535714575, 'Recall@100': 1.0, 'MRR@10': 0.5}
    """
    found = [grades.get(document, 0.0) for document in ranked]
    return {
        "nDCG@10": ndcg(found, list(grades.values()), 10),
        "Recall@100": recall(found, len(grades), 100),
        "MRR@10": reciprocal_rank(found, 10),
    }


def _hybrid(retriever: HybridRetriever, text: str) -> Ranking:
    return [(passage.span.paper.id, passage.score) for passage in retriever.search(text, most=DEPTH + 1)]


def _by_words(retriever: HybridRetriever, text: str) -> Ranking:
    index = retriever.index()
    scores = index.word_scores(text)
    rows = np.flatnonzero(scores > 0)
    return _best(index.papers, index.owners[rows], scores[rows])


def _by_meaning(retriever: HybridRetriever, encoder: Encoder, text: str) -> Ranking:
    index, vector = retriever.index(), encoder.vector(text)
    rows = index.nearest(vector, CANDIDATES)
    return _best(index.papers, index.owners[rows], index.cosines(vector, rows))


def _best(papers: Sequence[str], owners: Iterable[int], scores: Iterable[float]) -> Ranking:
    """Each paper with its best passage's score."""
    found: dict[str, float] = {}
    for owner, score in zip(owners, scores, strict=True):
        paper = papers[owner]
        found[paper] = max(found.get(paper, -np.inf), float(score))
    return sorted(found.items(), key=lambda entry: (-entry[1], entry[0]))[: DEPTH + 1]
