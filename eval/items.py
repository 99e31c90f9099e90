"""A question and its answer as pages show them: what is right about it, what is not, and what was missed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from eval.answers import fact_pattern
from eval.judge import Grade
from eval.metrics import Case, scores
from eval.missed import Judged, Missed, judged, missed
from eval.questions import Question
from eval.results import Result

Painted = tuple[str | None, str]  # what a stretch of the answer is (fact, good, fair, bad), and its words


@dataclass(frozen=True)
class Quote:
    """A citation as the page shows it."""

    judged: Judged
    in_text: bool

    @property
    def citation(self) -> Any:
        """As the answer has it."""
        return self.judged.citation

    @property
    def shade(self) -> str:
        """good, fair or bad."""
        if self.judged.verbatim is False:
            return "bad"
        return "good" if self.judged.gold_words else "fair" if self.judged.gold_paper else "bad"

    @property
    def verdict(self) -> str:
        """What the shade means."""
        if self.judged.verbatim is False:
            return "does not stand where it says"
        return {"good": "a gold sentence", "fair": "a gold paper, another sentence", "bad": "not a gold paper"}[
            self.shade
        ]


@dataclass(frozen=True)
class Item:
    """A question and an answer to it, as the page shows them, with a judge's grades where there are any."""

    case: Case
    grades: tuple[Grade, ...] = ()

    @property
    def question(self) -> Question:
        """As it was asked."""
        return self.case.question

    @property
    def result(self) -> Result:
        """What came of it."""
        return self.case.result

    @property
    def anchor(self) -> str:
        """Its address in the page."""
        return f"q-{self.question.id}" + (f"-{self.result.repeat}" if self.result.repeat > 1 else "")

    @property
    def verdict(self) -> str:
        """right, wrong, abstained (though there is an answer) or failed."""
        if self.result.status == "failed" or self.case.right:
            return "failed" if self.result.status == "failed" else "right"
        return "abstained" if self.result.status == "abstained" else "wrong"

    @property
    def shade(self) -> str:
        """good, fair or bad."""
        return {"right": "good", "abstained": "fair"}.get(self.verdict, "bad")

    @property
    def gold(self) -> set[str]:
        """Names of its gold papers."""
        return {name for group in self.question.papers for name in group}

    @cached_property
    def quotes(self) -> list[Quote]:
        """In the order of their numbers."""
        return [Quote(one, one.citation.quote in self.result.text) for one in judged(self.case)]

    @property
    def missed(self) -> Missed | None:
        """None of a failed answer, and of an abstention that is right."""
        return None if self.result.status == "failed" else missed(self.case)

    @property
    def scores(self) -> dict[str, float]:
        """By metric."""
        return scores(self.case)

    @property
    def painted(self) -> list[Painted]:
        """The answer's text, cut at citation marks and at the facts that were found."""
        facts = [fact_pattern(fact).pattern for group in self.question.facts for fact in group]
        cuts = re.compile("|".join([r"(?P<mark>\[\d+\])", *facts]), re.IGNORECASE)
        return list(_painted(self.result.text, cuts, {f"[{q.citation.number}]": q.shade for q in self.quotes}))


def _painted(text: str, cuts: re.Pattern[str], shades: Mapping[str, str]) -> Iterator[Painted]:
    place = 0
    for found in cuts.finditer(text):
        yield None, text[place : found.start()]
        yield (shades.get(found.group(), "bad") if found["mark"] else "fact"), found.group()
        place = found.end()
    yield None, text[place:]
