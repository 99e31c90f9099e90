"""Questions to begin with, made from what the library holds. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice

from rag.subjects import pairs_of
from rag.types import Paper
from rag.words import tokens

MOST = 6
LOOKED_AT = 2000  # papers, for their topics; those of a larger library are alike
NAMED = 200  # papers with a name, of which each is held against each
_NAMED = re.compile(r"(?=\S*[A-Z]\S*[A-Z])([\w-]{3,20}): ")  # CapsFusion: Rethinking Image-Text Data at Scale
_RESULT = re.compile(r"outperform|surpass|improv|achiev|accuracy|state-of-the-art", re.IGNORECASE)


def starters(papers: Sequence[Paper]) -> tuple[str, ...]:
    """At most six, of several kinds, about papers from all over the library."""
    some = _spread(papers, LOOKED_AT)
    named = _spread([paper for paper in some if _NAMED.match(paper.title)], NAMED)
    kinds = (_what_is(named), _topic(some), _results(named), _compared(named), _whole(some), _findings(some))
    first = [question for kind in kinds if (question := next(kind, None))]
    more = [question for kind in kinds for question in islice(kind, MOST)]
    return tuple(dict.fromkeys([*first, *more]))[:MOST]


def _spread(papers: Sequence[Paper], most: int) -> list[Paper]:
    most = min(most, len(papers))
    return [papers[place * len(papers) // most] for place in range(most)]


def _name(paper: Paper) -> str:
    named = _NAMED.match(paper.title)
    assert named  # noqa: S101 - only such are asked for
    return named[1]


def _what_is(named: Sequence[Paper]) -> Iterator[str]:
    return (f"What is {_name(paper)}?" for paper in _spread(named, MOST))


def topics(papers: Sequence[Paper]) -> tuple[str, ...]:
    """What several titles are about, in two words; the most frequent first."""
    return tuple(pair for pair, _ in pairs_of(_spread(papers, LOOKED_AT))[:MOST])


def _topic(papers: Sequence[Paper]) -> Iterator[str]:
    return (f"Which papers are about {topic}?" for topic in topics(papers))


def _results(named: Sequence[Paper]) -> Iterator[str]:
    """Of papers whose abstract gives a figure as a result."""
    return (f"How well does {_name(paper)} perform?" for paper in _spread(named, len(named))[1::2] if _gives(paper))


def _gives(paper: Paper) -> bool:
    parts = re.split(r"(?<=[.!?])\s+", paper.abstract)
    return any(_RESULT.search(part) and "%" in part and _name(paper) in part for part in parts)


def _compared(named: Sequence[Paper]) -> Iterator[str]:
    """Two whose titles share most words, rare ones above all."""
    words = [{*tokens(paper.title)} for paper in named]
    known = Counter(word for title in words for word in title)
    pairs = ((sum(1 / known[w] for w in words[a] & words[b]), -a, -b) for b in range(len(named)) for a in range(b))
    likest = sorted((pair for pair in pairs if pair[0]), reverse=True)
    return (f"Compare {_name(named[-a])} and {_name(named[-b])}" for _, a, b in likest)


def _whole(papers: Sequence[Paper]) -> Iterator[str]:
    return iter(("What is this collection about?",) if papers else ())


def _findings(papers: Sequence[Paper]) -> Iterator[str]:
    """Of papers without a name of their own."""
    nameless = [paper for paper in papers if not _NAMED.match(paper.title)]
    return (f"What does “{paper.title}” find?" for paper in _spread(nameless, MOST))
