"""Which papers a question is about: the nearest, those it names, those of the conversation, or several."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from rag.answerable import log_odds
from rag.config import Settings
from rag.question import asks_for_several, names
from rag.retrieve import HybridRetriever
from rag.types import Passage, Scope, Standalone

MOST_PAPERS = 6  # quoted from when several are asked for
NEAR = 0.53  # share of the first paper's score that a further paper needs
SURE = 6.0  # standard deviations from which a paper is surely what a question by itself is about
FAR = 4.0  # and below it, that the papers of the conversation surely are not
CLOSE = 3  # papers of which the one that answers best comes first
ANSWERING = 1.2  # standard deviations that a log-odd of answering is worth


class Found(NamedTuple):
    """The question as it was searched for, the nearest papers, and the ids of those to quote, in the order to read."""

    question: Standalone
    passages: tuple[Passage, ...]
    papers: tuple[str, ...]
    named: bool = False  # by the question or the conversation, rather than found


def find(retriever: HybridRetriever, settings: Settings, question: Standalone, scope: Scope) -> Found:
    """No passages where the scope holds no paper. Raises LibraryError."""
    question = _within(retriever, _on_topic(retriever, question, scope), scope)
    passages = _nearest(retriever, settings, question, scope)
    if named := question.papers or _named(retriever, question.text, passages):
        return Found(question, passages, named, named=True)
    if asks_for_several(question.asked) and passages:
        near = [p.span.paper.id for p in passages if p.score >= NEAR * passages[0].score]
        return Found(question, passages, tuple(near[:MOST_PAPERS]))
    passages = _answering_first(retriever, question.text, passages)
    return Found(question, passages, tuple(passage.span.paper.id for passage in passages[:1]))


def _on_topic(retriever: HybridRetriever, question: Standalone, scope: Scope) -> Standalone:
    """Without the papers of the conversation, where the question by itself finds another far sooner: a new topic."""
    if not question.papers:
        return question
    found = {passage.span.paper.id: passage.score for passage in retriever.search(question.asked, scope)}
    best, of_these = max(found.values(), default=0.0), max(found.get(paper, 0.0) for paper in question.papers)
    return Standalone(question.asked, question.asked) if best > SURE and of_these < best - FAR else question


def _within(retriever: HybridRetriever, question: Standalone, scope: Scope) -> Standalone:
    """Papers of the conversation outside the scope are not asked."""
    if not scope or not question.papers:
        return question
    within = retriever.library.within(scope)
    return replace(question, papers=tuple(paper for paper in question.papers if paper in within))


def _nearest(retriever: HybridRetriever, settings: Settings, question: Standalone, scope: Scope) -> tuple[Passage, ...]:
    """Best first, those aside that the question asks for others than."""
    found = retriever.search(question.text, scope, settings.passages + len(question.without))
    return tuple(passage for passage in found if passage.span.paper.id not in question.without)[: settings.passages]


def _named(retriever: HybridRetriever, text: str, passages: tuple[Passage, ...]) -> tuple[str, ...]:
    """The papers that a question names, when it names more than one: in the question's order; else none."""
    found = {passage.span.paper.id for passage in passages}
    owners = [(name, owner) for name in names(text) if (owner := retriever.owner(name)) in found]
    if len({owner for _, owner in owners}) < 2:
        return ()
    papers = tuple(dict.fromkeys(owner for name, owner in owners if owner and retriever.is_own(name, owner)))
    return papers if len(papers) > 1 else ()


def _answering_first(retriever: HybridRetriever, text: str, passages: tuple[Passage, ...]) -> tuple[Passage, ...]:
    """The nearest few by score and by how likely each answers; where one is named, by what they are about.

    A named paper that lacks what is asked for is still the one asked about.
    """
    near = [passage.span.paper.id for passage in passages[:CLOSE]]
    named = any(retriever.owner(name) in near for name in names(text))

    def worth(passage: Passage) -> float:
        verdict = retriever.verdict(text, [passage.span.paper.id])
        return passage.score + ANSWERING * (verdict.about if named else log_odds(verdict.chance))

    return (*sorted(passages[:CLOSE], key=worth, reverse=True), *passages[CLOSE:])
