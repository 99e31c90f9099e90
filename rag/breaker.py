"""Leaves a server alone for a while after it failed several times in a row."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock

from rag.errors import ModelError, ModelTimeout, ModelUnreachable

FAILURES = 3  # exchanges in a row
PAUSE = 30.0  # seconds
LAST = "The last time: "  # what stood in the way then follows


class Breaker:
    """Counts exchanges that were unreachable or timed out; any other outcome shows that the server answers."""

    def __init__(self, name: str, clock: Callable[[], float]) -> None:
        self._name, self._clock, self._lock = name, clock, Lock()
        self._failures, self._opens, self._last = 0, 0.0, ""

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Around one exchange. Raises ModelUnreachable at once while the server is left alone."""
        with self._lock:
            self._check()
            self._opens = self._clock() + PAUSE  # one may try; the others wait for what it finds
        try:
            yield
        except (ModelUnreachable, ModelTimeout) as error:
            self._failed(str(error))
            raise
        except ModelError:
            self._answered()
            raise
        except BaseException:
            self._given_up()
            raise
        self._answered()

    def check(self) -> None:
        """Raises ModelUnreachable while the server is left alone."""
        with self._lock:
            self._check()

    def _check(self) -> None:
        left = self._opens - self._clock()
        if self._failures >= FAILURES and left > 0:
            raise ModelUnreachable(
                f"{self._name} failed {self._failures} times in a row and is not asked again for {left:.0f} s. "
                f"{LAST}{self._last}"
            )

    def _failed(self, why: str) -> None:
        with self._lock:
            self._failures += 1
            self._opens, self._last = self._clock() + PAUSE, why

    def _answered(self) -> None:
        with self._lock:
            self._failures = 0

    def _given_up(self) -> None:
        """Its reader left before anything was known: the next one may try."""
        with self._lock:
            self._opens = self._clock()
