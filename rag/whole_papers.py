"""What is asked of whole papers rather than of their sentences: a summary, the code, others like them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from rag.called import called
from rag.config import Settings
from rag.errands import beyond, is_on
from rag.evidence import COMPARED, Evidence
from rag.lacking import listed
from rag.listing import TIMELESS, nearest_others
from rag.quotes import Quote
from rag.retrieve import HybridRetriever
from rag.spine import gives_code, spine
from rag.types import Paper, Passage, Scope, Span, Standalone

ALIKE = 3  # papers that are named as like another
NEAR = 0.53  # share of the first one's score that they need
FROM_EACH = 3  # papers up to which a summary has more than one sentence of each
_FIRST = re.compile(r"\b(?:oldest|earliest)\b", re.IGNORECASE)


def whole(
    retriever: HybridRetriever, settings: Settings, asked: str, question: Standalone, scope: Scope
) -> Evidence | None:
    """Evidence for such a question as it was asked; None where sentences are asked for."""
    if question.papers and question.without and is_on("others", asked):
        return _alike(retriever, settings, question, scope)
    if papers := _meant("summary", retriever, asked, question, scope):
        return _summary(retriever, settings, question, scope, papers)
    if papers := _meant("abstract", retriever, asked, question, scope):
        spans = (span for paper in papers for span in retriever.sentences(paper.id))
        return _sure(retriever.search(question.text, scope), spans)
    if question.papers and (papers := _meant("newest", retriever, asked, question, scope)):
        return _newest(retriever, asked, question, scope, papers)
    if papers := _meant("code", retriever, asked, question, scope):
        return _code(retriever, settings, question, scope, papers)
    return None


def _meant(
    errand: str, retriever: HybridRetriever, asked: str, question: Standalone, scope: Scope
) -> tuple[Paper, ...]:
    """The papers that it names, and nothing of them, or else those of the conversation; none on another errand."""
    words = beyond(errand, asked)
    if words is None:
        return ()
    found = called(retriever, words)
    meant = question.papers if not words else () if found.unexplained else found.papers
    within = retriever.library.within(scope)
    return tuple(retriever.library.paper(paper) for paper in meant if paper in within)


def _summary(
    retriever: HybridRetriever, settings: Settings, question: Standalone, scope: Scope, papers: Sequence[Paper]
) -> Evidence:
    each = settings.quotes if len(papers) == 1 else COMPARED if len(papers) <= FROM_EACH else 1
    spans = (span for paper in papers for span in spine(paper, each))
    return _sure(retriever.search(question.text, scope), spans)


def _newest(
    retriever: HybridRetriever, asked: str, question: Standalone, scope: Scope, papers: Sequence[Paper]
) -> Evidence:
    """Of those spoken of, the last to appear, or the first, by the years that are known."""
    passages = retriever.search(question.text, scope)
    years = {paper.id: paper.year for paper in papers if paper.year}
    if not years:
        return Evidence(passages, (), TIMELESS)
    year = min(years.values()) if _FIRST.search(asked) else max(years.values())
    chosen = [paper for paper in papers if paper.year == year]
    unknown = f"; of {len(papers) - len(years)} no year is known" if len(years) < len(papers) else ""
    found = _sure(passages, (span for paper in chosen for span in spine(paper, 1)))
    return replace(found, notes=(f"{listed([f'“{paper.title}”' for paper in chosen], 'and')}: {year}{unknown}.",))


def _code(
    retriever: HybridRetriever, settings: Settings, question: Standalone, scope: Scope, papers: Sequence[Paper]
) -> Evidence:
    passages = retriever.search(question.text, scope)
    if spans := [span for paper in papers for span in gives_code(paper)]:
        return _sure(passages, spans)
    titles = listed([f"“{paper.title}”" for paper in papers], "and")
    offers = "is here, but its abstract offers" if len(papers) == 1 else "are here, but their abstracts offer"
    return Evidence(passages, (), f"{titles} {offers} no code.")


def _alike(retriever: HybridRetriever, settings: Settings, question: Standalone, scope: Scope) -> Evidence:
    """Those nearest to what the papers do, and nearly as near as the first, each by what it does itself."""
    known = [retriever.library.paper(paper) for paper in question.papers]
    done = " ".join(f"{paper.title}. {span.text}" for paper in known for span in spine(paper, 1))
    found = nearest_others(retriever, done, scope, settings.passages, question.without)
    if not found:
        return Evidence((), (), "There is no other paper to be asked.")
    near = [passage.span.paper for passage in found[:ALIKE] if passage.score >= NEAR * found[0].score]
    return _sure(found, (span for paper in near for span in spine(paper, 1)))


def _sure(passages: tuple[Passage, ...], spans: Iterable[Span]) -> Evidence:
    """Nothing is inferred: what was asked for is in these."""
    return Evidence(passages, tuple(map(Quote, spans)), confidence=1.0)
