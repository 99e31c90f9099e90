"""Who wrote a paper, when and where it appeared, by the library's record: no abstract tells it."""

from __future__ import annotations

import re

from rag.called import called
from rag.errands import beyond
from rag.reference import line
from rag.retrieve import HybridRetriever
from rag.types import Draft, Paper, Scope, Standalone

_ASKS = {
    "authors": re.compile(r"\bwho\b|\bauthors?\b|\bwhom\b", re.IGNORECASE),
    "year": re.compile(r"\bwhen\b|\byear\b|\bdate\b|\bhow old\b", re.IGNORECASE),
    "venue": re.compile(r"\bwhere\b|\bvenue\b|\bjournal\b|\bconference\b", re.IGNORECASE),
    "doi": re.compile(r"\bdoi\b", re.IGNORECASE),
}


def record(asked: str, question: Standalone, retriever: HybridRetriever, scope: Scope) -> Draft | None:
    """None where none is asked for, no paper is named, or the library does not know it either."""
    words = beyond("record", asked)
    if words is None:
        return None
    found = called(retriever, words)
    names = question.papers if not words else () if found.unexplained else found.papers
    papers = [retriever.library.paper(name) for name in filter(retriever.library.holds(scope), names)]
    wanted = [field for field, asks in _ASKS.items() if asks.search(asked)]
    if not papers or not all(getattr(paper, field) for paper in papers for field in wanted):
        return None
    return Draft("\n".join(f"The library's record of “{line(paper.title)}”: {line(_told(paper))}." for paper in papers))


def _told(paper: Paper) -> str:
    when = f"({paper.year})" if paper.year else ""
    written = " ".join(filter(None, (", ".join(paper.authors), when)))
    return ". ".join(filter(None, (written, paper.venue, paper.doi and f"doi:{paper.doi}")))
