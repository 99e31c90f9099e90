"""A chat: questions, what came of them, and what of it a follow-up builds on. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import uuid4

from rag.types import Answer, Turn


@dataclass(frozen=True, slots=True)
class Exchange:
    """A question and what came of it."""

    question: str
    answer: Answer
    key: str = field(default_factory=lambda: uuid4().hex[:12], compare=False)


def history(chat: Sequence[Exchange]) -> tuple[Turn, ...]:
    """What was said so far, with the papers that were cited; failures are no part of it."""
    return tuple(turn for exchange in chat if exchange.answer.status != "failed" for turn in _turns(exchange))


def _turns(exchange: Exchange) -> tuple[Turn, Turn]:
    cited = dict.fromkeys(citation.span.paper.id for citation in exchange.answer.citations)
    return Turn("user", exchange.question), Turn("assistant", exchange.answer.text, tuple(cited))
