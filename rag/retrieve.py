"""Hybrid retrieval: meaning and words, each standardised over the whole collection, fused, one passage a paper."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from threading import Lock

import numpy as np
from llama_index.core.base.base_retriever import BaseRetriever
from llama_index.core.schema import NodeWithScore, QueryBundle, TextNode

from rag.answerable import Read, Verdict, verdict
from rag.chroma_server import load_server
from rag.config import Settings
from rag.edition import Index
from rag.encoder import BundledEncoder, Encoder
from rag.errors import ModelError, VectorRejected, VectorsLacking
from rag.index import current_index
from rag.lacking import Knows, bears, reason, unknown
from rag.library import Library
from rag.lists import alternatives
from rag.names import introduces, name_key, title_names
from rag.offers import Near
from rag.question import names
from rag.quotes import Quote, best_quotes
from rag.spelling import Spelled, corrected, resembling
from rag.types import EVERYTHING, Passage, Scope, Span
from rag.words import tokens

STANDBY = "For now, the bundled encoder finds the papers."
NAMED = 1.5  # standard deviations that being the paper of a name in the question is worth
TITLED = 4.0  # and where its title opens with the name
FEEDBACK = 0.3  # what being like the first papers found is worth, where being like the question is worth 1
CENTRE = 5  # of them
WRITERS = 30  # papers that are looked into for a name that also is a word
OWNED = 1.2  # how many times the next paper's BM25 for a name its owner must have


@dataclass(frozen=True, slots=True)
class Ranked:
    """Rows of an index, best first, one a paper, and their fused scores."""

    rows: np.ndarray
    scores: np.ndarray


class HybridRetriever(BaseRetriever):
    """Always searches the library as it is now, whoever wrote to it; safe in many threads."""

    standby: str | None = None  # why the encoder found the papers the last time, and not the embedding
    away: str | None = None  # why the Chroma server was not asked the last time

    def __init__(
        self, library: Library, encoder: BundledEncoder, settings: Settings, embedding: Encoder | None = None
    ) -> None:
        """`embedding` finds the papers where all have vectors of it, and it can be asked; else `encoder` does.

        Sentences are always chosen by `encoder`: what of their scores is near enough to quote was measured for it, and
        the cosines of another model may all lie near 1. Raises BadSetting.
        """
        self.library, self._encoder, self._settings, self._embedding = library, encoder, settings, embedding
        self._server, self._lock = load_server(settings), Lock()
        self._held: dict[str, Index] = {}
        self._by_title: tuple[str, Mapping[str, str]] = ("", {})
        super().__init__()

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader should know of how papers were found the last time; mostly nothing."""
        return tuple(note for note in (self.standby, self.away) if note)

    def index(self) -> Index:
        """The newest edition, for its words: they are the same whatever made the vectors. Raises LibraryError."""
        if self._embedding:
            with suppress(VectorsLacking):
                return self._newest(self._embedding)
        return self._newest(self._encoder)

    def _newest(self, encoder: Encoder) -> Index:
        """Raises LibraryEmpty and VectorsLacking."""
        with self._lock:
            held = self._held.get(encoder.fingerprint)
            if held is None or held.edition != self.library.edition:
                held = current_index(self.library, encoder.fingerprint, held=held, server=self._server)
                self._held[encoder.fingerprint] = held
            return held

    def _meaning(self, text: str) -> tuple[Index, np.ndarray]:
        """An index, and the text's vector to search it by; where it isn't the embedding's, `standby` says why."""
        if self._embedding:
            try:
                index = self._newest(self._embedding)
                vector = self._embedding.vector(text)
                if len(vector) != index.vectors.shape[1]:
                    raise VectorRejected(
                        f"{self._embedding.fingerprint} gave a vector of {len(vector)} numbers where the library's "
                        f"have {index.vectors.shape[1]}: give the other model a name of its own, then: askpapers embed"
                    )
                self.standby = None
                return index, vector
            except (ModelError, VectorRejected, VectorsLacking) as error:
                self.standby = f"{STANDBY} {error}"
        return self._newest(self._encoder), self._encoder.remembered(text)

    def search(self, text: str, scope: Scope = EVERYTHING, most: int | None = None) -> tuple[Passage, ...]:
        """Each of the best papers' best passage, best first, with fused scores in standard deviations."""
        index, vector = self._meaning(text)
        ranked = self._rank(index, vector, text, self.library.within(scope) if scope else None)
        self.away = index.near.away
        rows = ranked.rows[: most or self._settings.passages]
        spans = self.library.spans(index.chunks[rows])
        found = (spans.get(index.chunks[row]) or self._now(text, index.papers[index.owners[row]]) for row in rows)
        return tuple(Passage(span, float(score)) for span, score in zip(found, ranked.scores, strict=False) if span)

    def _now(self, text: str, paper: str) -> Span | None:
        """The best passage of a paper that was changed since the index was built; None where it was removed."""
        vector = self._encoder.remembered(text)
        passages = self.library.chunks("passage", self._encoder.fingerprint, [paper])
        best = max(passages, key=lambda item: float(item.vector.astype(np.float32) @ vector), default=None)
        return best.span if best else None

    def quotes(self, text: str, paper: str, most: int, within: float = np.inf) -> tuple[Quote, ...]:
        """The paper's sentences that answer best, best first."""
        sentences = tuple(self.library.chunks("sentence", self._encoder.fingerprint, [paper]))
        return best_quotes(text, Near(self._encoder.remembered, self.index().rarity), sentences, most, within)

    def sentences(self, paper: str) -> tuple[Span, ...]:
        """The paper's sentences, in order."""
        return tuple(item.span for item in self.library.chunks("sentence", self._encoder.fingerprint, [paper]))

    def knows(self, name: str) -> bool:
        """Whether any abstract or title mentions the name."""
        return self._knowing(self.index())(name)

    def unknown_names(self, text: str) -> tuple[str, ...]:
        """Names in it that no abstract or title mentions."""
        return unknown(text, self.knows)

    def _knowing(self, index: Index) -> Knows:
        titled = self._titled(index)
        return lambda name: index.mentions(name) or name_key(name) in titled

    def spelled(self, text: str) -> Spelled:
        """The text, with slips of the finger put right as the collection spells the word."""
        index = self.index()
        return corrected(text, index.knows, self._is_english, index.vocabulary)

    def _is_english(self, word: str) -> bool:
        """Common enough for the encoder to have it whole; a stop word is no token."""
        return not tokens(word) or self._encoder.pieces([word]) == [1]

    def speaking_of(self, topic: str) -> frozenset[str]:
        """Papers that hold all words of a topic, or of one that is named beside it, endings aside."""
        index = self.index()
        found = [np.all([index.holding(word) for word in words], axis=0) for words in alternatives(topic) if words]
        held = np.any(found, axis=0) if found else np.zeros(len(index.papers), bool)
        return frozenset(index.papers[place] for place in np.flatnonzero(held))

    def verdict(self, text: str, papers: Sequence[str]) -> Verdict:
        """Whether these papers answer it."""
        index = self.index()
        read = self._read(text, papers)
        return verdict(text, read, index.rarity, self._knowing(index)) if read else Verdict(0.0)

    def alone(self, text: str, sentence: Span) -> Verdict:
        """Whether that sentence of a paper answers it by itself."""
        index, read = self.index(), self._read(text, [sentence.paper.id])
        if read is None or sentence.text not in read.sentences:
            return Verdict(0.0)
        place = read.sentences.index(sentence.text)
        only = Read(read.titles, (sentence.text,), read.cosines[place : place + 1])
        return verdict(text, only, index.rarity, self._knowing(index))

    def nearness(self, text: str, papers: Sequence[str]) -> float:
        """Cosine of the text and the sentence of these papers that is nearest to it; 0 where there is none."""
        read = self._read(text, papers)
        return float(read.cosines.max()) if read else 0.0

    def lacking(self, text: str, papers: Sequence[str]) -> str | None:
        """What these papers lack to answer it, in words; None where it is nothing in particular."""
        index = self.index()
        read = self._read(text, papers)
        near = partial(resembling, known=index.vocabulary)
        return reason(text, read.titles, read.sentences, self._knowing(index), near) if read else None

    def _read(self, text: str, papers: Sequence[str]) -> Read | None:
        """None where they were removed by another process since they were found."""
        read = [*self.library.chunks("sentence", self._encoder.fingerprint, papers)]
        if not read:
            return None
        cosines = np.stack([item.vector for item in read]).astype(np.float32) @ self._encoder.remembered(text)
        titles = tuple(dict.fromkeys(item.span.paper.title for item in read))
        return Read(titles, tuple(item.span.text for item in read), cosines)

    def owner(self, name: str) -> str | None:
        """The id of the paper that a name belongs to: its title opens with it, or it uses it far more than the next."""
        return self._owner(self.index(), name)

    def is_own(self, name: str, paper: str) -> bool:
        """Whether the paper's title bears the name, or its abstract introduces it: it may only use another's."""
        found = self.library.paper(paper)
        return bears(found.title, name) or introduces(found.abstract, name)

    def introducer(self, name: str) -> str | None:
        """The id of the paper whose own the name is."""
        owner = self.owner(name)
        return owner if owner and self.is_own(name, owner) else None

    def _owner(self, index: Index, name: str) -> str | None:
        return self._titled(index).get(name_key(name)) or _far_user(index, name) or self._writer(index, name)

    def _writer(self, index: Index, name: str) -> str | None:
        """Of the papers with the words of a name that also is a word (LOOK), the one that writes it so."""
        if not name[1:].isalpha() or name[1:].islower():
            return None
        scores = _by_paper(index, name)
        best = [index.papers[place] for place in np.argsort(-scores, kind="stable")[:WRITERS] if scores[place] > 0]
        written = re.compile(rf"(?<![^\W_]){re.escape(name)}(?![^\W_])")
        found = (paper for paper in best if written.search(" ".join(span.text for span in self.sentences(paper))))
        first, second = next(found, None), next(found, None)
        return None if second else first

    def _titled(self, index: Index) -> Mapping[str, str]:
        """Papers by the name that their title opens with, where no other's does: read once an edition."""
        with self._lock:
            edition, titled = self._by_title
            if edition != index.edition:
                owners = [(name, paper) for paper, title in self.library.titles() for name in title_names(title)]
                times = Counter(name for name, _ in owners)
                titled = {name: paper for name, paper in owners if times[name] == 1}
                self._by_title = index.edition, titled
            return titled

    def _rank(self, index: Index, vector: np.ndarray, text: str, papers: frozenset[str] | None) -> Ranked:
        words = index.word_scores(text)
        owned = self._named_in(index, text)
        rows = self._candidates(index, vector, words, owned) if papers is None else _rows_of(index, papers)
        matching = self._settings.words_weight * (words[rows] - words.mean()) / (words.std() or 1.0)
        scores = _meaning(index, vector, rows) + matching
        alike = FEEDBACK * _meaning(index, _centre(index, rows, scores), rows)
        named = np.array([owned.get(int(owner), 0.0) for owner in index.owners[rows]])
        return _best_of_each(index, rows, scores + alike + named)

    def _named_in(self, index: Index, text: str) -> dict[int, float]:
        """Places of the papers that the names of a text belong to, and what that is worth."""
        places = {paper: place for place, paper in enumerate(index.papers)}
        found = [(paper, name) for name in names(text) if (paper := self._owner(index, name))]
        titled = self._titled(index)
        return {
            places[paper]: TITLED
            if any(titled.get(name_key(name)) == paper for p, name in found if p == paper)
            else NAMED
            for paper, _ in found
            if paper in places
        }

    def _candidates(self, index: Index, vector: np.ndarray, words: np.ndarray, owned: Iterable[int]) -> np.ndarray:
        """The best by meaning, by words and by name: with exact scores for all, as good as scoring every row."""
        most = min(self._settings.candidates, len(words))
        matching = np.argpartition(-words, most - 1)[:most]
        named = np.flatnonzero(np.isin(index.owners, list(owned)))
        return np.union1d(np.union1d(index.nearest(vector, most), matching[words[matching] > 0]), named)

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        return [as_node(passage) for passage in self.search(query_bundle.query_str)]


