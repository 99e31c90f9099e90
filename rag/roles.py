"""Whether a statement gives the parts of a quote to the wrong players: who beats whom, which figure is whose. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import combinations

from rag.figures import Figure, agree, figures
from rag.notation import legible
from rag.words import STOP_WORDS, stem

_COMPARES = re.compile(
    r"\b(?:outperform|surpass|exceed)\w*|\bbeat(?:s|en|ing)?\b|\b(?:than|over|versus|vs|against)\b|\bcompar(?:ed|ison) (?:to|with)\b"
    r"|\b(?:superior|inferior|preferable) to\b|\bahead of\b",
    re.IGNORECASE,
)
_ENDS = re.compile(
    r"[,;:.?!()] |[.?!)]\Z|\b(?:on|in|by|for|with|at|while|when|whereas|across|under|via|using|but|and also|thus|thereby|without)\b",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W_](?:\w|[-.@/^_+&](?=\w))*%?")
_REACH = 120  # characters to either side of a comparison that are read
_NEAR = 3  # content words that tell whose a figure is

Sides = tuple[frozenset[str], frozenset[str]]


def reverses(statement: str, quote: str) -> bool:
    """Whether what the quote puts before a comparison stands behind one in the statement, and the other way round."""
    return any(_crossed(said, held) for said in _comparisons(statement) for held in _comparisons(quote))


def _crossed(said: Sides, held: Sides) -> bool:
    first, second = held[0] - held[1], held[1] - held[0]
    return bool(said[0] & second and said[1] & first and not said[1] & second)


@lru_cache(maxsize=1024)
def _comparisons(text: str) -> tuple[Sides, ...]:
    """What stands before each comparison, and what behind it up to the next preposition."""
    clean = legible(text)
    return tuple(_sides(clean, match) for match in _COMPARES.finditer(clean))


def _sides(clean: str, match: re.Match[str]) -> Sides:
    before, behind = clean[max(0, match.start() - _REACH) : match.start()], clean[match.end() : match.end() + _REACH]
    end = _ENDS.search(behind)
    other = behind[: end.start()] if end else behind
    if match.group().lower().startswith("compar") and len(before.split()) < 2 and end:  # "Compared with A, B wins"
        before = behind[end.end() :]
    return frozenset(_stems(before)), frozenset(_stems(other))


def _stems(text: str) -> Iterator[str]:
    for word in _WORD.findall(text):
        if word.lower() not in STOP_WORDS or word.lower() in ("few", "more"):
            yield stem(word)


def exchanges(statement: str, quote: str) -> bool:
    """Whether two figures of the quote each stand beside the other's words in the statement."""
    pairs = list(_paired(figures(statement), figures(quote)))
    said, held = _company(statement), _company(quote)
    return any(
        _closer(said[one.start], held[its.start], held[other.start]) < 0
        and _closer(said[two.start], held[other.start], held[its.start]) < 0
        for (one, its), (two, other) in combinations(pairs, 2)
        if its.start != other.start
    )


def _paired(said: Sequence[Figure], held: Sequence[Figure]) -> Iterator[tuple[Figure, Figure]]:
    """Figures of the statement with the one figure of the quote that each can be."""
    for figure in said:
        fitting = [other for other in held if agree(figure, other)]
        if len(fitting) == 1:
            yield figure, fitting[0]


def _closer(said: frozenset[str], own: frozenset[str], other: frozenset[str]) -> int:
    return len(said & (own - other)) - len(said & (other - own))


@lru_cache(maxsize=1024)
def _company(text: str) -> dict[int, frozenset[str]]:
    """The content words around each figure, no further than the next figure on either side, by where it starts."""
    clean, found = legible(text), figures(text)
    ends = [0, *(figure.end for figure in found)]
    starts = [*(figure.start for figure in found), len(clean)]
    return {
        figure.start: frozenset(
            [
                *list(_stems(clean[ends[place] : figure.start]))[-_NEAR:],
                *list(_stems(clean[figure.end : starts[place + 1]]))[:_NEAR],
            ]
        )
        for place, figure in enumerate(found)
    }
