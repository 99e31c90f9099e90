"""What a question is about, by the field's own topics: which of them the papers found don't touch. Pure."""

from __future__ import annotations

from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

from rag.words import tokens

TOPICS = Path(__file__).with_name("topics-of-the-field.txt")


def untouched(question: str, body: str) -> tuple[str, ...]:
    """Topics that the question names and the papers' text doesn't, each by its first name."""
    held = _spaced(body)
    return tuple(topic.name for topic in _named(question) if not _any_in(topic.asks + topic.tells, held))


class Topic(NamedTuple):
    """Words that ask for it, and that tell a paper of it beside them, as they stand among the words of a text."""

    name: str
    asks: tuple[str, ...]
    tells: tuple[str, ...]


@lru_cache(maxsize=64)  # a question is held against many papers
def _named(question: str) -> tuple[Topic, ...]:
    asked = _spaced(question)
    return tuple(topic for topic in _topics() if _any_in(topic.asks, asked))


@cache
def _topics() -> tuple[Topic, ...]:
    lines = TOPICS.read_text(encoding="utf-8").splitlines()
    return tuple(_topic(*line.partition(";")[::2]) for line in lines if line and not line.startswith("#"))


def _topic(asks: str, tells: str) -> Topic:
    return Topic(asks.split(",")[0], *(tuple(map(_spaced, filter(None, row.split(",")))) for row in (asks, tells)))


def _spaced(text: str) -> str:
    return f" {' '.join(tokens(text))} "


def _any_in(keys: tuple[str, ...], text: str) -> bool:
    return any(key in text for key in keys)
