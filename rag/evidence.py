"""What speaks to a question: the nearest papers, the sentences to quote, or why there are none."""

from __future__ import annotations

from dataclasses import dataclass

from rag.answerable import listed
from rag.config import Settings
from rag.question import asks_for_several, names
from rag.quotes import Quote
from rag.retrieve import HybridRetriever
from rag.types import EVERYTHING, Passage, Scope, Standalone

MOST_PAPERS = 6  # quoted from when several are asked for
NEAR = 0.57  # share of the first paper's score that a further paper needs
COMPARED = 2  # quotes of each paper that a question names beside another
SURE = 6.0  # standard deviations from which a paper is surely what a question by itself is about
FAR = 4.0  # and below it, that the papers of the conversation surely are not
WITHIN = 2.0  # log-odds below the best quote that a further quote of the same paper may lie


@dataclass(frozen=True, slots=True)
class Evidence:
    """Passages best first; quotes as they will be read: paper by paper, in the order of the abstract."""

    passages: tuple[Passage, ...]
    quotes: tuple[Quote, ...]
    missing: str | None = None  # why the papers don't say
    confidence: float = 0.0  # the chance that the quotes answer, which decides whether they are shown (0 to 1)


def gather(retriever: HybridRetriever, settings: Settings, question: Standalone, scope: Scope = EVERYTHING) -> Evidence:
    """Evidence for a question; the papers that it is known to be about are quoted, whatever their rank."""
    question = _elsewhere(retriever, question, scope)
    passages = _others(retriever, settings, question, scope)
    if not passages:
        return Evidence((), (), "No paper lies within the chosen scope.")
    named = question.papers or _named(retriever, question.text, passages)
    quotes = _quotes(retriever, settings, question.asked, passages, named)
    if not quotes:
        return Evidence(passages, (), _too_far(retriever, question))
    chance, lacking = retriever.verdict(question.text, [*dict.fromkeys(quote.span.paper.id for quote in quotes)])
    if chance < settings.abstain_below:
        return Evidence(passages, (), lacking or _too_far(retriever, question), chance)
    return Evidence(passages, quotes, confidence=chance)


def _elsewhere(retriever: HybridRetriever, question: Standalone, scope: Scope) -> Standalone:
    """Without the papers of the conversation, where the question by itself finds another far sooner: a new topic."""
    if not question.papers:
        return question
    found = {passage.span.paper.id: passage.score for passage in retriever.search(question.asked, scope)}
    best, of_these = max(found.values(), default=0.0), max(found.get(paper, 0.0) for paper in question.papers)
    return Standalone(question.asked, question.asked) if best > SURE and of_these < best - FAR else question


def _others(
    retriever: HybridRetriever, settings: Settings, question: Standalone, scope: Scope
) -> tuple[Passage, ...]:
    """The nearest papers, those aside that the question asks for others than."""
    found = retriever.search(question.text, scope, settings.passages + len(question.without))
    return tuple(passage for passage in found if passage.span.paper.id not in question.without)[: settings.passages]


def _too_far(retriever: HybridRetriever, question: Standalone) -> str:
    """Names the papers that a follow-up is about: the others were not asked."""
    if question.papers:
        titles = [f"“{retriever.library.paper(paper).title}”" for paper in question.papers]
        return f"What is known of {listed(titles, 'and')} does not come close to this question."
    return f"None of the {len(retriever.library):,} abstracts comes close to this question."


def widened(
    retriever: HybridRetriever, settings: Settings, question: Standalone, evidence: Evidence
) -> tuple[Quote, ...]:
    """For a model: the quotes, and more of what the same papers say, up to `settings.evidence` sentences."""
    papers = tuple(dict.fromkeys(quote.span.paper.id for quote in evidence.quotes))
    each = max(1, settings.evidence // len(papers))
    chosen = {quote.span: quote for quote in evidence.quotes}
    more = {q.span: q for paper in papers for q in retriever.quotes(question.asked, paper, each)}
    kept = sorted((more | chosen).values(), key=lambda quote: (quote.span not in chosen, -quote.odds))[
        : settings.evidence
    ]
    return tuple(sorted(kept, key=lambda quote: (papers.index(quote.span.paper.id), quote.span.start)))


def _named(retriever: HybridRetriever, text: str, passages: tuple[Passage, ...]) -> tuple[str, ...]:
    """The papers that a question names, when it names more than one: in the question's order; else none."""
    found = {passage.span.paper.id for passage in passages}
    owners = (retriever.owner(name) for name in names(text))
    papers = tuple(dict.fromkeys(owner for owner in owners if owner in found))
    return papers if len(papers) > 1 else ()


def _quotes(
    retriever: HybridRetriever, settings: Settings, text: str, passages: tuple[Passage, ...], named: tuple[str, ...]
) -> tuple[Quote, ...]:
    if len(named) > 1 or (asks_for_several(text) and not named):
        near = [p.span.paper.id for p in passages if p.score >= NEAR * passages[0].score][:MOST_PAPERS]
        each = [retriever.quotes(text, paper, COMPARED if named else 1) for paper in named or near]
        return tuple(quote for quotes in each for quote in _in_order(quotes))
    paper = named[0] if named else passages[0].span.paper.id
    quotes = retriever.quotes(text, paper, settings.quotes, WITHIN)
    return _in_order(quotes)


def _in_order(quotes: tuple[Quote, ...]) -> tuple[Quote, ...]:
    return tuple(sorted(quotes, key=lambda quote: quote.span.start))
