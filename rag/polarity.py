"""Whether a statement says the opposite of a quote: a negation more or less, or "higher" for "lower". Pure, by rule."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from rag.notation import legible
from rag.vocabulary import CLAUSE_BREAKS, NO_NEGATION, NOT, NOT_BEGINNINGS, NOT_PAIRS, OPPOSITES
from rag.words import STOP_WORDS, stem

_WORD = re.compile(r"\d+(?:[.,]\d+)*|\w+(?:[.@/^_+&]\w+)*(?:'\w+)?%?|[,;:.?!()<>]")
_UNDONE = ((re.compile(r"\b([a-z]\w*)-free\b"), r"without \1,"), (re.compile(r"\bnon-(?=[a-z])"), "not "))
_NOT = re.compile(rf"{'|'.join(NOT.split())}|\w+n't|(?:{'|'.join(NOT_BEGINNINGS.split())})\w*")
_NOT_PAIRS = frozenset(tuple(pair.split()) for pair in NOT_PAIRS.split("|"))
_NO_NEGATION = frozenset(tuple(pair.split()) for pair in NO_NEGATION.split("|"))
_BREAKS = frozenset(",;:.?!()") | frozenset(CLAUSE_BREAKS.split())
_SCOPE = 4  # content words that a negation reaches over
_NEAR = 4  # content words to either side that tell one place from another
_MOST = 500  # words that are read: the work grows with their square

Row = Mapping[str, int]  # stems of one side are 1, of the other -1

_ROWS: tuple[Row, ...] = tuple(
    {stem(word): way for way, words in zip((1, -1), sides, strict=True) for word in words.split()}
    for sides in OPPOSITES
)
_DIRECTED = frozenset(word for row in _ROWS for word in row)


@dataclass(frozen=True, slots=True)
class Word:
    """A word that bears content, stemmed, and whether a negation reaches it."""

    stem: str
    negated: bool


@dataclass(frozen=True, slots=True)
class Read:
    """The content words in order, and what each negation reaches."""

    words: tuple[Word, ...]
    scopes: tuple[tuple[str, ...], ...]
    denied: frozenset[str]  # behind a negation in the same clause, however far
    affirmed: frozenset[str]  # not reached by one


def denies(statement: str, quote: str) -> bool:
    """Whether one negates what the other affirms, or turns a word of direction into its opposite."""
    said, held = _read(statement), _read(quote)
    return _negates(said, held) or _negates(held, said) or _opposes(said, held)


def negations(text: str) -> int:
    """How many words of negation stand in it."""
    return len(_read(text).scopes)


def turned(one: str, other: str) -> bool:
    """Whether a word of direction in one has its opposite in the other."""
    said, held = _read(one).words, _read(other).words
    return any(_way(word, row) * _way(its, row) < 0 for row in _ROWS for word in said for its in held)


def _negates(one: Read, other: Read) -> bool:
    """Whether something that `one` negates stands in `other`, there affirmed."""
    return any(
        scope
        and not other.denied & set(scope)
        and scope[0] in other.affirmed - one.affirmed
        and len(other.affirmed & set(scope)) * 2 >= len(scope)
        for scope in one.scopes
    )


def _opposes(said: Read, held: Read) -> bool:
    directed = [(place, row) for place, word in enumerate(said.words) for row in _ROWS if word.stem in row]
    return any(_opposed_at(place, row, said, held) for place, row in directed)


def _opposed_at(place: int, row: Mapping[str, int], said: Read, held: Read) -> bool:
    """Whether the quote has the opposite word in like company, and the word itself in less."""
    around, way = _around(said, place), _way(said.words[place], row)
    same = opposite = 0
    for there, word in enumerate(held.words):
        if its := _way(word, row):
            shared = 1 + len(around & _around(held, there))
            same, opposite = (max(same, shared), opposite) if its == way else (same, max(opposite, shared))
    return opposite > max(same, 1)


def _way(word: Word, row: Row) -> int:
    """1 or -1 by the side of the row that it stands on, 0 where it is in none; a negation turns it."""
    side = row.get(word.stem, 0)
    return -side if word.negated else side


def _around(read: Read, place: int) -> set[str]:
    near = read.words[max(0, place - _NEAR) : place] + read.words[place + 1 : place + 1 + _NEAR]
    return {word.stem for word in near if word.stem not in _DIRECTED}


@lru_cache(maxsize=1024)
def _read(text: str) -> Read:
    words: list[Word] = []
    scopes: list[list[str]] = []
    denied: set[str] = set()
    reach, clause = 0, False
    written = _written(text)
    for pair in zip(written, [*written[1:], ""], strict=False):
        if _negates_here(pair):
            scopes.append([])
            reach, clause = _SCOPE, True
        elif pair[0] in _BREAKS:
            reach, clause = 0, False
        elif part := _content(pair[0]):
            words.append(Word(part, reach > 0))
            denied |= {part} if clause else set()
            scopes[-1:] = [[*scopes[-1], part]] if reach else scopes[-1:]
            reach = max(0, reach - 1)
    affirmed = frozenset(word.stem for word in words if not word.negated)
    return Read(tuple(words), tuple(map(tuple, scopes)), frozenset(denied), affirmed)


def _written(text: str) -> list[str]:
    plain = legible(text).lower()
    for pattern, undone in _UNDONE:
        plain = pattern.sub(undone, plain)
    return _WORD.findall(plain)[:_MOST]


def _negates_here(pair: tuple[str, str]) -> bool:
    return pair not in _NO_NEGATION and (bool(_NOT.fullmatch(pair[0])) or pair in _NOT_PAIRS)


def _content(word: str) -> str | None:
    stemmed = stem(word)
    return stemmed if stemmed in _DIRECTED or word not in STOP_WORDS else None
