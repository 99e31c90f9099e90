"""The sentences that answer, as spans: chosen by meaning and words together within given papers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rag import offers
from rag.library import Stored
from rag.offers import FEATURES, Rarity
from rag.question import speaks_of_own_work
from rag.types import Span

WORDS = 0.5  # what sharing all of the question's words is worth, where equal meaning (cosine) is worth 1
FIGURE = 0.1  # what holding a number is worth when a number is asked for
OWN_WORK = 0.1  # what it is worth that the authors speak of what they did
REPEATED = 0.9  # cosine from which two sentences say the same


@dataclass(frozen=True, slots=True)
class Quote:
    """A sentence, how near its abstract comes to the question anywhere, and how likely it is the sentence that answers.

    `score` is about 0 (nothing to do with it) to 1.7; `odds` are log-odds among the sentences of one abstract.
    """

    span: Span
    score: float
    odds: float = 0.0


def best_quotes(
    question: str, vector: np.ndarray, sentences: Sequence[Stored], rarity: Rarity, most: int, within: float = np.inf
) -> tuple[Quote, ...]:
    """At most `most` sentences whose log-odds lie `within` those of the best, none said twice, best first."""
    if not sentences:
        return ()
    cosines = np.stack([item.vector for item in sentences]).astype(np.float32) @ vector
    texts = [item.span.text for item in sentences]
    table = offers.features(question, sentences[0].span.paper.title, texts, cosines, rarity)
    nearest, odds = float(_nearness(table, texts).max()), offers.odds(table)
    order = np.argsort(-odds, kind="stable")
    kept: list[int] = []
    for place in order:
        if len(kept) == most or odds[place] < odds[order[0]] - within:
            break
        if all(_similarity(sentences[place], sentences[other]) < REPEATED for other in kept):
            kept.append(int(place))
    return tuple(Quote(sentences[place].span, nearest, float(odds[place])) for place in kept)


def _nearness(table: np.ndarray, texts: Sequence[str]) -> np.ndarray:
    """How near each sentence is to the question: (n,), about 0 to 1.7; what abstention goes by."""
    meaning, words, figure = (table[:, FEATURES.index(name)] for name in ("meaning", "words", "figure"))
    near: np.ndarray = (
        meaning + WORDS * words + FIGURE * figure + OWN_WORK * np.array([*map(speaks_of_own_work, texts)])
    )
    return near


def _similarity(one: Stored, other: Stored) -> float:
    return float(one.vector.astype(np.float32) @ other.vector.astype(np.float32))
