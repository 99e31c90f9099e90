"""Whether quotes bear a statement out: names, numbers and polarity by rule, meaning by a similarity passed in. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from rag.alignment import substitutions
from rag.bounds import misbounds
from rag.figures import figures, fits, held
from rag.names import holds, names, numbered_names, spelt_out, subject, titled_words
from rag.notation import legible
from rag.polarity import denies
from rag.roles import exchanges, misplaces, reverses
from rag.types import Paper, Span, Support
from rag.words import tokens

Similarity = Callable[[str, str], float]  # of two texts, a cosine; anything outside 0..1 counts as the nearer bound

# Set by `python -m eval.checking` on the shipped papers with even numbers.
SIMILARITY = 0.4  # weight of the similarity in the meaning, where the share of words found in the quote has the rest
SUPPORTED = 0.55  # meaning from which a statement without fault is supported
PARTIAL = 0.42  # and from which it is partly so
LEAST = 3  # content words under which a statement without figure or name says too little to be supported
LONGEST = 4000  # characters that are read: what was not read is at best partly supported

_LEAD_IN = re.compile(r"\s*[“\"]([^”\"]{1,400})[”\"]\s*[:,]\s*")
_SENTENCE = re.compile(r"(?<=[.?!])\s+(?=[A-Z])")
_AUTHORS = re.compile(r"\b(?:we|our|this (?:paper|work|article|study))\b", re.IGNORECASE)
_OFFER = re.compile(r"\b(?:propos|present|introduc|develop|releas|design|devis|call|nam|term|dub)", re.IGNORECASE)
_NAMED = re.compile(r"\b(?:named|called|dubbed|termed|coined)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Verdict:
    """How far the quotes bear a statement out; `score` is in 0..1.

    `missing`: its names and figures that no quote holds, or that stand in another's place; "negation" where one says
    the opposite of the other, "comparison" where winner and loser, or two figures, are exchanged, where a figure is
    given to what has another, or is "at least" what the quote says it is at most.
    """

    support: Support
    score: float
    missing: tuple[str, ...] = ()


def check(statement: str, quotes: Sequence[Span], similarity: Similarity) -> Verdict:
    """Holds one statement, its citation marks removed, against the quotes that it cites.

    Unsupported: a name, a figure or the polarity is wrong, or the meaning is far. `similarity` is asked once a quote,
    and once for all together where there are several; not at all where the statement consists of quotes.
    """
    whole = _without_lead_in(statement, quotes)
    if _verbatim(statement, quotes) or _verbatim(whole, quotes):
        return Verdict("supported", 1.0)
    said, texts = whole[:LONGEST], _texts(quotes)
    near = {text: _bounded(similarity(said, text)) for text in texts}
    best = max(near, key=near.__getitem__, default="")
    meaning = max((_meaning(said, text, near[text]) for text in texts), default=0.0)
    missing = tuple(dict.fromkeys(_faults(said, quotes, best[:LONGEST])))
    if missing or meaning < PARTIAL:
        return Verdict("unsupported", PARTIAL * meaning if missing else meaning, missing)
    doubts = tuple(_doubts(said, quotes))
    if doubts or says_little(said) or meaning < SUPPORTED or len(whole) > LONGEST:
        return Verdict("partial", min(meaning, SUPPORTED), doubts)
    return Verdict("supported", meaning)


def _texts(quotes: Sequence[Span]) -> list[str]:
    """Each quote, and all of them as one: a statement may merge what several say."""
    texts = list(dict.fromkeys(quote.text for quote in quotes))
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
    rest = _plain(said) or said.strip()
    for text in sorted({_plain(quote.text) or quote.text.strip() for quote in quotes}, key=len, reverse=True):
        rest = rest.replace(text, " ", 1) if text else rest
    return bool(said.strip() and not rest.strip(" ."))


def _faults(said: str, quotes: Sequence[Span], best: str) -> Iterator[str]:
    context = _context(quotes)
    numbered = {
        part for word, number in numbered_names(said) if holds(context, word + number) for part in (word, number)
    }
    yield from (name for name in _unknown_names(said, context) if name not in numbered)
    yield from (figure for figure in _unknown_figures(said, quotes) if figure not in numbered)
    yield from substitutions(said, best)
    if denies(said, best):
        yield "negation"
    if any(differ(said, best) for differ in (reverses, exchanges, misplaces, misbounds)):
        yield "comparison"


def _unknown_names(said: str, context: str) -> Iterator[str]:
    unknown = [name for name in names(said) if not holds(context, name)]
    spelt = spelt_out(said, context) if unknown else frozenset()
    yield from (name for name in unknown if name not in spelt)


def says_little(said: str) -> bool:
    """Whether it is a word or two of any quote's, without a figure or a name: "Prompt." """
    return len(set(tokens(legible(said)))) < LEAST and not figures(said) and not names(said)


def _doubts(said: str, quotes: Sequence[Span]) -> Iterator[str]:
    """Each may be a name or an ordinary word of the statement's own: a doubt, no fault."""
    context = _context(quotes)
    suspects = [subject(said), *titled_words(said)]
    yield from (word for word in dict.fromkeys(filter(None, suspects)) if not holds(context, word))


def _context(quotes: Sequence[Span]) -> str:
    """Where names may stand: the quotes, and what their papers say of themselves."""
    return "\n".join(dict.fromkeys([*(quote.text for quote in quotes), *(_about(quote.paper) for quote in quotes)]))


@lru_cache(maxsize=256)
def _about(paper: Paper) -> str:
    """The title, and the sentences in which the authors name what is theirs.

    With the whole abstract none of the names exchanged within it would be noticed; with the title alone the names that
    a paper gives itself further down (MLCD, LOOK) would be called unknown.
    """
    return "\n".join((paper.title, *filter(_offers, _SENTENCE.split(paper.abstract))))


def _offers(sentence: str) -> bool:
    authors = _AUTHORS.search(sentence)
    return bool((authors and _OFFER.search(sentence, authors.end())) or _NAMED.search(sentence))


def _unknown_figures(said: str, quotes: Sequence[Span]) -> Iterator[str]:
    """Only a numeral inside a term ("two-stage") may stand in the title alone."""
    quoted = [figure for quote in quotes for figure in figures(quote.text)]
    titled = [figure for quote in quotes for figure in figures(quote.paper.title)]
    among, among_terms = held(quoted), held([*quoted, *titled])
    for figure in figures(said):
        if not figure.loose and not fits(figure, among_terms if figure.compound else among):
            yield figure.text
