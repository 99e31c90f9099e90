"""What a librarian is asked rather than the papers: how many there are, what they are about, an entry, a greeting."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from rag.entries import entries
from rag.errands import is_on
from rag.extract import draft
from rag.listing import MOST_PAPERS
from rag.question import names
from rag.quotes import Quote
from rag.records import record
from rag.retrieve import HybridRetriever
from rag.spine import gives_code, offers_code
from rag.subjects import subjects
from rag.types import PAPERS_DONT_SAY, Draft, Paper, Scope, Standalone

LISTED = 10  # papers quoted in one answer
TITLES = 100  # named in one answer
COMMON = 12  # subjects that tell what a collection is about
SILENT = "An abstract that offers no code does not say that there is none: which papers have no code can't be found."

_HOW_MANY_DO = re.compile(
    r"\bhow many (?:of (?:them|these|those)|(?:of (?:the|these|those|your) )?(?:\w+ )?"
    r"(?:papers|works|studies|abstracts))\b"
    r"(?! (?:was|were|did|do|does|is|has been|have been)\b)",  # those ask for a number in one of them
    re.IGNORECASE,
)

_PAPERS = re.compile(r"papers|works|studies|abstracts", re.IGNORECASE)

Reply = Callable[[str, Standalone, HybridRetriever, Scope], Draft | None]


def reply(asked: str, question: Standalone, retriever: HybridRetriever, scope: Scope) -> Draft | None:
    """What the library itself answers, to the question as it was asked; None where the papers are asked."""
    return next((found for answer in REPLIES if (found := answer(asked, question, retriever, scope))), None)


def tally(question: Standalone, retriever: HybridRetriever, quotes: Sequence[Quote]) -> str:
    """Says how many papers are quoted, where that was asked; there may be more than are ever quoted."""
    asks = _HOW_MANY_DO.search(question.asked)
    owned = {retriever.owner(name) for name in names(question.asked)} - {None}
    most = 0 if asks and not _PAPERS.search(asks.group()) else 1  # "them" are a named paper's own
    if not asks or (len(owned) > most and not question.papers):
        return ""
    found = len({quote.span.paper.id for quote in quotes})
    return f"{'At least ' if found >= MOST_PAPERS else ''}{counted(found)}, by their abstracts:"


def counted(papers: int) -> str:
    """1 paper, 90 papers."""
    return f"{papers:,} paper{'' if papers == 1 else 's'}"


def _greeted(asked: str, question: Standalone, retriever: HybridRetriever, scope: Scope) -> Draft | None:
    if not is_on("greeting", asked):
        return None
    return Draft(
        f"Ask me what the {counted(len(_held(retriever, scope)))} here say: about one paper, a detail, several "
        "compared, or which do something. Every sentence of an answer is quoted from an abstract; what none says, I "
        "don't know."
    )


def _counted(asked: str, question: Standalone, retriever: HybridRetriever, scope: Scope) -> Draft | None:
    return Draft(f"{_size(retriever, scope)}.") if is_on("count", asked) else None


def _described(asked: str, question: Standalone, retriever: HybridRetriever, scope: Scope) -> Draft | None:
    if not is_on("contents", asked):
        return None
    common = ", ".join(f"{subject} ({count:,})" for subject, count in subjects(_held(retriever, scope))[:COMMON])
    told = f" Most frequent in their titles: {common}. Ask which papers are about one of these." if common else ""
    return Draft(f"{_size(retriever, scope)}.{told}")


def _listed(asked: str, question: Standalone, retriever: HybridRetriever, scope: Scope) -> Draft | None:
    """The titles, in the library's order."""
    if not is_on("titles", asked):
        return None
    papers = _held(retriever, scope)
    lines = [f"{' '.join(paper.title.split())}{f' ({paper.year})' if paper.year else ''}" for paper in papers[:TITLES]]
    more = f" The first {TITLES} in its order; all of them: askpapers papers" if len(papers) > TITLES else ""
    return Draft("\n".join([f"{_size(retriever, scope)}.{more}", *(f"• {line}" for line in lines)]))


def _without_code(asked: str, question: Standalone, retriever: HybridRetriever, scope: Scope) -> Draft | None:
    """Is refused: an abstract is silent of much that a paper has."""
    return Draft(PAPERS_DONT_SAY, status="abstained", reason=SILENT) if is_on("codeless", asked) else None


def _with_code(asked: str, question: Standalone, retriever: HybridRetriever, scope: Scope) -> Draft | None:
    """The papers whose abstract offers code, each with the sentence that does."""
    if question.papers or not is_on("code", asked):
        return None
    papers = _held(retriever, scope)
    offering = [paper for paper in papers if offers_code(paper.abstract)]
    quotes = tuple(Quote(span) for paper in offering[:LISTED] for span in gives_code(paper)[:1])
    shown = f" The first {LISTED}, in the library's order:" if len(offering) > LISTED else ""
    return draft(quotes, f"{len(offering):,} of the {len(papers):,} abstracts {_here(scope)}offer code.{shown}")


REPLIES: tuple[Reply, ...] = (_greeted, _counted, _listed, _described, _without_code, _with_code, entries, record)


def _held(retriever: HybridRetriever, scope: Scope) -> list[Paper]:
    """The papers of the scope, in the library's order."""
    holds = retriever.library.holds(scope)
    return [paper for paper in retriever.library.papers() if holds(paper.id)]


def _size(retriever: HybridRetriever, scope: Scope) -> str:
    papers = _held(retriever, scope)
    years = sorted(paper.year for paper in papers if paper.year)
    when = f", of the years {years[0]} to {years[-1]}" if years else ""
    holds = "The chosen scope holds" if scope else "The library holds"
    return f"{holds} {counted(len(papers))}{when}"


def _here(scope: Scope) -> str:
    return "within the chosen scope " if scope else ""
