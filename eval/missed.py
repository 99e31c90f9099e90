"""What a right answer has and this one hasn't, and which of its quotes are gold: for whoever looks at one question."""

from __future__ import annotations

from dataclasses import dataclass

from eval.answers import has_fact, plain_text
from eval.citations import holds, joined, verbatim
from eval.metrics import Case
from eval.questions import Groups
from eval.ranking import same
from eval.results import Cited


@dataclass(frozen=True, slots=True)
class Missed:
    """Groups of which no alternative was found, numbers that resolve to nothing, forbidden strings that were said."""

    papers: Groups
    evidence: Groups
    facts: Groups
    invented: tuple[int, ...]
    forbidden: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.papers or self.evidence or self.facts or self.invented or self.forbidden)


def missed(case: Case) -> Missed:
    """Of an answered or abstained question."""
    plain, texts = plain_text(case.result.text), joined(case.result.citations, case.abstracts)
    question = case.question
    return Missed(
        papers=tuple(group for group in question.papers if not any(same(names, group) for names in case.cited)),
        evidence=tuple(g for g in question.evidence if not any(holds(text, one) for text in texts for one in g)),
        facts=tuple(group for group in question.facts if not any(has_fact(plain, fact) for fact in group)),
        invented=tuple(sorted({*case.used} - case.numbers)),
        forbidden=tuple(word for word in question.forbidden if word.casefold() in case.result.text.casefold()),
    )


@dataclass(frozen=True, slots=True)
class Judged:
    """A quote, whether its paper and its words are gold, and whether it stands where it says (None: not looked up)."""

    citation: Cited
    gold_paper: bool
    gold_words: bool
    verbatim: bool | None


def judged(case: Case) -> list[Judged]:
    """Every quote of the answer."""
    return [_judged(citation, case) for citation in case.result.citations]


def _judged(citation: Cited, case: Case) -> Judged:
    names = {citation.paper.id, citation.paper.title}
    return Judged(
        citation,
        any(same(names, group) for group in case.question.papers),
        any(holds(citation.quote, sentence) for group in case.question.evidence for sentence in group),
        verbatim(citation, case.abstracts) if case.abstracts else None,
    )
