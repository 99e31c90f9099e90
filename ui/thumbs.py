"""A thumb up or down under an answer, with a word of why, kept in the library's folder for the evaluation."""

from __future__ import annotations

from collections.abc import Sequence

from eval.feedback import FILE, Rating, Thumb, append, now
from eval.results import result_of
from rag.config import load_settings
from rag.follow_up import TURNS
from rag.forms import answer_json
from ui.chat import Exchange, history

LONGEST_WHY = 500  # characters


def rate(exchange: Exchange, before: Sequence[Exchange], rating: Rating | None, why: str) -> None:
    """Keeps what the reader made of an answer. Raises LibraryError."""
    assert exchange.answer  # noqa: S101 - there are no thumbs under what was stopped
    thumb = Thumb(
        id=exchange.key,
        time=now(),
        rating=rating,
        why=why[:LONGEST_WHY],
        question=exchange.question,
        history=history(before)[-TURNS:],
        answer=result_of(answer_json(exchange.answer, exchange.key), repeat=1),
    )
    append(load_settings().library / FILE, thumb.line)
