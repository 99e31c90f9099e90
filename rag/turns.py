"""A line before a server: so many are served at once, the others wait in the order in which they came.

It knows only who goes through it: another process's requests meet ours at the server.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from threading import Condition

Turn = Callable[[float], int]  # waits so many seconds for it at most; one's place in the line, 0 when it is there


class Turns:
    """Safe in many threads."""

    def __init__(self, at_once: int | None = None) -> None:
        """None: as many as come."""
        self._at_once, self._line, self._moved = at_once, list[object](), Condition()

    @contextmanager
    def turn(self) -> Iterator[Turn]:
        """A turn, from the first wait for it to the end of the block, however that ends; then the next has theirs."""
        me = object()
        try:
            yield partial(self._wait, me)
        finally:
            self._leave(me)

    def _wait(self, me: object, seconds: float) -> int:
        with self._moved:
            if me not in self._line:
                self._line.append(me)
            self._moved.wait_for(lambda: not self._place(me), seconds)
            return self._place(me)

    def _place(self, me: object) -> int:
        return 0 if self._at_once is None else max(0, self._line.index(me) + 1 - self._at_once)

    def _leave(self, me: object) -> None:
        with self._moved:
            if me in self._line:
                self._line.remove(me)
                self._moved.notify_all()
