"""What speaks to a question: the nearest papers, the sentences to quote, or why there are none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rag.about import find
from rag.answerable import Verdict, chance_of, log_odds
from rag.config import Settings
from rag.lacking import bears, bears_all, listed, missing, rivals, unmentioned
from rag.language import is_english
from rag.listing import Found
from rag.names import introduces
from rag.question import bare_name, names
from rag.quotes import Quote
from rag.retrieve import HybridRetriever
from rag.spine import spine
from rag.types import EVERYTHING, Passage, Scope, Standalone

COMPARED = 2  # quotes of each paper that a question names beside another
WITHIN = 2.5  # log-odds below the best quote that a further quote of the same paper may lie


@dataclass(frozen=True, slots=True)
class Evidence:
    """Passages best first; quotes as they will be read: paper by paper, in the order of the abstract."""

    passages: tuple[Passage, ...]
    quotes: tuple[Quote, ...]
    missing: str | None = None  # why the papers don't say
    confidence: float = 0.0  # the chance that the quotes answer, which decides whether they are shown (0 to 1)
    notes: tuple[str, ...] = ()  # how the question was read, for people
    tally: str = ""  # how many papers do what was asked, where all were looked at


def gather(retriever: HybridRetriever, settings: Settings, question: Standalone, scope: Scope = EVERYTHING) -> Evidence:
    """Evidence for a question; the papers that it is known to be about are quoted, whatever their rank."""
    found = find(retriever, settings, question, scope)
    if not found.passages:
        return Evidence((), (), "No paper lies within the chosen scope.")
    notes = found.question.notes
    quotes = () if found.missing or _lacks_rival(retriever, found) else _quotes(retriever, settings, found)
    chance = _verdict(retriever, found).chance if quotes else 0.0
    if found.compared and chance < settings.abstain_below and not _lacked(retriever, found):
        return Evidence(found.passages, _of_each(retriever, found), None, chance, notes)
    if not quotes or (chance < settings.abstain_below and not found.listed):
        return Evidence(found.passages, (), found.missing or _why(retriever, found, scope), chance, notes)
    return Evidence(found.passages, quotes, None, chance, (*notes, *_unmentioned(retriever, found)), found.tally)


def _lacks_rival(retriever: HybridRetriever, found: Found) -> bool:
    """Whether one paper is to be compared with what it does not mention."""
    if len(found.papers) != 1:
        return False
    return not bears_all(retriever.library.paper(found.papers[0]), rivals(found.question.asked))


def _unmentioned(retriever: HybridRetriever, found: Found) -> tuple[str, ...]:
    """Said above what is quoted of others."""
    unknown = () if found.listed else retriever.unknown_names(found.question.asked)
    return (unmentioned(unknown),) if unknown else ()


def _why(retriever: HybridRetriever, found: Found, scope: Scope) -> str:
    if not is_english(found.question.asked):
        return "The question seems not to be in English, in which alone the abstracts are searched."
    return _lacked(retriever, found) or _too_far(retriever, found, scope)


def _lacked(retriever: HybridRetriever, found: Found) -> str | None:
    """What in particular these papers don't give, in words."""
    abstracts = " ".join(span.text for paper in found.papers for span in retriever.sentences(paper))
    if found.compared and (lacked := missing(found.question.asked, abstracts)):
        return f"{_titles(retriever, found.papers)} are here, but their abstracts give no {lacked}."
    return retriever.lacking(found.question.text, found.papers)


def _of_each(retriever: HybridRetriever, found: Found) -> tuple[Quote, ...]:
    """What each of the papers compared does: a comparison may name nothing that it is to be quoted on."""
    return tuple(Quote(span) for paper in found.papers for span in spine(retriever.library.paper(paper), COMPARED))


def _titles(retriever: HybridRetriever, papers: Sequence[str]) -> str:
    return listed([f"“{retriever.library.paper(paper).title}”" for paper in papers], "and")


def _verdict(retriever: HybridRetriever, found: Found) -> Verdict:
    """Of the papers quoted, and as much of the one that scores highest: mostly, what can be answered is found first."""
    quoted = retriever.verdict(found.question.text, found.papers)
    first = max(found.passages, key=lambda passage: passage.score).span.paper.id
    if first in found.papers or found.question.papers:
        return quoted
    best = retriever.verdict(found.question.text, [first])
    return quoted._replace(chance=chance_of((log_odds(quoted.chance) + log_odds(best.chance)) / 2))


def _too_far(retriever: HybridRetriever, found: Found, scope: Scope) -> str:
    """Names the papers that the question names, or that a follow-up is about: the others were not asked."""
    holds = retriever.library.holds(scope)
    owners = [(name, owner) for name in names(found.question.asked) if (owner := retriever.owner(name))]
    own = [owner for name, owner in owners if owner in found.papers or retriever.is_own(name, owner)]
    if about := found.question.papers or tuple(filter(holds, dict.fromkeys(own))):
        return f"What is known of {_titles(retriever, about)} does not come close to this question."
    return f"None of the {retriever.library.size(scope):,} abstracts comes close to this question."


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


def _quotes(retriever: HybridRetriever, settings: Settings, found: Found) -> tuple[Quote, ...]:
    """Of one paper what answers, of papers named or of the conversation a little each, of others a sentence each."""
    asked = found.question.asked
    name = bare_name(asked)
    if len(found.papers) == 1 and name and bears(retriever.library.paper(found.papers[0]).title, name):
        return _what_it_is(retriever, name, found.papers[0], settings.quotes)
    if len(found.papers) == 1:
        return _in_order(retriever.quotes(asked, found.papers[0], settings.quotes, WITHIN))
    each = COMPARED if found.named else 1
    return tuple(quote for paper in found.papers for quote in _in_order(retriever.quotes(asked, paper, each)))


def _what_it_is(retriever: HybridRetriever, name: str, paper: str, most: int) -> tuple[Quote, ...]:
    """What introduces the name, and what the paper does: any sentence may bear it, few say what it is."""
    introducing = [span for span in retriever.sentences(paper) if introduces(span.text, name)]
    chosen = list(dict.fromkeys([*introducing, *spine(retriever.library.paper(paper), most)]))[:most]
    return _in_order(tuple(map(Quote, chosen)))


def _in_order(quotes: tuple[Quote, ...]) -> tuple[Quote, ...]:
    return tuple(sorted(quotes, key=lambda quote: quote.span.start))
