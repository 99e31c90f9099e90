"""A mistyped word, as the collection spells it."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

from rapidfuzz import process
from rapidfuzz.distance import OSA

from rag.words import plain

LEAST = 5  # letters of a word that is corrected
LEAST_NAME = 7  # of one with capitals inside: LaCLIP may be a name of its own, though LeCLIP is known
_WORD = re.compile(r"[^\W\d_]{5,}")

Vocabulary = Mapping[str, Sequence[str]]


def vocabulary(texts: Iterable[str]) -> Vocabulary:
    """The words of these texts by first letter, the commonest first, without accents and capitals."""
    found = Counter(word for text in texts for word in _WORD.findall(plain(text)))
    listed: defaultdict[str, list[str]] = defaultdict(list)
    for word, _ in found.most_common():
        listed[word[0]].append(word)
    return listed


def corrected(text: str, knows: Callable[[str], bool], known: Vocabulary) -> str:
    """Each word that is not known, as the known one that is a slip away: a letter added, left out, changed or swapped.

    The distance is that of optimal string alignment (Damerau 1964); the first letter is held to be right.
    """
    return _WORD.sub(lambda match: _one(match.group(), knows, known), text)


def _one(word: str, knows: Callable[[str], bool], known: Vocabulary) -> str:
    letters = plain(word)
    if len(word) < (LEAST_NAME if any(map(str.isupper, word[1:])) else LEAST) or knows(word):
        return word
    near = process.extractOne(letters, known.get(letters[0], ()), scorer=OSA.distance, score_cutoff=1)
    return _in_the_case_of(word, near[0]) if near else word


def _in_the_case_of(word: str, known: str) -> str:
    return known.upper() if word.isupper() else known.capitalize() if word[0].isupper() else known
