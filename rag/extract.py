"""The answer without a model: the sentences themselves, each cited, under a lead-in that names their paper."""

from __future__ import annotations

from collections.abc import Iterator

from rag.quotes import Quote
from rag.types import Citation, Draft, Statement


def draft(quotes: tuple[Quote, ...], lead: str = "") -> Draft:
    """The answer; `quotes` as they will be read, behind a sentence of our own. Painted is a statement at a time."""
    citations = tuple(Citation(number, quote.span) for number, quote in enumerate(quotes, start=1))
    first = [Statement(lead, (), "supported", 1.0, ("", lead))] if lead else []
    statements = (*first, *_statements(citations, "\n\n" if lead else ""))
    return Draft("".join(statement.painted for statement in statements), statements, citations)


def _statements(citations: tuple[Citation, ...], before: str) -> Iterator[Statement]:
    """One a quote; verbatim, so supported by what it is. A lead-in opens a paragraph of its own."""
    paper = None
    for citation in citations:
        span = citation.span
        anew = span.paper != paper
        gap = before if paper is None else "\n\n" if anew else " "
        text = f"“{span.paper.title}”: {span.text}" if anew else span.text
        paper = span.paper
        yield Statement(text, (citation.number,), "supported", 1.0, (gap, f"{text} ", citation.number))
