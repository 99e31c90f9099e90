"""Thumbs up and down from the chat: a file that only grows, and never waits for the library's writer."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ValidationError

from eval.results import Result, lines_of
from rag.forms import turns
from rag.schema import explained
from rag.types import Turn

FILE = "feedback.jsonl"  # in the library's folder
Rating = Literal["up", "down"]


@dataclass(frozen=True, slots=True)
class Thumb:
    """What a reader made of an answer; the newest line of an `id` stands, and one without a rating takes it back."""

    id: str
    time: str  # ISO 8601, UTC
    rating: Rating | None
    why: str
    question: str
    history: tuple[Turn, ...]
    answer: Result

    @property
    def line(self) -> bytes:
        """As it stands in the file."""
        answer = self.answer.model_dump(mode="json", exclude={"repeat"})
        form = {name: getattr(self, name) for name in ("id", "time", "rating", "why", "question")}
        return as_line(form | {"history": list(map(asdict, self.history)), "answer": answer})


def as_line(form: dict[str, Any]) -> bytes:
    """An object as a line; what UTF-8 can't hold (lone surrogates) is replaced."""
    return json.dumps(form, ensure_ascii=False).encode("utf-8", "replace") + b"\n"


def now() -> str:
    """The time as thumbs bear it."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def append(file: Path, line: bytes) -> None:
    """Adds a line by one write, also after one that was cut short. Raises LibraryError."""
    with explained(file.parent):
        handle = os.open(file, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o666)
        try:
            whole = _mended(handle) + line
            if os.write(handle, whole) < len(whole):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        finally:
            os.close(handle)


def _mended(handle: int) -> bytes:
    """The line break that is missing at the end of a file."""
    size = os.lseek(handle, 0, os.SEEK_END)
    if not size:
        return b""
    os.lseek(handle, size - 1, os.SEEK_SET)
    return b"" if os.read(handle, 1) == b"\n" else b"\n"


class _Line(BaseModel):
    id: str
    time: str
    rating: Rating | None
    why: str
    question: str
    history: list[Any]
    answer: Result


def read_thumbs(file: Path) -> tuple[list[Thumb], int]:
    """Those that stand, the newest first, and how many lines can't be read. Raises CallerMistake."""
    found: dict[str, Thumb] = {}
    unreadable = 0
    for line in lines_of(file):
        try:
            thumb = _thumb(_Line.model_validate_json(line))
        except (ValidationError, ValueError):
            unreadable += 1
            continue
        found.pop(thumb.id, None)
        found[thumb.id] = thumb
    return list(_standing(found.values()))[::-1], unreadable


def _standing(thumbs: Iterable[Thumb]) -> Iterator[Thumb]:
    return (thumb for thumb in thumbs if thumb.rating)


def _thumb(line: _Line) -> Thumb:
    return Thumb(line.id, line.time, line.rating, line.why, line.question, turns(line.history), line.answer)
