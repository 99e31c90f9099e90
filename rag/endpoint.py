"""One HTTP way to any model: deadlines, retries, a breaker, a line, and an end as soon as nobody reads any more.

It knows no vendor and no client library: these are the `work` that it is handed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from queue import Empty, Queue
from threading import Thread
from typing import TypeVar

import httpx
from pydantic import SecretStr

from rag.address import checked_url
from rag.breaker import Breaker
from rag.errors import ModelError, ModelGarbled, ModelTimeout
from rag.peer import Peer, chain, checked_key
from rag.transport import Line, Timeouts, Transport
from rag.turns import Turn, Turns

__all__ = ["Endpoint", "Timeouts"]

T = TypeVar("T")

BEAT = 0.2  # seconds after which a reader is let go, to paint or to stop
NAME = 80  # characters of a model's name that are shown
AHEAD = 256  # items that are fetched before they are read
PATIENT = Timeouts()


class Endpoint:
    """Safe in many threads; each exchange has a connection and a thread of its own."""

    def __init__(
        self,
        base_url: str,
        key: SecretStr | None = None,
        setting: str = "ASKPAPERS_LLM_API_KEY",
        timeouts: Timeouts = PATIENT,
        clock: Callable[[], float] = time.monotonic,
        at_once: int | None = None,
    ) -> None:
        """`setting` holds the key and is named when that is refused; `clock` is the breaker's. Raises BadSetting.

        `at_once`: how many have their turn at a time; None: all.
        """
        self.base_url, self.timeouts = checked_url(base_url, "base_url"), timeouts
        self._peer = Peer(httpx.URL(self.base_url), checked_key(key, setting), setting)
        self._breaker = Breaker(self._peer.name, clock)
        self.turns, self._heard_at = Turns(at_once), 0.0

    def redacted(self, text: str) -> str:
        """What came from there, without the key."""
        return self._peer.redacted(text)

    def names(self, listed: Sequence[str]) -> tuple[str, ...]:
        """What a server calls its models, to be shown: each on one line, cut, without the key."""
        lines = map(self._peer.line, listed)
        return tuple(line if len(line) <= NAME else f"{line[:NAME]}…" for line in lines)

    @contextmanager
    def client(self) -> Iterator[httpx.Client]:
        """For one exchange on the caller's own thread, which nothing but its timeouts ends. Raises ModelError."""
        with self._client(Line()) as http:
            yield http

    @contextmanager
    def _client(self, line: Line) -> Iterator[httpx.Client]:
        transport = Transport(self._peer, self.timeouts, line)
        with line, httpx.Client(transport=transport, base_url=self.base_url, trust_env=False) as http:
            yield http

    def places(self, turn: Turn, since: float) -> Iterator[int]:
        """Waits for it, `since` now: the place in the line, every 0.2 s until there is none before us.

        It may take long, as long as the server speaks to those before us. Raises ModelTimeout where it has said nothing
        to anyone for as long as it may take to a first token, ModelUnreachable once it is left alone.
        """
        while place := turn(BEAT):
            self._breaker.check()
            if self.patience(since) <= 0:
                raise ModelTimeout(
                    f"{self._peer.name} serves others first, and sent nothing to anyone for {self.timeouts.first:g} s. "
                    "Ask again later, or look at the server's log."
                )
            yield place

    def patience(self, since: float) -> float:
        """Seconds for a first token that are left to who has waited in line since then: silence to all counts."""
        return self.timeouts.first - (time.monotonic() - max(since, self._heard_at))

    def within(self, seconds: float) -> Endpoint:
        """The same server, for what takes it a moment: not waited for any longer."""
        first, between = (min(seconds, usual) for usual in (self.timeouts.first, self.timeouts.between))
        hasty = replace(self.timeouts, first=first, between=between)
        return Endpoint(self.base_url, self._peer.key, self._peer.setting, hasty)

    def stream(
        self, work: Callable[[httpx.Client], Iterable[T]], awaited: str = "first token", patience: float | None = None
    ) -> Generator[T | None]:
        """The items of `work`, which runs in a thread of its own, as they come; None whenever none came for 0.2 s.

        An item is a sign of life: `work` yields tokens, not keep-alives. Closing the stream, or an exception thrown
        into it, ends the request on the server's side too. Raises ModelError, whatever `work` raised; `awaited` is what
        it calls the first item, where that does not come within `patience` (None: as usual).
        """
        first = self.timeouts.first if patience is None else patience
        with self._breaker.watching():
            line, arrived = Line(), Queue[tuple[T] | ModelError | None](AHEAD)
            worker = Thread(target=self._run, args=(work, line, arrived), name="askpapers-model", daemon=True)
            try:
                worker.start()
                yield from self._read(arrived, awaited, first)
            finally:
                line.cut()
                while not arrived.empty():  # whoever waits for room in it goes on, and sees that the line is cut
                    arrived.get_nowait()

    def call(self, work: Callable[[httpx.Client], T]) -> T:
        """What `work` returns, within `timeouts.first`. Raises ModelError."""
        with closing(self.stream(lambda http: [(work(http),)], "answer")) as stream:
            [(result,)] = [item for item in stream if item is not None]
        return result

    def _run(
        self, work: Callable[[httpx.Client], Iterable[T]], line: Line, arrived: Queue[tuple[T] | ModelError | None]
    ) -> None:
        end: ModelError | None = None
        try:
            with self._client(line) as http:
                for item in work(http):
                    if line.is_cut:
                        break
                    arrived.put((item,))
        except Exception as error:
            end = self._explained(error)
        if not line.is_cut:
            arrived.put(end)

    def _read(self, arrived: Queue[tuple[T] | ModelError | None], awaited: str, first: float) -> Iterator[T | None]:
        """Raises ModelTimeout; only the time that is spent waiting counts, not the reader's own."""
        limit, silent, waited = first, 0.0, 0.0
        is_begun = False
        while (patience := min(limit - silent, self.timeouts.whole - waited)) > 0:
            asked_at = time.monotonic()
            try:
                found = arrived.get(timeout=min(BEAT, patience))
            except Empty:
                silent, waited = (spent + time.monotonic() - asked_at for spent in (silent, waited))
                yield None
                continue
            if found is None:
                return
            if isinstance(found, ModelError):
                raise found
            self._heard_at = time.monotonic()
            waited += self._heard_at - asked_at
            limit, silent, is_begun = self.timeouts.between, 0.0, True
            yield found[0]
        raise self._late(is_begun, waited, awaited)

    def _late(self, is_begun: bool, waited: float, awaited: str) -> ModelTimeout:
        name, limits = self._peer.name, self.timeouts
        if waited >= limits.whole:
            hint = "Raise ASKPAPERS_LLM_TIMEOUT, a tenth of that, or take a faster model."
            return ModelTimeout(f"{name} came to no end within {limits.whole:g} s. {hint}")
        if is_begun:
            return ModelTimeout(f"{name} fell silent for {limits.between:g} s within its answer.")
        other = "take a smaller one" if awaited == "first token" else "look at the server's log"
        hint = f"It may still load the model: ask again, or {other}."
        return ModelTimeout(f"{name} sent no {awaited} within {limits.first:g} s. {hint}")

    def _explained(self, error: Exception) -> ModelError:
        """Ours from among what caused it, made anew: its traceback holds requests, and these the key."""
        for cause in chain(error):
            if isinstance(cause, ModelError):
                return type(cause)(str(cause))
        if (details := getattr(error, "body", None)) is not None:
            return self._peer.report(details if isinstance(details, str) else str(error), str(details))
        said = self._peer.quoted(f"{type(error).__name__}: {error}")
        return ModelGarbled(f"What {self._peer.name} sent can't be read as an answer: {said}. Is it the right server?")
