"""Papers side by side: what each abstract says to the same question, verbatim, or that it says nothing. No model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rag.answerable import chance_of, log_odds
from rag.aspects import Aspect, answering, aspects
from rag.config import Settings
from rag.errands import is_on
from rag.retrieve import HybridRetriever
from rag.types import Span


@dataclass(frozen=True, slots=True)
class Column:
    """A heading, and the question that each paper is asked under it."""

    name: str
    question: str


STATED = 0.4  # chance, by the abstract and by the sentence alone, from which a cell is filled
STANDARD = tuple(Column(aspect.name, aspect.question) for aspect in aspects())


def column(typed: str) -> Column:
    """Of a question as somebody typed it; a standard one by its name or its words."""
    known = (one for one in STANDARD if typed.strip(" ?").casefold() in (one.name.casefold(), _bare(one.question)))
    return next(known, Column(typed, typed))


def _bare(question: str) -> str:
    return question.strip(" ?").casefold()


def cell(retriever: HybridRetriever, settings: Settings, asked: Column, paper: str) -> Span | None:
    """The paper's sentence that answers; None where its abstract doesn't. Raises LibraryError.

    Unlike a question to a library, a column asks every paper, most of which are about something else: what is only near
    it is no answer, so that the sentence has to answer by itself too.
    """
    if aspect := _aspect(asked.question):
        return of_aspect(aspect, retriever.sentences(paper))
    of_all = retriever.verdict(asked.question, [paper]).chance
    if of_all < settings.abstain_below:
        return None
    best = next(iter(retriever.quotes(asked.question, paper, most=1)), None)
    return best.span if best and _both(of_all, retriever.alone(asked.question, best.span).chance) >= STATED else None


def _aspect(question: str) -> Aspect | None:
    """The standard question that it is, however it is put."""
    name = "Code" if is_on("code", question) else ""
    return next((one for one in aspects() if one.name == name or one.asks.fullmatch(question.strip(" ?"))), None)


def _both(one: float, other: float) -> float:
    """Two chances as one, halfway by their log-odds."""
    return chance_of((log_odds(one) + log_odds(other)) / 2)


def of_aspect(aspect: Aspect, sentences: Sequence[Span]) -> Span | None:
    """Such questions fit every paper, so that nearness of meaning tells nothing: the sentence's own words do."""
    place = answering(aspect, [sentence.text for sentence in sentences])
    return None if place is None else sentences[place]
