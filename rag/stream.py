"""The stream that is the text, and then the answer."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from threading import RLock

from rag.errors import ModelCut
from rag.types import Answer


class Redrawn(str):
    """A piece of a stream that takes the place of all that came before it."""

    __slots__ = ()


class Step(str):
    """What is being done, for people who wait; no part of the text."""

    __slots__ = ()


class AnswerStream:
    """Iterate it for the answer's text, piece by piece; `answer` is the whole, once the text is there.

    A piece that is `Redrawn` takes the place of all before it; while nothing comes, pieces are "" and `doing` says
    what is waited for. The work is done once: a second reader is given the same pieces, also while the first is still
    reading; whoever comes when all is done is given the text that stands. Closing it ends the work, and a model's
    request with it.
    """

    def __init__(self, work: Generator[str | Answer, None, None]) -> None:
        self._work, self._pieces, self._lock = work, list[str](), RLock()
        self._answer: Answer | None = None
        self._error: BaseException | None = None
        self._given_up = False
        self.doing = ""

    def __iter__(self) -> Iterator[str]:
        place = self._begin()
        while True:
            with self._lock:
                if place == len(self._pieces) and self._answer is None:
                    self._step()
                piece = self._pieces[place] if place < len(self._pieces) else ""
                if not piece and self._answer:
                    return
                place += bool(piece)
            yield piece

    def _begin(self) -> int:
        """Of the pieces, the first that still stands."""
        with self._lock:
            redrawn = [place for place, piece in enumerate(self._pieces) if isinstance(piece, Redrawn)]
            return redrawn[-1] if redrawn else 0

    @property
    def answer(self) -> Answer:
        """The finished answer. Raises what `Pipeline.ask` says."""
        for _ in self:
            pass
        assert self._answer is not None  # noqa: S101 - the work always ends with it, or raises
        return self._answer

    def close(self) -> None:
        """Nobody wants the rest; whoever still reads it is told, by ModelCut."""
        self._given_up = True  # first: a lock is not fair, and a reader who waits step by step would keep it
        with self._lock:
            self._work.close()
            self._end()

    def _end(self) -> None:
        self._error = self._error or ModelCut("The question was given up. Ask it again.")

    def _step(self) -> None:
        if self._given_up:
            self._end()
        if self._error:
            raise self._error
        try:
            piece = next(self._work)
        except BaseException as error:
            self._error = error  # for the second reader too
            raise
        if isinstance(piece, Answer):
            self._answer = piece
        elif isinstance(piece, Step):
            self.doing = str(piece)
        elif piece:
            self._pieces.append(piece)


def paintings(stream: AnswerStream) -> Iterator[str]:
    """The whole text so far, each time there is more to see, or time to look up."""
    painted = ""
    for piece in stream:
        painted = str(piece) if isinstance(piece, Redrawn) else painted + piece
        yield painted
