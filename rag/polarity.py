"""Whether a statement says the opposite of a quote: a negation more or less, or "higher" for "lower". Pure, by rule."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from rag.notation import legible
from rag.words import STOP_WORDS, stem

_WORD = re.compile(r"\w+(?:[.@/^_+&-]\w+)*(?:'\w+)?%?|[,;:.?!()<>]")
_NOT = re.compile(
    r"not|no|never|without|cannot|\w+n't|nor|neither|none|nothing|hardly|rarely|seldom|scarcely|barely|lack(?:s|ed|ing)?"
    r"|fail(?:s|ed|ing|ure)?|unable|inability|impossible|avoid(?:s|ed|ing)?|eliminat(?:e|es|ed|ing)|absence|devoid"
)
_NOT_PAIRS = {("instead", "of"), ("rather", "than"), ("free", "of"), ("free", "from"), ("far", "from")}
_NO_NEGATION = {("not", "only"), ("no", "matter"), ("not", "just"), ("not", "merely")}
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
better improve enhance outperform surpass exceed superior boost benefit helpful beat | worse worsen hurt harm degrade underperform inferior deteriorate
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
before | after
"""  # fmt: skip  # noqa: E501
_SIDES = {
    stem(word): (row, side)
    for row, line in enumerate(_OPPOSITES.strip().splitlines())
    for side, words in zip((1, -1), line.split("|"), strict=True)
    for word in words.split()
}


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

    def stems(self, negated: bool) -> set[str]:
        """Of the words that a negation reaches, or of the others."""
        return {word.stem for word in self.words if word.negated == negated}


def denies(statement: str, quote: str) -> bool:
    """Whether one negates what the other affirms, or turns a word of direction into its opposite."""
    said, held = _read(statement), _read(quote)
    return _negates(said, held) or _negates(held, said) or _opposes(said, held)


def negations(text: str) -> int:
    """How many words of negation stand in it."""
    return len(_read(text).scopes)


def turned(one: str, other: str) -> bool:
    """Whether a word of direction in one has its opposite in the other."""
    ways = {_direction(word) for word in _read(other).words}
    return any((row, -side) in ways and row >= 0 for row, side in map(_direction, _read(one).words))


def _negates(one: Read, other: Read) -> bool:
    """Whether something that `one` negates stands in `other`, there affirmed."""
    denied, affirmed, both = other.stems(True), other.stems(False), one.stems(False)
    return any(
        scope
        and not denied & set(scope)
        and scope[0] in affirmed - both
        and len(affirmed & set(scope)) * 2 >= len(scope)
        for scope in one.scopes
    )


def _opposes(said: Read, held: Read) -> bool:
    return any(_opposed_at(place, said, held) for place, word in enumerate(said.words) if word.stem in _SIDES)


def _opposed_at(place: int, said: Read, held: Read) -> bool:
    """Whether the quote has the opposite word in like company, and the word itself in less."""
    row, side = _direction(said.words[place])
    around = _around(said, place)
    same = opposite = 0
    for there, word in enumerate(held.words):
        its_row, its_side = _direction(word)
        if its_row == row:
            shared = 1 + len(around & _around(held, there))
            same, opposite = (max(same, shared), opposite) if its_side == side else (same, max(opposite, shared))
    return opposite > max(same, 1)


def _direction(word: Word) -> tuple[int, int]:
    row, side = _SIDES.get(word.stem, (-1, 0))
    return row, -side if word.negated else side


def _around(read: Read, place: int) -> set[str]:
    near = read.words[max(0, place - _NEAR) : place] + read.words[place + 1 : place + 1 + _NEAR]
    return {word.stem for word in near if word.stem not in _SIDES}


@lru_cache(maxsize=1024)
def _read(text: str) -> Read:
    written = _WORD.findall(legible(text).lower())
    words: list[Word] = []
    scopes: list[list[str]] = []
    reach = 0
    for place, word in enumerate(written):
        pair = (word, written[place + 1] if place + 1 < len(written) else "")
        if (_NOT.fullmatch(word) or pair in _NOT_PAIRS) and pair not in _NO_NEGATION:
            scopes.append([])
            reach = _SCOPE
        elif word in _BREAKS:
            reach = 0
        for part in _content(word):
            words.append(Word(part, reach > 0))
            if reach:
                scopes[-1].append(part)
                reach -= 1
    return Read(tuple(words), tuple(map(tuple, scopes)))


def _content(word: str) -> Iterator[str]:
    if word in _BREAKS or _NOT.fullmatch(word):
        return
    stemmed = stem(word)
    if stemmed in _SIDES or word not in STOP_WORDS:
        yield stemmed
