"""Topics of a collection: papers that lie together, and the words that set them apart."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from rag.words import STOP_WORDS, plain, stem

MOST = 8  # that can be told apart by shape and colour
LEAST_PAPERS = 6  # a topic, on average
TURNS = 50
TELLING = 3  # words that name a topic
SEVERAL = 2  # of its titles that hold such a word
OF_ANY_TOPIC = re.compile(
    r"(?:advanc|approach|based|better|effective|efficient|enhanc|explor|framework|improv|investigat|large|learn|method"
    r"|model|named|new|novel|rethink|revisit|simple|system|task|toward|understanding|universal|using|via)\w*"
)  # as titles have it
_WORD = re.compile(r"[^\W\d_][\w-]*[^\W_]")


class Topic(NamedTuple):
    """Its name, and the places of its papers in the list given."""

    name: str
    papers: tuple[int, ...]


def topics(places: np.ndarray, titles: Sequence[str], texts: Sequence[str]) -> tuple[Topic, ...]:
    """Of n papers at `places` (n, 2), the largest first; named by words of titles and texts."""
    if not len(places):
        return ()
    many = max(1, min(MOST, len(places) // LEAST_PAPERS))
    of = _clusters(places, many)
    groups = sorted((tuple(np.flatnonzero(of == one).tolist()) for one in np.unique(of)), key=lambda g: (-len(g), g))
    names = _names(groups, titles, texts)
    return tuple(Topic(name, group) for name, group in zip(names, groups, strict=True))


def _clusters(places: np.ndarray, many: int) -> np.ndarray:
    """k-means from centres far from one another; each paper's cluster: (n,)."""
    centres = places[[int(((places - places.mean(axis=0)) ** 2).sum(axis=1).argmin())]]
    while len(centres) < many:
        centres = np.vstack([centres, places[_distances(places, centres).min(axis=1).argmax()]])
    of = np.zeros(len(places), int)
    for _ in range(TURNS):
        of = _distances(places, centres).argmin(axis=1)
        centres = np.stack(
            [places[of == one].mean(axis=0) if (of == one).any() else centres[one] for one in range(many)]
        )
    return of


def _distances(places: np.ndarray, centres: np.ndarray) -> np.ndarray:
    squares: np.ndarray = ((places[:, None] - centres[None]) ** 2).sum(axis=2)
    return squares


def _names(groups: Sequence[Sequence[int]], titles: Sequence[str], texts: Sequence[str]) -> list[str]:
    """The words of its titles that set it apart, most telling first; none names two topics."""
    forms: Counter[tuple[str, str]] = Counter()
    titled = [_stems(title, forms) for title in titles]
    holds = [one | _stems(text, forms) for one, text in zip(titled, texts, strict=True)]
    everywhere = Counter(word for held in holds for word in held)
    written = {one: form for (one, form), _ in reversed(forms.most_common())}
    taken: set[str] = set()
    names = []
    for group in groups:
        here = Counter(word for place in group for word in holds[place])
        said = Counter(word for place in group for word in titled[place])
        worth = {
            word: _worth(here[word], len(group), everywhere[word], len(titles))
            for word, times in said.items()
            if word not in taken and times >= min(SEVERAL, len(group))
        }
        best = sorted(worth, key=lambda word: (-worth[word], word))[:TELLING]
        taken |= set(best)
        names.append(", ".join(written[word] for word in best))
    return names


def _worth(found: int, size: int, everywhere: int, papers: int) -> float:
    """How much a word sets a topic apart: the z-score of its log-odds inside against outside, smoothed."""
    outside, others = everywhere - found, papers - size
    inside = (found + 0.5) / (size - found + 0.5)
    beyond = (outside + 0.5) / (others - outside + 0.5)
    spread = 1 / (found + 0.5) + 1 / (size - found + 0.5) + 1 / (outside + 0.5) + 1 / (others - outside + 0.5)
    return math.log(inside / beyond) / math.sqrt(spread)


def _stems(text: str, forms: Counter[tuple[str, str]]) -> frozenset[str]:
    words = [word for word in _WORD.findall(text) if _is_telling(plain(word))]
    stemmed = [stem(word) for word in words]
    forms.update(zip(stemmed, (word if word[1:] != word[1:].lower() else word.lower() for word in words), strict=True))
    return frozenset(stemmed)


def _is_telling(word: str) -> bool:
    return len(word) > 2 and word not in STOP_WORDS and not OF_ANY_TOPIC.fullmatch(word)
