"""Whether what was found answers the question at all: a few features that a person can read, and their weights.

The weights are learned on the dev questions: python -m eval.train_answerable.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import NamedTuple

import numpy as np

from rag.attributes import uncounted, unmet
from rag.field import untouched
from rag.lacking import Knows, bears, foreign, unknown
from rag.offers import Rarity, beyond, covered, learned
from rag.question import asked_kind, asks_for_figure, bare_name, holds_figure, names
from rag.vocabulary import METRICS
from rag.words import tokens

WEIGHTS = Path(__file__).with_name("answerable.json")
FEATURES = (
    "meaning",  # cosine of the question and the sentence nearest to it
    "far",  # how far that lies below the least that papers of one field have with a question of it
    "words",  # share of the question's words, by rarity, that the best sentence holds; those of the title aside
    "held",  # how many of the question's words the abstract holds, by rarity: ln(1 + their sum)
    "unknown name",  # a name that no paper here mentions
    "foreign name",  # a name that only other papers here mention
    "attribute",  # asked-for attributes, as the learning rate, that the abstract doesn't offer
    "count",  # "how many heads", and no number of heads
    "figure",  # a figure is asked for, and the two nearest sentences hold none
    "bare name",  # nothing is asked but what a name is, and these papers mention it
    "topic",  # a topic of the field, as watermarks, that these papers don't touch
    "kind",  # of what is named, "which tool" is asked, and nothing here speaks of a tool
)
OF_THE_ABSTRACT = ("attribute", "count", "figure", "kind")  # what it gives, not what it is about
LEAST_MEANING = 0.25  # below it, a cosine tells that the question is of another field
SCORES = tuple(word for words in METRICS.values() for word in words.split())
SAME_KIND = (  # kinds of things that one word asks for, and another gives
    ("data", "dataset", "datasets", "sets", "corpus", "corpora"),
    ("weights", "checkpoint", "checkpoints", "models"),
    ("clips", "videos"),
    ("metric", "metrics", "rmsd", "accuracy", *SCORES),
)


class Read(NamedTuple):
    """What was read to answer: of one paper or several, n sentences in their order; cosines with the question (n,)."""

    titles: tuple[str, ...]
    sentences: tuple[str, ...]
    cosines: np.ndarray


class Verdict(NamedTuple):
    """The chance that the question is answered (0 to 1).

    `about`: log-odds by what the papers are about alone, whatever they give or don't give of it.
    """

    chance: float
    about: float = 0.0


def verdict(question: str, read: Read, rarity: Rarity, knows: Knows) -> Verdict:
    """`knows` tells whether any paper of the collection mentions a name."""
    worth = weights()
    row = zip(FEATURES, features(question, read, rarity, knows), strict=True)
    parts = {name: worth[name] * value for name, value in row}
    odds = worth["bias"] + sum(parts.values())
    return Verdict(chance_of(odds), odds - sum(parts[name] for name in OF_THE_ABSTRACT))


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


def features(question: str, read: Read, rarity: Rarity, knows: Knows) -> tuple[float, ...]:
    """In the order of FEATURES."""
    body = " ".join((*read.titles, *read.sentences))
    abstract = " ".join(read.sentences)
    wanted = _beyond_names(question, body)
    nearest = [read.sentences[place] for place in np.argsort(-read.cosines, kind="stable")[:2]]
    content = beyond(tokens(question), tokens(" ".join(read.titles)))
    near, bare = float(read.cosines.max()), bare_name(question)
    named = bare is not None and bears(body, bare)  # a bare name lies far from every sentence
    return (
        near,
        0.0 if named else max(0.0, LEAST_MEANING - near),
        max(covered(content, sentence, rarity) for sentence in read.sentences),
        math.log1p(_held(wanted, body, rarity)),
        bool(unknown(question, knows)),
        bool(foreign(question, body, knows)),
        len(unmet(question, abstract)),
        uncounted(question, abstract) is not None,
        asks_for_figure(question) and not any(map(holds_figure, nearest)),
        named,
        bool(untouched(question, body)),
        _lacks_kind(question, body),
    )


def _lacks_kind(question: str, body: str) -> bool:
    kind = asked_kind(question) if any(bears(body, name) for name in names(question)) else None
    if kind is None:
        return False
    words = next((row for row in SAME_KIND if kind in row), (kind,))
    return not set(tokens(" ".join(words))) & set(tokens(body))


def _beyond_names(question: str, body: str) -> set[str]:
    """The question's words without the names that these papers hold: naming a paper is asking nothing of it."""
    return set(tokens(question)) - {token for name in names(question) if bears(body, name) for token in tokens(name)}


def _held(wanted: set[str], body: str, rarity: Rarity) -> float:
    held = set(tokens(body))
    return sum(rarity(token) for token in wanted if token in held)
