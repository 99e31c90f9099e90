"""What a collection is about, in words that several of its titles share. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise

from rag.reference import title_words
from rag.topics import OF_ANY_TOPIC
from rag.types import Paper
from rag.words import STOP_WORDS, plain, stem

FREQUENT = 3  # titles that make a subject
FEW = 6  # subjects of two words, below which single words are told too
_WORD = re.compile(r"[^\W\d_][\w-]{3,}")


def subjects(papers: Sequence[Paper]) -> list[tuple[str, int]]:
    """With the number of titles that name each: those of two words, the most frequent first; then, of few, of one."""
    pairs = pairs_of(papers)
    return (
        [*pairs, *_single(papers, {word for pair, _ in pairs for word in pair.split()})] if len(pairs) < FEW else pairs
    )


def pairs_of(papers: Sequence[Paper]) -> list[tuple[str, int]]:
    """Two words that follow one another in several titles."""
    found = Counter(pair for paper in papers for pair in {*pairwise(_WORD.findall(plain(paper.title)))})
    return [
        (" ".join(pair), count) for pair, count in found.most_common() if count >= FREQUENT and not STOP_WORDS & {*pair}
    ]


def _single(papers: Sequence[Paper], said: set[str]) -> Iterator[tuple[str, int]]:
    """None that is in a pair, or of any topic; once, whatever its ending."""
    told = {stem(word) for word in said}
    words = Counter(word for paper in papers for word in {*title_words(paper.title)})
    for word, count in words.most_common():
        if count >= FREQUENT and stem(word) not in told and not OF_ANY_TOPIC.fullmatch(word):
            told.add(stem(word))
            yield word, count
