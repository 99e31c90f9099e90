"""A chat: questions, what came of them, and what of it a follow-up builds on. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import uuid4

from rag.types import Answer, Turn


def new_key() -> str:
    """Names an exchange, or a conversation, for good."""
    return uuid4().hex[:12]


@dataclass(frozen=True, slots=True)
class Exchange:
    """A question and what came of it: no answer yet, or never, where it was stopped."""

    question: str
    answer: Answer | None = None
    key: str = field(default_factory=new_key, compare=False)


def history(chat: Sequence[Exchange]) -> tuple[Turn, ...]:
    """What was said so far, with the papers that were cited; failures and what was stopped are no part of it."""
    return tuple(turn for exchange in chat for turn in _turns(exchange))


def _turns(exchange: Exchange) -> tuple[Turn, ...]:
    answer = exchange.answer
    if answer is None or answer.status == "failed":
        return ()
    cited = dict.fromkeys(citation.span.paper.id for citation in answer.citations)
    return Turn("user", exchange.question), Turn("assistant", answer.text, tuple(cited))
