"""The sentences that answer, as spans: chosen by meaning and words together within given papers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rag import offers
from rag.attributes import asked
from rag.library import Stored
from rag.lists import speaks_of, wanted
from rag.names import introduces
from rag.offers import Near
from rag.question import bare_name, proposes
from rag.types import Span

ATTRIBUTE = 1.5  # log-odds
INTRODUCES = 3.0
PROPOSES = 1.5
SPEAKS = 1.5
REPEATED = 0.9  # cosine from which two sentences say the same


@dataclass(frozen=True, slots=True)
class Quote:
    """A sentence, and how likely it is the one that answers: log-odds among the sentences of its abstract."""

    span: Span
    odds: float = 0.0


def best_quotes(
    question: str, near: Near, sentences: Sequence[Stored], most: int, within: float = np.inf
) -> tuple[Quote, ...]:
    """At most `most` sentences whose log-odds lie `within` those of the best, none said twice, best first."""
    if not sentences:
        return ()
    vectors = np.stack([item.vector for item in sentences]).astype(np.float32)
    texts = [item.span.text for item in sentences]
    table = offers.features(question, sentences[0].span.paper.title, texts, vectors, near)
    odds = offers.odds(table) + _gives(question, texts)
    order = np.argsort(-odds, kind="stable")
    kept: list[int] = []
    for place in order:
        if len(kept) == most or odds[place] < odds[order[0]] - within:
            break
        if all(_similarity(sentences[place], sentences[other]) < REPEATED for other in kept):
            kept.append(int(place))
    return tuple(Quote(sentences[place].span, float(odds[place])) for place in kept)


def _gives(question: str, texts: Sequence[str]) -> np.ndarray:
    """What a sentence is worth, in log-odds, beyond its features: (n,).

    For an attribute that is asked for, for introducing a name; in a list, for what the paper does, and for its topic.
    """
    attributes, name, want = asked(question), bare_name(question), wanted(question)
    return np.array(
        [
            ATTRIBUTE * any(attribute.offers.search(text) for attribute in attributes)
            + INTRODUCES * bool(name and introduces(text, name))
            + PROPOSES * (want.several and proposes(text))
            + SPEAKS * bool(want.topic and speaks_of(text, want.topic))
            for text in texts
        ]
    )


def _similarity(one: Stored, other: Stored) -> float:
    return float(one.vector.astype(np.float32) @ other.vector.astype(np.float32))
