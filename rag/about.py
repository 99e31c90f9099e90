"""Which papers a question is about: the nearest, those it names, those of the conversation, or several."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial

from rag.config import Settings
from rag.lacking import bears_all, listed
from rag.language import is_english
from rag.leaning import CHOOSES, COMPARES, stays
from rag.listing import ANSWERING, Found, by_list, nearest, nearest_others, worth
from rag.lists import wanted
from rag.question import asks_for_several, names
from rag.retrieve import HybridRetriever
from rag.types import Passage, Scope, Standalone

SURE = 6.0  # standard deviations from which a paper is surely what a question by itself is about
FAR = 4.0  # and below it, that the papers of the conversation surely are not
BEST = "Which paper is best no abstract tells: this is the nearest to the question."
_SIDE_BY_SIDE = re.compile(
    rf"{COMPARES.pattern}|\b(?:contrast\w*|in common|shared?|similar\w*|alike|distinguish\w*|unlike|beside)\b",
    re.IGNORECASE,
)
CHOICE = 2  # papers from which on one can be chosen
CLOSE = 3  # papers of which the one that answers best comes first


def among(retriever: HybridRetriever, asked: str, question: Standalone, scope: Scope) -> tuple[Standalone, Scope]:
    """ "Which of these are about captioning?" as a question by itself, whose scope are the papers spoken of."""
    papers = tuple(filter(retriever.library.holds(scope), question.papers))
    if len(papers) < CHOICE or not CHOOSES.search(asked):
        return question, scope
    if wanted(asked).topic:
        return replace(question, text=asked, asked=asked, papers=()), replace(scope, papers=papers)
    bearing = _bearing(retriever, asked, papers)
    return (replace(question, asked=asked, papers=bearing) if 0 < len(bearing) < len(papers) else question), scope


def _bearing(retriever: HybridRetriever, asked: str, papers: tuple[str, ...]) -> tuple[str, ...]:
    """Those that mention what the question names, their own names aside: "which of them uses OFA?"."""
    of_others = [name for name in names(asked) if retriever.introducer(name) not in papers]
    return tuple(paper for paper in papers if bears_all(retriever.library.paper(paper), of_others))


def find(retriever: HybridRetriever, settings: Settings, question: Standalone, scope: Scope) -> Found:
    """No passages where the scope holds no paper. Raises LibraryError."""
    question = _within(retriever, _on_topic(retriever, _in_english(retriever, question), scope), scope)
    passages = _nearest(retriever, settings, question, scope)
    if not question.papers and (found := by_list(retriever, settings, Found(question, passages, ()), scope)):
        return found
    if named := question.papers or _named(retriever, question.text, scope):
        return Found(question, passages, named, named=True, compared=_are_compared(question.asked, named))
    if asks_for_several(question.asked) and passages:
        return Found(question, passages, nearest(retriever, question.text, passages)[: wanted(question.asked).most])
    if wanted(question.asked).best:
        question = replace(question, notes=(*question.notes, BEST))
    passages = _answering_first(retriever, question.text, passages)
    return Found(question, passages, tuple(passage.span.paper.id for passage in passages[:1]))


def _on_topic(retriever: HybridRetriever, question: Standalone, scope: Scope) -> Standalone:
    """Without the papers of the conversation, where the question by itself finds another far sooner: a new topic."""
    if not question.papers or stays(question.asked):
        return question
    found = {passage.span.paper.id: passage.score for passage in retriever.search(question.asked, scope)}
    best, of_these = max(found.values(), default=0.0), max(found.get(paper, 0.0) for paper in question.papers)
    return replace(question, text=question.asked, papers=()) if best > SURE and of_these < best - FAR else question


def _in_english(retriever: HybridRetriever, question: Standalone) -> Standalone:
    """A question in another language as one for what it names: that is all that can be understood of it."""
    own = {owner: name for name in reversed(names(question.asked)) if (owner := retriever.owner(name))}
    if is_english(question.asked) or not own:
        return question
    text = f"What is {listed([*own.values()][::-1], 'and')}?"
    note = f"Read as “{text}”: of a question that is not in English only the name is understood."
    return replace(question, text=text, asked=text, notes=(*question.notes, note))


def _within(retriever: HybridRetriever, question: Standalone, scope: Scope) -> Standalone:
    """Papers of the conversation outside the scope are not asked."""
    return replace(question, papers=tuple(filter(retriever.library.holds(scope), question.papers)))


def _nearest(retriever: HybridRetriever, settings: Settings, question: Standalone, scope: Scope) -> tuple[Passage, ...]:
    return nearest_others(retriever, question.text, scope, settings.passages, question.without)


def _named(retriever: HybridRetriever, text: str, scope: Scope) -> tuple[str, ...]:
    """The papers that a question names, when it names more than one: in the question's order; else none."""
    holds = retriever.library.holds(scope)
    owners = [(name, owner) for name in _spoken(text) if (owner := retriever.owner(name))]
    own = [owner for name, owner in owners if retriever.is_own(name, owner) and holds(owner)]
    papers = tuple(dict.fromkeys(own))
    return papers if len(papers) > 1 else ()


def _are_compared(asked: str, papers: tuple[str, ...]) -> bool:
    return len(papers) > 1 and bool(_SIDE_BY_SIDE.search(asked))


def _spoken(text: str) -> tuple[str, ...]:
    """Names; in a comparison, words with a capital too, of which a row of names has many."""
    if not _SIDE_BY_SIDE.search(text):
        return names(text)
    found = {*names(text), *names(f"what is known of all of these and how they do {text}")}
    return tuple(sorted((name for name in found if not _SIDE_BY_SIDE.fullmatch(name)), key=text.index))


def _answering_first(retriever: HybridRetriever, text: str, passages: tuple[Passage, ...]) -> tuple[Passage, ...]:
    """The nearest few by score and by how likely each answers; where one is named, by what they are about.

    A named paper that lacks what is asked for is still the one asked about.
    """
    near = [passage.span.paper.id for passage in passages[:CLOSE]]
    named = any(retriever.owner(name) in near for name in names(text))

    def of_its_subject(passage: Passage) -> float:
        return passage.score + ANSWERING * retriever.verdict(text, [passage.span.paper.id]).about

    key = of_its_subject if named else partial(worth, retriever, text)
    return (*sorted(passages[:CLOSE], key=key, reverse=True), *passages[CLOSE:])
