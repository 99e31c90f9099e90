"""The sentences that answer, as spans: chosen by meaning and words together within given papers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rag import offers
from rag.library import Stored
from rag.offers import Rarity
from rag.question import asks_for_figure, holds_figure, speaks_of_own_work
from rag.types import Paper, Span
from rag.words import tokens

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
    meaning = np.stack([item.vector for item in sentences]).astype(np.float32) @ vector
    scores = _scores(question, meaning, sentences, rarity)
    texts = [item.span.text for item in sentences]
    odds = offers.scores(question, sentences[0].span.paper.title, texts, meaning, rarity)
    order = np.argsort(-odds, kind="stable")
    kept: list[int] = []
    for place in order:
        if len(kept) == most or odds[place] < odds[order[0]] - within:
            break
        if all(_similarity(sentences[place], sentences[other]) < REPEATED for other in kept):
            kept.append(int(place))
    return tuple(Quote(sentences[place].span, float(scores.max()), float(odds[place])) for place in kept)


def _scores(question: str, meaning: np.ndarray, sentences: Sequence[Stored], rarity: Rarity) -> np.ndarray:
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
