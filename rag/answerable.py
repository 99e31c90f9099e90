"""Whether what was found answers the question at all: a few features that a person can read, and their weights.

The weights are learned on the dev questions: python -m eval.train_answerable.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from rag.attributes import uncounted, unmet
from rag.offers import Rarity, beyond, covered, learned
from rag.question import asks_for_figure, holds_figure, names
from rag.words import plain, tokens

WEIGHTS = Path(__file__).with_name("answerable.json")
FEATURES = (
    "meaning",  # cosine of the question and the sentence nearest to it
    "words",  # share of the question's words, by rarity, that the best sentence holds; those of the title aside
    "held",  # how many of the question's words the abstract holds, by rarity: ln(1 + their sum)
    "unknown name",  # a name that no paper here mentions
    "foreign name",  # a name that only other papers here mention
    "attribute",  # asked-for attributes, as the learning rate, that the abstract doesn't offer
    "count",  # "how many heads", and no number of heads
    "figure",  # a figure is asked for, and the two nearest sentences hold none
)


class Read(NamedTuple):
    """What was read to answer: of one paper or several, n sentences in their order; cosines with the question (n,)."""

    titles: tuple[str, ...]
    sentences: tuple[str, ...]
    cosines: np.ndarray


class Verdict(NamedTuple):
    """The chance that the question is answered (0 to 1), and in words what speaks most against it."""

    chance: float
    lacking: str | None


def verdict(question: str, read: Read, rarity: Rarity, knows: Callable[[str], bool]) -> Verdict:
    """`knows` tells whether any paper of the collection mentions a name."""
    row = features(question, read, rarity, knows)
    worth = weights()
    odds = worth["bias"] + sum(worth[name] * value for name, value in zip(FEATURES, row, strict=True))
    return Verdict(chance_of(odds), _lacking(question, read, knows))


def chance_of(odds: float) -> float:
    """Log-odds as a chance: 0 to 1."""
    return 1 / (1 + math.exp(-odds))


def log_odds(chance: float) -> float:
    """The other way, of a chance cut off at one in a million on both sides."""
    held = min(max(chance, 1e-6), 1 - 1e-6)
    return math.log(held / (1 - held))


def weights() -> dict[str, float]:
    """What each feature is worth in log-odds, and a bias."""
    return learned(WEIGHTS)


def features(question: str, read: Read, rarity: Rarity, knows: Callable[[str], bool]) -> tuple[float, ...]:
    """In the order of FEATURES."""
    body = " ".join((*read.titles, *read.sentences))
    abstract = " ".join(read.sentences)
    asked = _beyond_names(question, body)
    nearest = [read.sentences[place] for place in np.argsort(-read.cosines, kind="stable")[:2]]
    content = beyond(tokens(question), tokens(" ".join(read.titles)))
    return (
        float(read.cosines.max()),
        max(covered(content, sentence, rarity) for sentence in read.sentences),
        math.log1p(_held(asked, body, rarity)),
        bool(_unknown(question, knows)),
        bool(_foreign(question, body, knows)),
        len(unmet(question, abstract)),
        uncounted(question, abstract) is not None,
        asks_for_figure(question) and not any(map(holds_figure, nearest)),
    )


def _beyond_names(question: str, body: str) -> set[str]:
    """The question's words without the names that these papers hold: naming a paper is asking nothing of it."""
    return set(tokens(question)) - {
        token for name in names(question) if _mentions(body, name) for token in tokens(name)
    }


def _held(asked: set[str], body: str, rarity: Rarity) -> float:
    held = set(tokens(body))
    return sum(rarity(token) for token in asked if token in held)


def _unknown(question: str, knows: Callable[[str], bool]) -> list[str]:
    return [name for name in names(question) if not knows(name)]


def _foreign(question: str, body: str, knows: Callable[[str], bool]) -> list[str]:
    return [name for name in names(question) if knows(name) and not _mentions(body, name)]


def _mentions(body: str, name: str) -> bool:
    return plain(name) in plain(body)


def _lacking(question: str, read: Read, knows: Callable[[str], bool]) -> str | None:
    """What the papers don't say, in words; None where nothing in particular is missing."""
    if unknown := _unknown(question, knows):
        return f"No abstract here mentions {listed(unknown)}."
    missing = _missing(question, " ".join(read.sentences))
    if missing is None or not _speaks_of(question, read):
        return None
    return f"“{read.titles[0]}” is here, but its abstract gives no {missing}."


def _missing(question: str, abstract: str) -> str | None:
    if attributes := unmet(question, abstract):
        return attributes[0]
    noun = uncounted(question, abstract)
    return f"number of {noun}" if noun else None


def _speaks_of(question: str, read: Read) -> bool:
    """Whether it asks about one paper, by a name or by words of its title."""
    own = any(_mentions(" ".join((*read.titles, *read.sentences)), name) for name in names(question))
    return len(read.titles) == 1 and (own or len(set(tokens(question)) & set(tokens(read.titles[0]))) > 1)


def listed(words: Sequence[str], last: str = "or") -> str:
    """In a row, the last after a word of its own: a, b or c."""
    return f" {last} ".join(filter(None, [", ".join(words[:-1]), words[-1]]))
