"""A chat: questions, what came of them, and what of it a follow-up builds on. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import uuid4

from rag.types import EVERYTHING, Answer, Scope, Turn


def new_key() -> str:
    """Names an exchange, or a conversation, for good."""
    return uuid4().hex[:12]


@dataclass(frozen=True, slots=True)
class Exchange:
    """A question, what came of it (no answer yet, or never, where it was stopped), and which papers were asked."""

    question: str
    answer: Answer | None = None
    key: str = field(default_factory=new_key, compare=False)
    scope: Scope = EVERYTHING


def whom(scope: Scope, titles: Mapping[str, str]) -> str:
    """The papers asked, in words; "" for all of them."""
    papers = [titles.get(paper, paper) for paper in scope.papers]
    chosen = papers if len(papers) == 1 else [f"{len(papers):,} chosen papers"] if papers else []
    return " · ".join([*chosen, *_years(scope.years), *_some(scope.venues), *_some(scope.authors)])


def _years(years: Sequence[int]) -> list[str]:
    return [f"{years[0]}" if len(years) == 1 else f"{years[0]} to {years[-1]}"] if years else []


def _some(names: Sequence[str]) -> list[str]:
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return [f"{names[0]}{more}"] if names else []


def history(chat: Sequence[Exchange]) -> tuple[Turn, ...]:
    """What was said so far, with the papers that were cited; failures and what was stopped are no part of it."""
    return tuple(turn for exchange in chat for turn in _turns(exchange))


def _turns(exchange: Exchange) -> tuple[Turn, ...]:
    answer = exchange.answer
    if answer is None or answer.status == "failed":
        return ()
    cited = dict.fromkeys(citation.span.paper.id for citation in answer.citations)
    return Turn("user", exchange.question), Turn("assistant", answer.text, tuple(cited))
