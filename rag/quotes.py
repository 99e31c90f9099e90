"""The sentences that answer, as spans: chosen by meaning and words together within given papers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from rag.library import Stored
from rag.question import asks_for_figure, holds_figure, speaks_of_own_work
from rag.types import Paper, Span
from rag.words import tokens

WORDS = 0.5  # what sharing all of the question's words is worth, where equal meaning (cosine) is worth 1
FIGURE = 0.1  # what holding a number is worth when a number is asked for
OWN_WORK = 0.1  # what it is worth that the authors speak of what they did
REPEATED = 0.9  # cosine from which two sentences say the same

Rarity = Callable[[str], float]


@dataclass(frozen=True, slots=True)
class Quote:
    """A sentence and how well it answers: about 0 (nothing to do with the question) to 1.7."""

    span: Span
    score: float


def best_quotes(
    question: str, vector: np.ndarray, sentences: Sequence[Stored], rarity: Rarity, most: int, least: float = 0.0
) -> tuple[Quote, ...]:
    """At most `most` sentences scoring at least `least` of the best's score, none twice, best first."""
    if not sentences:
        return ()
    scores = _scores(question, vector, sentences, rarity)
    order = np.argsort(-scores, kind="stable")
    kept: list[int] = []
    for place in order:
        if len(kept) == most or scores[place] < least * scores[order[0]]:
            break
        if all(_similarity(sentences[place], sentences[other]) < REPEATED for other in kept):
            kept.append(int(place))
    return tuple(Quote(sentences[place].span, float(scores[place])) for place in kept)


def _scores(question: str, vector: np.ndarray, sentences: Sequence[Stored], rarity: Rarity) -> np.ndarray:
    meaning = np.stack([item.vector for item in sentences]).astype(np.float32) @ vector
    figure = FIGURE * asks_for_figure(question)
    offers = [
        WORDS * _covered(question, item.span, rarity)
        + figure * holds_figure(item.span.text)
        + OWN_WORK * speaks_of_own_work(item.span.text)
        for item in sentences
    ]
    scores: np.ndarray = meaning + np.array(offers)
    return scores


def _covered(question: str, span: Span, rarity: Rarity) -> float:
    """The share of the question's words, weighted by rarity, that the sentence holds (0..1).

    The words of the paper's title don't count, unless there are no others: every sentence there is about them.
    """
    asked = _beyond_title(question, span.paper)
    held = asked & set(tokens(span.text))
    total = sum(map(rarity, asked))
    return sum(map(rarity, held)) / total if total else 0.0


def _beyond_title(question: str, paper: Paper) -> set[str]:
    asked = set(tokens(question))
    return asked - set(tokens(paper.title)) or asked


def _similarity(one: Stored, other: Stored) -> float:
    return float(one.vector.astype(np.float32) @ other.vector.astype(np.float32))
