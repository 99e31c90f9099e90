"""Papers side by side: what each abstract says to the same question, verbatim, or that it says nothing. No model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rag.aspects import Aspect, answering, aspects
from rag.config import Settings
from rag.retrieve import HybridRetriever
from rag.types import Span


@dataclass(frozen=True, slots=True)
class Column:
    """A heading, and the question that each paper is asked under it."""

    name: str
    question: str


STANDARD = tuple(Column(aspect.name, aspect.question) for aspect in aspects())


def column(typed: str) -> Column:
    """Of a question as somebody typed it; a standard one by its name or its words."""
    known = (one for one in STANDARD if typed.strip(" ?").casefold() in (one.name.casefold(), _bare(one.question)))
    return next(known, Column(typed, typed))


def _bare(question: str) -> str:
    return question.strip(" ?").casefold()


def cell(retriever: HybridRetriever, settings: Settings, asked: Column, paper: str) -> Span | None:
    """The paper's sentence that answers; None where its abstract doesn't. Raises LibraryError."""
    for aspect in aspects():
        if aspect.question == asked.question:
            return of_aspect(aspect, retriever.sentences(paper))
    if retriever.verdict(asked.question, [paper]).chance < settings.abstain_below:
        return None
    quotes = retriever.quotes(asked.question, paper, most=1)
    return quotes[0].span if quotes else None


def of_aspect(aspect: Aspect, sentences: Sequence[Span]) -> Span | None:
    """Such questions fit every paper, so that nearness of meaning tells nothing: the sentence's own words do."""
    place = answering(aspect, [sentence.text for sentence in sentences])
    return None if place is None else sentences[place]
