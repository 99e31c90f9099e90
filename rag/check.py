"""Whether quotes bear a statement out: names and numbers exactly, polarity by rule, meaning by similarity. No model."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from rag.alignment import substitutions
from rag.figures import agree, figures
from rag.names import holds, names, spelt_out
from rag.notation import legible
from rag.polarity import denies
from rag.roles import exchanges, reverses
from rag.types import Paper, Span, Support
from rag.words import tokens

Similarity = Callable[[str, str], float]

SUPPORTED = 0.55  # meaning from which a statement without fault is supported; set on the papers with even numbers
PARTIAL = 0.42  # and from which it is so in part
SIMILARITY = 0.4  # weight of the similarity, where the share of words found has the rest
LONGEST = 4000  # characters that are read; what was not read can't be called supported

_LEAD_IN = re.compile(r"\s*[“\"]([^”\"]{1,400})[”\"]\s*[:,]\s*")
_SENTENCE = re.compile(r"(?<=[.?!])\s+(?=[A-Z])")
_OWN = re.compile(
    r"\b(?:we|our|this (?:paper|work|article|study))\b.*\b(?:propos|present|introduc|develop|releas|design|devis)"
    r"|\b(?:named|called|dubbed|termed|coined)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """`score` is in 0..1; `missing` are the statement's names and numbers that no quote holds, and "negation"."""

    support: Support
    score: float
    missing: tuple[str, ...] = ()


def check(statement: str, quotes: Sequence[Span], similarity: Similarity) -> Verdict:
    """Holds one statement, its citation marks removed, against the quotes that it cites."""
    said = _without_lead_in(statement[:LONGEST], quotes)
    if _verbatim(said, quotes) and len(statement) <= LONGEST:
        return Verdict("supported", 1.0)
    texts = _together([quote.text for quote in quotes])
    close = [_bounded(similarity(said, text)) for text in texts]
    meaning = max((_meaning(said, text, near) for text, near in zip(texts, close, strict=True)), default=0.0)
    best = texts[max(range(len(texts)), key=close.__getitem__)] if texts else ""
    missing = tuple(dict.fromkeys(_missing(said, quotes, best)))
    if missing or meaning < PARTIAL:
        return Verdict("unsupported", PARTIAL * meaning if missing else meaning, missing)
    return Verdict("supported" if meaning >= SUPPORTED and len(statement) <= LONGEST else "partial", meaning)


def _together(texts: list[str]) -> list[str]:
    """Each quote, and all of them as one: a statement may merge what several say."""
    return [*texts, " ".join(texts)] if len(texts) > 1 else texts


def _bounded(similarity: float) -> float:
    return min(max(float(similarity), 0.0), 1.0) if math.isfinite(similarity) else 0.0


def _meaning(said: str, text: str, similarity: float) -> float:
    words = set(tokens(legible(said)))
    found = len(words & set(tokens(legible(text)))) / len(words) if words else 0.0
    return SIMILARITY * similarity + (1 - SIMILARITY) * found


def _without_lead_in(statement: str, quotes: Sequence[Span]) -> str:
    """A lead-in that names another paper stays, to be found missing."""
    match = _LEAD_IN.match(statement)
    if match and any(_plain(match[1]) == _plain(quote.paper.title) for quote in quotes):
        return statement[match.end() :]
    return statement


def _plain(text: str) -> str:
    return legible(text).casefold().strip(" .")


def _verbatim(said: str, quotes: Sequence[Span]) -> bool:
    """Whether it consists of quotes and nothing else."""
    rest = _plain(said)
    if not rest:
        return False
    for quote in sorted((_plain(quote.text) for quote in quotes), key=len, reverse=True):
        rest = rest.replace(quote, " ", 1)
    return not rest.strip(" .")


def _missing(said: str, quotes: Sequence[Span], best: str) -> Iterator[str]:
    yield from _unknown_names(said, quotes)
    yield from _unknown_figures(said, quotes)
    yield from substitutions(said, best)
    if denies(said, best):
        yield "negation"
    if reverses(said, best):
        yield "comparison"
    if exchanges(said, best):
        yield "exchanged"


def _unknown_names(said: str, quotes: Sequence[Span]) -> Iterator[str]:
    text = "\n".join(dict.fromkeys([*(quote.text for quote in quotes), *(_about(quote.paper) for quote in quotes)]))
    known = [name for name in names(said) if not holds(text, name)]
    spelt = spelt_out(said, text) if known else frozenset()
    yield from (name for name in known if name not in spelt)


@lru_cache(maxsize=256)
def _about(paper: Paper) -> str:
    """The title, and the sentences of the abstract in which the authors name what is theirs."""
    own = (sentence for sentence in _SENTENCE.split(paper.abstract) if _OWN.search(sentence))
    return "\n".join((paper.title, *own))


def _unknown_figures(said: str, quotes: Sequence[Span]) -> Iterator[str]:
    held = [figure for quote in quotes for figure in figures(quote.text)]
    titled = [figure for quote in quotes for figure in figures(quote.paper.title)]
    for figure in figures(said):
        among = held + titled if figure.compound else held
        if not figure.loose and not any(agree(figure, other) for other in among):
            yield figure.text