def _meaning(index: Index, vector: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Cosines with these rows, in standard deviations over all rows: (n,)."""
    mean, deviation = index.cosine_moments(vector)
    standardised: np.ndarray = (index.cosines(vector, rows) - mean) / deviation
    return standardised


def _centre(index: Index, rows: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Of the best papers' best rows, each as likely as its score says: what the question is about (Rocchio 1971)."""
    best = _best_of_each(index, rows, scores)
    top, likely = best.rows[:CENTRE], np.exp(best.scores[:CENTRE] - best.scores[:1])
    centre: np.ndarray = (index.vectors[top].astype(np.float32) * likely[:, None]).sum(axis=0)
    return centre / (np.linalg.norm(centre) or 1.0)


def _far_user(index: Index, name: str) -> str | None:
    """The one paper that uses the name, or uses it far more than the next."""
    scores = _by_paper(index, name)
    first, second, third = np.sort(np.append(scores, [0, 0]))[:-4:-1]
    return index.papers[scores.argmax()] if first > OWNED * second and not third else None


def _by_paper(index: Index, name: str) -> np.ndarray:
    """BM25 of a name in each paper's best row: (papers,)."""
    scores = np.zeros(len(index.papers), np.float32)
    np.maximum.at(scores, index.owners, index.word_scores(name, whole=True))
    return scores


def as_node(passage: Passage) -> NodeWithScore:
    """For LlamaIndex: the passage's words, and where they stand as metadata."""
    span = passage.span
    node = TextNode(
        id_=f"{span.paper.id}:{span.start}-{span.end}",
        text=span.text,
        start_char_idx=span.start,
        end_char_idx=span.end,
        metadata={"paper_id": span.paper.id, "title": span.paper.title, "url": span.paper.url, "year": span.paper.year},
    )
    return NodeWithScore(node=node, score=passage.score)


def _rows_of(index: Index, papers: frozenset[str]) -> np.ndarray:
    wanted = np.array([paper in papers for paper in index.papers])
    return np.flatnonzero(wanted[index.owners])


def _best_of_each(index: Index, rows: np.ndarray, scores: np.ndarray) -> Ranked:
    """Each paper's best row; equal scores in the library's order."""
    order = np.lexsort((rows, -scores))
    _, first = np.unique(index.owners[rows[order]], return_index=True)
    kept = order[np.sort(first)]
    return Ranked(rows[kept], scores[kept])
