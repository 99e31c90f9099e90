"""Questions kept from the chat: a question file in the library's folder, one's own to edit too."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path

from filelock import FileLock

from eval.feedback import Thumb, append, as_line
from eval.questions import Question, read_questions
from rag.schema import explained, gone

FILE = "questions.jsonl"  # in the library's folder
TAG = "feedback"


def question_of(thumb: Thumb, papers: Sequence[str]) -> Question:
    """What was asked, with the papers (ids) that a right answer cites; without any, a right answer abstains."""
    return Question(
        id=kept_as(thumb),
        text=thumb.question,
        history=thumb.history,
        papers=tuple((paper,) for paper in papers),
        answerable=bool(papers),
        tags=(TAG,),
    )


def kept_as(thumb: Thumb) -> str:
    """The id that its question has or would have."""
    return f"{TAG}-{thumb.id}"


def kept(file: Path) -> tuple[Question, ...]:
    """The questions in it; none where there is no file. Raises CallerMistake, naming the line that can't be read."""
    return read_questions(file) if file.exists() else ()


def keep(file: Path, question: Question) -> None:
    """Adds it, unless it is there. Raises CallerMistake or LibraryError."""
    form = {name: value for name, value in question.as_json().items() if value or value is False}
    with explained(file.parent), _alone(file):
        if question.id not in {one.id for one in kept(file)}:
            append(file, as_line(form))


def take_back(file: Path, key: str) -> None:
    """Takes a question out; every other line stays as it is, to the byte. Raises LibraryError."""
    with explained(file.parent), _alone(file):
        rest = [line for line in file.read_bytes().splitlines(keepends=True) if not _is(line, key)]
        fresh = file.with_suffix(".new")
        fresh.write_bytes(b"".join(rest))
        os.replace(fresh, file)


def _is(line: bytes, key: str) -> bool:
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        return False
    return isinstance(entry, dict) and entry.get("id") == key


def _alone(file: Path) -> FileLock:
    """For the moment that it takes: a line added meanwhile would be lost. Not the lock of the library's writer."""
    if not file.parent.is_dir():  # the lock would make it anew
        raise gone(file.parent)
    return FileLock(file.with_suffix(".lock"), timeout=5)
