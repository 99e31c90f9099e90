"""The one way in: a query to a streamed, cited answer."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sequence
from threading import RLock

from rag.config import Settings
from rag.encoder import BundledEncoder
from rag.errors import AskpapersError, QuestionRefused
from rag.evidence import gather
from rag.extract import joined, statements
from rag.follow_up import standalone
from rag.library import Library
from rag.retrieve import HybridRetriever
from rag.types import Answer, Query, Statement

LONGEST = 4000  # characters of a question
PAPERS_DONT_SAY = "The papers don't say."
_UNREADABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]+")


class AnswerStream:
    """Iterate it for the answer's text, piece by piece; `answer` is the whole, once the text is there.

    The work is done once: a second reader is given the same pieces, also while the first is still reading.
    """

    def __init__(self, work: Iterator[str | Answer]) -> None:
        self._work, self._pieces, self._lock = work, list[str](), RLock()
        self._answer: Answer | None = None
        self._error: BaseException | None = None

    def __iter__(self) -> Iterator[str]:
        place = 0
        while self._reaches(place):
            yield self._pieces[place]
            place += 1

    @property
    def answer(self) -> Answer:
        """The finished answer. Raises what `Pipeline.ask` says."""
        for _ in self:
            pass
        assert self._answer is not None  # noqa: S101 - the work always ends with it, or raises
        return self._answer

    def _reaches(self, place: int) -> bool:
        """Works on until there is a piece at that place; False when the work is done."""
        with self._lock:
            while len(self._pieces) <= place and self._answer is None:
                self._step()
            return len(self._pieces) > place

    def _step(self) -> None:
        if self._error:
            raise self._error
        try:
            piece = next(self._work)
        except BaseException as error:
            self._error = error  # for the second reader too
            raise
        if isinstance(piece, Answer):
            self._answer = piece
        else:
            self._pieces.append(piece)


class Pipeline:
    """Safe in many threads; sees every change to the library at the next question."""

    def __init__(self, library: Library, encoder: BundledEncoder, settings: Settings) -> None:
        self.library, self.settings = library, settings
        self.retriever = HybridRetriever(library, encoder, settings)

    def ask(self, query: Query) -> AnswerStream:
        """Starts answering. Reading the stream raises QuestionRefused or LibraryError."""
        return AnswerStream(self._work(query))

    def _work(self, query: Query) -> Iterator[str | Answer]:
        clock = Clock()
        asked = readable(query.text)
        alone = standalone(asked, query.history, self.library.paper)
        evidence = gather(self.retriever, self.settings, alone, query.scope)
        clock.mark("retrieval_ms")
        written = tuple(statements(evidence.quotes))
        pieces = _pieces([statement for statement, _ in written])
        for piece in pieces:
            clock.mark("first_token_ms")
            yield piece
        yield Answer(
            question=asked,
            standalone_question=alone.text,
            status="abstained" if evidence.missing else "answered",
            text="".join(pieces),
            reason=evidence.missing,
            statements=tuple(statement for statement, _ in written),
            citations=tuple(citation for _, citation in written),
            passages=evidence.passages,
            timings=clock.read(),
        )


def _pieces(written: Sequence[Statement]) -> list[str]:
    """What is painted, a statement at a time."""
    return [joined(statement, place == 0) for place, statement in enumerate(written)] or [PAPERS_DONT_SAY]


class Clock:
    """Milliseconds since it was made, by stage; the first mark of a stage counts."""

    def __init__(self) -> None:
        self._start = time.perf_counter()
        self._marks: dict[str, float] = {}

    def mark(self, stage: str) -> None:
        """Notes that a stage is reached."""
        self._marks.setdefault(stage, round((time.perf_counter() - self._start) * 1000, 2))

    def read(self) -> dict[str, float]:
        """All marks, with `total_ms` as of now."""
        self.mark("total_ms")
        return dict(self._marks)


def readable(question: str) -> str:
    """The question without control characters. Raises QuestionRefused when it is blank or too long."""
    text = _UNREADABLE.sub(" ", question).strip()
    if not text:
        raise QuestionRefused('The question is empty. Ask something like: askpapers ask "What is MetaCLIP?"')
    if len(text) > LONGEST:
        raise QuestionRefused(f"The question has {len(text):,} characters; at most {LONGEST:,} are read. Shorten it.")
    return text


def settled(query: Query, ask: Callable[[], Answer]) -> Answer:
    """The answer, or what went wrong as a `failed` one that says what to do."""
    try:
        return ask()
    except AskpapersError as error:
        return Answer(query.text, query.text, "failed", "", reason=str(error))
