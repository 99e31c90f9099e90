"""The answer without a model: the sentences themselves, each cited, under a lead-in that names their paper."""

from __future__ import annotations

from collections.abc import Iterator

from rag.quotes import Quote
from rag.types import Citation, Statement


def statements(quotes: tuple[Quote, ...]) -> Iterator[tuple[Statement, Citation]]:
    """One a quote, numbered as they come; verbatim, so supported by what they are."""
    paper = None
    for number, quote in enumerate(quotes, start=1):
        span = quote.span
        lead = "" if span.paper == paper else f"“{span.paper.title}”: "
        paper = span.paper
        yield Statement(lead + span.text, (number,), "supported", 1.0), Citation(number, span)


def joined(statement: Statement, first: bool) -> str:
    """As it is painted: a lead-in opens a paragraph of its own, the marks follow the words."""
    marks = "".join(f"[{number}]" for number in statement.citations)
    gap = "" if first else "\n\n" if opens_paragraph(statement) else " "
    return f"{gap}{statement.text} {marks}"


def opens_paragraph(statement: Statement) -> bool:
    """Whether it begins with a lead-in that names its paper."""
    return statement.text.startswith("“")
