"""Answers as they lie on disk, one a line: written as they come, read without trusting a line of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from rag.errors import CallerMistake

FILE = "results.jsonl"


class _Form(BaseModel):
    model_config = ConfigDict(frozen=True, extra="allow", allow_inf_nan=False)


class Source(_Form):
    """The paper that a citation names."""

    id: str
    title: str
    url: str | None = None
    year: int | None = None


class Cited(_Form):
    """A numbered quote, as the answer gives it: whether it is one is for the metrics to say."""

    number: int
    paper: Source
    quote: str
    start: int
    end: int


class Said(_Form):
    """A statement of the answer."""

    text: str
    citations: tuple[int, ...]
    support: Literal["supported", "partial", "unsupported"]
    score: float


class Near(_Form):
    """A retrieved passage."""

    paper_id: str
    title: str
    score: float
    text: str


class Result(_Form):
    """The answer to one question, at one of its repeats (counted from 1)."""

    id: str
    repeat: int = 1
    question: str
    standalone_question: str
    status: Literal["answered", "abstained", "failed"]
    reason: str | None = None
    fallback: str | None = None
    text: str
    confidence: float = 0.0
    statements: tuple[Said, ...] = ()
    citations: tuple[Cited, ...] = ()
    passages: tuple[Near, ...] = ()
    model: str
    usage: dict[str, int] = {}
    timings: dict[str, float] = {}

    @property
    def key(self) -> tuple[str, int]:
        """What it is the answer to."""
        return self.id, self.repeat

    @property
    def lacks_its_model(self) -> bool:
        """Whether asking again may do better: it failed, or another wrote it than was to."""
        return self.status == "failed" or self.fallback is not None


def read_results(folder: Path) -> tuple[dict[tuple[str, int], Result], int]:
    """The last result of every question and repeat, and how many lines can't be read. Raises CallerMistake."""
    found: dict[tuple[str, int], Result] = {}
    unreadable = 0
    for line in lines_of(folder / FILE):
        try:
            result = Result.model_validate_json(line)
            found[result.key] = result
        except ValidationError:
            unreadable += 1
    return found, unreadable


def lines_of(file: Path) -> Iterator[bytes]:
    """Those that hold something; none where there is no file. Raises CallerMistake."""
    try:
        with file.open("rb") as lines:
            yield from (line for line in lines if line.strip())
    except FileNotFoundError:
        return
    except OSError as error:
        raise CallerMistake(f"{file} can't be read: {error.strerror}.") from None


def rewrite(folder: Path, results: Iterable[Result]) -> None:
    """Leaves these results alone in the file, at once or not at all."""
    fresh = folder / f"{FILE}.new"
    fresh.write_text("".join(map(line_of, results)), encoding="utf-8")
    fresh.replace(folder / FILE)


def line_of(result: Result) -> str:
    """As it stands in the file."""
    return json.dumps(result.model_dump(mode="json"), ensure_ascii=False) + "\n"


def result_of(answer: dict[str, Any], repeat: int) -> Result:
    """From an Answer object. Raises ValidationError where it has not the form that INTERFACE promises."""
    return Result.model_validate({**answer, "repeat": repeat})
