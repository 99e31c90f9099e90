"""The papers of a list that was asked for: by a topic, by years, by a name, by who made them, or the nearest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import NamedTuple

from rag.answerable import log_odds
from rag.config import Settings
from rag.lacking import listed
from rag.lists import Wanted, mentions, only_names, speaks_of, wanted
from rag.retrieve import HybridRetriever
from rag.split import roughly
from rag.types import Paper, Passage, Scope, Standalone
from rag.vocabulary import MAKERS

MOST_PAPERS = 6  # quoted from when several are asked for
WIDER = 4  # times as many are looked at for them
LISTED = 4.4  # worth (see there) from which a paper is listed beside the first
BESIDE = 1.5  # less than the first one's worth with which it is, however little that is
MEANT = 0.48  # cosine of a topic and the sentence nearest to it from which that is about it, in whatever words
TOUCHED = 0.3  # and from which it is, where its paper is worth listing
CHECKED = 100  # papers that hold a topic's words of which each is looked at, whether they stand in one sentence
ANSWERING = 0.6  # standard deviations that a log-odd of answering is worth
TIMELESS = "The library does not know in which year any of these papers appeared."
NOT_DENIED = "An abstract tells what a paper does: which papers do not do something can't be found."
NO_MAKER = "The library knows no author or venue “{}”, and no abstract tells where its authors work."
LAST_YEAR = 9000  # beyond it, no end was named


class Found(NamedTuple):
    """The question as it was searched for, the nearest papers, and the ids of those to quote, in the order to read."""

    question: Standalone
    passages: tuple[Passage, ...]
    papers: tuple[str, ...]
    named: bool = False  # by the question or the conversation, rather than found
    compared: bool = False  # with each other, by a question that any two papers can be asked
    listed: bool = False  # by what is known of each: they need not be likely to answer
    missing: str | None = None  # why there are none
    tally: str = ""  # how many there are, in words, where every paper of the scope was looked at


def by_list(retriever: HybridRetriever, settings: Settings, found: Found, scope: Scope) -> Found | None:
    """Where a list is asked for by a topic in a few words, by years, or by what no abstract tells; else None."""
    asked = wanted(found.question.asked)
    if asked.denied:
        return found._replace(missing=NOT_DENIED)
    if asked.years or asked.newest:
        return _of_years(retriever, settings, found, scope, asked)
    if asked.made and (made := _of_makers(retriever, found, asked.made, scope)):
        return made
    if named := only_names(found.question.asked) if asked.several else ():
        return _of_names(retriever, found, named, scope)
    return _of_topic(retriever, found, asked.topic, scope) if asked.topic else None


def _of_topic(retriever: HybridRetriever, found: Found, topic: str, scope: Scope) -> Found:
    """The papers that speak of it, whichever come near; beside them, what is about it in other words.

    However it is asked for: a topic has as many papers in every wording.
    """
    found = _asked_of(retriever, found, topic, scope)
    spoken = {*filter(retriever.library.holds(scope), retriever.speaking_of(topic))} - {*found.question.without}
    near = _meant(retriever, found, topic, beside=bool(spoken))
    size = retriever.library.size(scope)
    said = {paper for paper in spoken if len(spoken) > CHECKED or _says(retriever.library.paper(paper), topic)}
    told = said | near
    if not told:
        return found._replace(missing=f"None of the {size:,} abstracts speaks of “{topic}”.")
    text = found.question.text
    looked_at = retriever.search(text, Scope(papers=tuple(told)), WIDER * MOST_PAPERS)
    best = sorted(looked_at, key=partial(worth, retriever, text), reverse=True)[:MOST_PAPERS]
    how = "have the words" if len(said) > CHECKED and " " in topic else _how(len(said), len(told))
    return _tallied(found, best, len(told), f"of the {size:,} abstracts {how} “{topic}”")


def _how(said: int, told: int) -> str:
    """In what way so many abstracts are about a topic, of which some say it."""
    ways = (f"{_verb('speak', told)} of" if said else "", f"{_verb('come', told)} close to" if told > said else "")
    return " or ".join(filter(None, ways))


def _asked_of(retriever: HybridRetriever, found: Found, topic: str, scope: Scope) -> Found:
    text = f"Which papers are about {topic}?"
    passages = nearest_others(retriever, text, scope, len(found.passages), found.question.without)
    return found._replace(question=replace(found.question, text=text), passages=passages)


def _meant(retriever: HybridRetriever, found: Found, topic: str, beside: bool) -> set[str]:
    """Of the nearest papers those that are about it in whatever words; where none surely is, none by itself."""
    nearness = {passage: retriever.nearness(topic, [passage.span.paper.id]) for passage in found.passages}
    if max(nearness.values(), default=0.0) < MEANT and not beside:
        return set()
    worthy = partial(worth, retriever, found.question.text)
    meant = (p for p, near in nearness.items() if near >= MEANT or (near >= TOUCHED and worthy(p) >= LISTED))
    return {passage.span.paper.id for passage in meant}


def _tallied(found: Found, passages: Sequence[Passage], count: int, said: str) -> Found:
    """With these to quote, and how many there are of which they are the nearest."""
    papers = tuple(passage.span.paper.id for passage in passages)[: wanted(found.question.asked).most]
    more = f". The nearest {len(papers)}" if len(papers) < count else ""
    return found._replace(passages=tuple(passages), papers=papers, listed=True, tally=f"{count:,} {said}{more}:")


def _verb(many: str, count: int) -> str:
    return f"{many}s" if count == 1 else many


def _says(paper: Paper, topic: str) -> bool:
    """In the title or in one sentence: words that stand far apart may speak of something else."""
    return any(speaks_of(text, topic) for text in (paper.title, *roughly(paper.abstract)))


def _of_makers(retriever: HybridRetriever, found: Found, name: str, scope: Scope) -> Found | None:
    """By an author of that name, or of that venue; None where it is a paper's name, or a data set's perhaps."""
    holds, library = retriever.library.holds(scope), retriever.library
    chosen = tuple(filter(holds, library.within(Scope(authors=(name,))) | library.within(Scope(venues=(name,)))))
    if chosen:
        passages = retriever.search(found.question.text, Scope(papers=chosen), MOST_PAPERS)
        verb = "is" if len(chosen) == 1 else "are"
        return _tallied(found, passages, len(chosen), f"of the {library.size(scope):,} papers {verb} of {name}")
    is_other = retriever.knows(name) and name not in MAKERS.split()
    return None if is_other else found._replace(missing=NO_MAKER.format(name))


def _of_names(retriever: HybridRetriever, found: Found, asked: Sequence[str], scope: Scope) -> Found | None:
    """The papers whose abstracts mention them, those with most of the names first; None where none does."""
    holds = retriever.library.holds(scope)
    known = (paper for paper in retriever.library.papers() if holds(paper.id))
    texts = {paper.id: paper.abstract for paper in known if paper.id not in found.question.without}
    times = {paper: count for paper, text in texts.items() if (count := sum(mentions(text, name) for name in asked))}
    if not times:
        return None
    passages = retriever.search(found.question.text, Scope(papers=tuple(times)), MOST_PAPERS)
    best = sorted(passages, key=lambda passage: -times[passage.span.paper.id])
    said = f"of the {len(texts):,} abstracts {_verb('mention', len(times))} {listed(asked)}"
    return _tallied(found, best, len(times), said)


def _of_years(retriever: HybridRetriever, settings: Settings, found: Found, scope: Scope, asked: Wanted) -> Found:
    """Of the years asked for, or the newest; it is said of how many papers no year is known."""
    holds = retriever.library.holds(scope)
    years = {p.id: p.year for p in retriever.library.papers() if p.year and holds(p.id)}
    if not years:
        return found._replace(missing=TIMELESS)
    first, last = asked.years or (min(years.values()), max(years.values()))
    chosen = sorted((paper for paper in years if first <= years[paper] <= last), key=lambda paper: -years[paper])
    if not chosen:
        return found._replace(missing=f"No paper here is known to have appeared {_between(first, last)}.")
    if asked.newest and not asked.topic:
        chosen = chosen[:MOST_PAPERS]
    passages = retriever.search(found.question.text, Scope(papers=tuple(chosen)), settings.passages)
    question = replace(
        found.question, notes=(*found.question.notes, *_undated(retriever.library.size(scope) - len(years)))
    )
    dated = found._replace(question=question, passages=passages)
    if asked.topic:
        dated = _of_topic(retriever, dated, asked.topic, Scope(papers=tuple(chosen)))
    else:
        dated = dated._replace(papers=tuple(p.span.paper.id for p in passages)[: asked.most], listed=True)
    return dated._replace(papers=tuple(sorted(dated.papers, key=lambda paper: -years[paper])))


def _between(first: int, last: int) -> str:
    if first == last:
        return f"in {first}"
    return f"after {first - 1}" if last > LAST_YEAR else f"until {last}" if first < 0 else f"from {first} to {last}"


def _undated(count: int) -> tuple[str, ...]:
    return (f"Of {count:,} papers the library does not know the year.",) if count > 0 else ()


def nearest_others(
    retriever: HybridRetriever, text: str, scope: Scope, most: int, without: Sequence[str]
) -> tuple[Passage, ...]:
    """Best first, those papers aside."""
    found = retriever.search(text, scope, most + len(without))
    return tuple(passage for passage in found if passage.span.paper.id not in without)[:most]


def nearest(retriever: HybridRetriever, text: str, passages: Sequence[Passage]) -> tuple[str, ...]:
    """The papers worth listing, best first."""
    found = {passage.span.paper.id: worth(retriever, text, passage) for passage in passages}
    least = min(LISTED, max(found.values(), default=0.0) - BESIDE)
    kept = (paper for paper in found if found[paper] >= least)
    return tuple(sorted(kept, key=lambda paper: -found[paper]))[:MOST_PAPERS]


def worth(retriever: HybridRetriever, text: str, passage: Passage) -> float:
    """How near a paper is and how likely it answers, in standard deviations."""
    return passage.score + ANSWERING * log_odds(retriever.verdict(text, [passage.span.paper.id]).chance)
