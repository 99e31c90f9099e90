"""Question files: one JSON object a line, read into frozen values."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rag.errors import CallerMistake
from rag.forms import turns
from rag.types import Query, Turn

DEV = Path(__file__).parent / "questions" / "dev.jsonl"
Groups = tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Question:
    """A right answer holds at least one alternative of every group of `papers`, `evidence` and `facts`."""

    id: str
    text: str
    history: tuple[Turn, ...] = ()
    papers: Groups = ()
    evidence: Groups = ()
    facts: Groups = ()
    answerable: bool = True
    split: str | None = None
    tags: tuple[str, ...] = ()

    @property
    def query(self) -> Query:
        """As it is asked."""
        return Query(self.text, self.history)


def read_questions(file: Path) -> tuple[Question, ...]:
    """All questions of a file. Raises CallerMistake, naming the line."""
    try:
        with file.open(encoding="utf-8") as lines:
            return tuple(_numbered(lines, file))
    except OSError as error:
        raise CallerMistake(f"{file} can't be read: {error.strerror}.") from None


def _numbered(lines: Iterator[str], file: Path) -> Iterator[Question]:
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                yield _question(json.loads(line))
            except (ValueError, KeyError, TypeError) as error:
                raise CallerMistake(f"{file}, line {number}: {type(error).__name__} {error}.") from None


def _question(entry: dict[str, Any]) -> Question:
    return Question(
        id=str(entry["id"]),
        text=str(entry["question"]),
        history=turns(entry.get("history") or []),
        papers=_groups(entry, "papers"),
        evidence=_groups(entry, "evidence"),
        facts=_groups(entry, "facts"),
        answerable=bool(entry.get("answerable", True)),
        split=entry.get("split"),
        tags=tuple(entry.get("tags") or ()),
    )


def _groups(entry: dict[str, Any], name: str) -> Groups:
    """A plain string stands for a group of one."""
    return tuple((group,) if isinstance(group, str) else tuple(group) for group in entry.get(name) or [])
