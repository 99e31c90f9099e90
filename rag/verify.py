"""From what a model said to statements: each is held against the quotes it cites, or given one that says it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rag.check import LEAST, Similarity, Verdict, check
from rag.citations import Said, pieces
from rag.types import Span, Statement
from rag.words import tokens

MOST_TRIED = 3  # quotes nearest in meaning that an uncited sentence is held against
NOTHING_CITED = Verdict("unsupported", 0.0, ())


@dataclass(frozen=True, slots=True)
class Weighed:
    """A sentence and what its quotes say of it; `attributed` where the citation is ours."""

    said: Said
    verdict: Verdict
    attributed: bool = False

    def statement(self, numbers: dict[int, int], first: bool) -> Statement:
        """With citations as the answer numbers them; `numbers`, quote -> mark, grows by first use."""
        painted = pieces(self.said, numbers, first)
        cited = tuple(numbers[number] for number in self.said.cited)
        return Statement(self.said.text, cited, self.verdict.support, round(self.verdict.score, 3), painted)


def weigh(said: Said, quotes: Sequence[Span], similarity: Similarity) -> Weighed:
    """By the quotes that it cites (numbered from 1); without any, by the one that says it, if there is one.

    A few words without a citation are given none: they stand in any quote.
    """
    if said.cited:
        return Weighed(said, check(said.text, [quotes[number - 1] for number in said.cited], similarity))
    if len(tokens(said.text)) < LEAST:
        return Weighed(said, NOTHING_CITED)
    near = sorted(range(len(quotes)), key=lambda place: -similarity(said.text, quotes[place].text))[:MOST_TRIED]
    for place in near:
        verdict = check(said.text, [quotes[place]], similarity)
        if verdict.support == "supported":
            return Weighed(replace(said, marks=((len(said.text), place + 1),)), verdict, attributed=True)
    return Weighed(said, NOTHING_CITED)


def distinct(said: Sequence[Said]) -> tuple[Said, ...]:
    """Each sentence once, however often a model says it."""
    first: dict[str, Said] = {}
    for one in said:
        first.setdefault(one.text.casefold(), one)
    return tuple(first.values())
