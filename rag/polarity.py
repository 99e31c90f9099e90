"""Whether a statement says the opposite of a quote: a negation more or less, or "higher" for "lower". Pure, by rule."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from rag.notation import legible
from rag.words import STOP_WORDS, stem

_WORD = re.compile(r"\d+(?:[.,]\d+)*|\w+(?:[.@/^_+&]\w+)*(?:'\w+)?%?|[,;:.?!()<>]")
_UNDONE = ((re.compile(r"\b([a-z]\w*)-free\b"), r"without \1,"), (re.compile(r"\bnon-(?=[a-z])"), "not "))
_NOT = re.compile(
    r"not|no|never|without|cannot|\w+n't|nor|neither|none|nothing|hardly|rarely|seldom|scarcely|barely|lack(?:s|ed|ing)?"
    r"|fail(?:s|ed|ing|ure)?|unable|inability|impossible|avoid(?:s|ed|ing)?|eliminat(?:e|es|ed|ing)|absence|devoid"
    r"|(?:sidestep|circumvent|obviat|neglect|ignor|overlook|omit)\w*"
)
_NOT_PAIRS = {("instead", "of"), ("rather", "than"), ("free", "of"), ("free", "from"), ("far", "from")}
_NO_NEGATION = {
    ("not", "only"),
    ("no", "matter"),
    ("not", "just"),
    ("not", "merely"),
    ("nothing", "but"),
    ("none", "but"),
}
_BREAKS = frozenset(",;:.?!()") | {
    "but",
    "while",
    "whereas",
    "although",
    "though",
    "however",
    "because",
    "which",
    "yet",
}
_SCOPE = 4  # content words that a negation reaches over
_NEAR = 4  # content words to either side that tell one place from another

_OPPOSITES = """
increase raise grow rise higher more larger greater bigger gain > | decrease reduce lower drop decline diminish cut shrink less fewer smaller save <
better improve enhance outperform surpass exceed superior boost benefit helpful beat | worse worsen hurt harm degrade underperform inferior deteriorate impair behind lag
faster fast quick accelerate | slower slow slowly
long longer | short shorter
easy easily easier simple simpler | hard harder difficult challenging complex complicated
high large big abundant | low small tiny scarce
strong stronger | weak weaker
cheap cheaper inexpensive | expensive costly
always | sometimes occasionally
many multiple several numerous | single sole
often frequently commonly widely | rarely seldom
explicit | implicit
positive | negative
promote activate induce stimulate enable allow | inhibit suppress prevent block impair
upregulate | downregulate
same similar identical | different dissimilar
"""  # fmt: skip  # noqa: E501
_ROWS = tuple(
    {stem(word): side for side, words in zip((1, -1), line.split("|"), strict=True) for word in words.split()}
    for line in _OPPOSITES.strip().splitlines()
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
    return any(
        _opposed_at(place, row, said, held)
        for place, word in enumerate(said.words)
        if word.stem in _DIRECTED
        for row in _ROWS
        if word.stem in row
    )


def _opposed_at(place: int, row: Mapping[str, int], said: Read, held: Read) -> bool:
    """Whether the quote has the opposite word in like company, and the word itself in less."""
    around, way = _around(said, place), _way(said.words[place], row)
    same = opposite = 0
    for there, word in enumerate(held.words):
        if its := _way(word, row):
            shared = 1 + len(around & _around(held, there))
            same, opposite = (max(same, shared), opposite) if its == way else (same, max(opposite, shared))
    return opposite > max(same, 1)


def _way(word: Word, row: Mapping[str, int]) -> int:
    """1 or -1 by the side of the row that it stands on, 0 where it is in none; a negation turns it."""
    side = row.get(word.stem, 0)
    return -side if word.negated else side


def _around(read: Read, place: int) -> set[str]:
    near = read.words[max(0, place - _NEAR) : place] + read.words[place + 1 : place + 1 + _NEAR]
    return {word.stem for word in near if word.stem not in _DIRECTED}


@lru_cache(maxsize=1024)
def _read(text: str) -> Read:
    plain = legible(text).lower()
    for pattern, undone in _UNDONE:
        plain = pattern.sub(undone, plain)
    written = _WORD.findall(plain)
    words: list[Word] = []
    scopes: list[list[str]] = []
    denied: set[str] = set()
    reach, clause = 0, False
    for pair in zip(written, [*written[1:], ""], strict=False):
        if cue := _negates_here(pair):
            scopes.append([])
            reach, clause = _SCOPE, True
        elif pair[0] in _BREAKS:
            reach, clause = 0, False
        for part in () if cue else _content(pair[0]):
            words.append(Word(part, reach > 0))
            denied |= {part} if clause else set()
            if reach:
                scopes[-1].append(part)
                reach -= 1
    affirmed = frozenset(word.stem for word in words if not word.negated)
    return Read(tuple(words), tuple(map(tuple, scopes)), frozenset(denied), affirmed)


def _negates_here(pair: tuple[str, str]) -> bool:
    return pair not in _NO_NEGATION and (bool(_NOT.fullmatch(pair[0])) or pair in _NOT_PAIRS)


def _content(word: str) -> Iterator[str]:
    if word in _BREAKS:
        return
    stemmed = stem(word)
    if stemmed in _DIRECTED or word not in STOP_WORDS:
        yield stemmed
