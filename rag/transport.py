"""What lies under a model's client: connections that can be cut, one layer of retries, the key's only way out."""

from __future__ import annotations

import json
import random
import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from threading import Event, Lock
from types import TracebackType
from typing import Any

import httpx

from rag.errors import ModelCut, ModelError, ModelGarbled, ModelRejected, ModelTimeout, ModelUnreachable
from rag.peer import Peer, asked_wait

LONGEST_WAIT = 20.0  # seconds that a server may ask for (Retry-After); if it wants more, it is given up
LARGEST_ERROR = 64_000  # bytes read of an error's body
LARGEST_BODY = 20_000_000  # bytes of a whole body, or of one event where they are streamed
JITTER = (0.8, 1.2)  # so that many clients don't come back at the same moment


@dataclass(frozen=True, slots=True)
class Timeouts:
    """All in seconds."""

    connect: float = 5.0
    first: float = 60.0  # until the first token
    between: float = 60.0  # between tokens
    whole: float = 600.0  # waited for tokens of one answer, all together
    again: tuple[float, ...] = (0.5, 1.0)  # before the second try, and the third


class Line:
    """The connections of one exchange, which any thread may cut.

    Closing a descriptor does not wake a thread that waits for bytes on it; shutting its connection down does. A
    duplicate is held for that: TLS takes the first descriptor over, and may then wait for its handshake.
    """

    def __init__(self) -> None:
        self._held: list[socket.socket] = []
        self._cut, self._lock = Event(), Lock()

    def __enter__(self) -> Line:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        with self._lock:
            for held in self._held:
                held.close()
            self._held.clear()

    @property
    def is_cut(self) -> bool:
        """True once somebody cut it."""
        return self._cut.is_set()

    def cut(self) -> None:
        """Ends whatever is under way, from any thread; nothing can be begun afterwards."""
        with self._lock:
            self._cut.set()
            for held in self._held:
                with suppress(OSError):  # the other side was faster
                    held.shutdown(socket.SHUT_RDWR)

    def wait(self, seconds: float) -> None:
        """Sleeps. Raises ModelCut as soon as the line is cut."""
        if self._cut.wait(seconds):
            raise ModelCut("The question was given up.")

    def trace(self, event: str, info: Mapping[str, Any]) -> None:
        """Hears from httpx what happens (its `trace` extension). Raises ModelCut."""
        if event == "connection.connect_tcp.complete":
            stream = info["return_value"]
            with self._lock:
                if not self.is_cut:
                    self._held.append(stream.get_extra_info("socket").dup())
                    return
            stream.close()
            self.wait(0)


@dataclass(frozen=True, slots=True)
class _Failure:
    """A try that another may mend, and the seconds that the server asks to wait."""

    error: ModelUnreachable
    wait: float = 0.0


class Transport(httpx.BaseTransport):
    """Asks one server only. Raises ModelError itself, as client libraries above would retry or guess.

    Tried again: no connection, closed without an answer, 408, 429, 5xx. Never: what began to answer, what was silent.
    """

    def __init__(self, peer: Peer, timeouts: Timeouts, line: Line) -> None:
        self._peer, self._timeouts, self._line = peer, timeouts, line
        self._inner = httpx.HTTPTransport(verify=trusted(peer.url.scheme), trust_env=False)

    def close(self) -> None:
        """Closes its connections."""
        self._inner.close()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """A response with status 200 to 299, its body unread. Raises ModelError."""
        ours, pauses = self._ours(request), iter(self._timeouts.again)
        while isinstance(outcome := self._try(ours), _Failure):
            pause = next(pauses, None)
            if pause is None or outcome.wait > LONGEST_WAIT:
                raise outcome.error
            self._line.wait(max(outcome.wait, pause * random.uniform(*JITTER)))
        return outcome

    def _ours(self, request: httpx.Request) -> httpx.Request:
        """Made anew, so that the key stands in no request that a client library keeps in its errors."""
        if not self._peer.is_at(request.url):
            raise ModelRejected(f"A request to {request.url.host} was not sent: only {self._peer.name} is asked.")
        patience = max(self._timeouts.first, self._timeouts.between) + 1  # whoever reads the stream gives up before
        timeout = httpx.Timeout(patience, connect=self._timeouts.connect)
        return httpx.Request(
            request.method,
            request.url,
            headers=self._peer.headers(request.headers),
            content=request.read(),
            extensions={"timeout": timeout.as_dict(), "trace": self._line.trace},
        )

    def _try(self, request: httpx.Request) -> httpx.Response | _Failure:
        try:
            response = self._inner.handle_request(request)
        except (httpx.ReadTimeout, httpx.WriteTimeout):
            raise self._silent() from None
        except (httpx.ConnectTimeout, httpx.NetworkError) as error:
            return _Failure(self._peer.unreachable(error))
        except httpx.TransportError as error:
            if str(error).startswith("Server disconnected"):  # before any byte; httpx has no class of its own for it
                return _Failure(self._peer.unreachable(error))
            raise self._peer.garbled(f"no proper HTTP ({self._peer.quoted(str(error))})") from None
        return self._judged(request, response)

    def _judged(self, request: httpx.Request, response: httpx.Response) -> httpx.Response | _Failure:
        if response.status_code < 300:
            return self._accepted(request, response)
        wait = asked_wait(response.headers.get("retry-after"), datetime.now(UTC))
        body = _beginning(response.iter_raw())
        response.close()
        error = self._peer.refusal(request.url.path, response.status_code, response.headers, body, wait)
        if isinstance(error, ModelUnreachable):
            return _Failure(error, wait)
        raise error

    def _accepted(self, request: httpx.Request, response: httpx.Response) -> httpx.Response:
        kind = response.headers.get("content-type", "").lower()
        packed = response.headers.get("content-encoding", "identity").lower()
        if kind.startswith("text/html") or packed != "identity":
            response.close()
            raise self._peer.garbled(
                "a web page" if packed == "identity" else "what is compressed, though not asked to,"
            )
        pieces = response.iter_raw()
        if _asks_stream(request.content):
            pieces = self._streamed(pieces)
        body = _Body(response, pieces, self, is_streamed=kind.startswith("text/event-stream"))
        return httpx.Response(
            response.status_code, headers=response.headers, stream=body, extensions=response.extensions
        )

    def _streamed(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        """The same; whatever its type is said to be, no stream begins with a brace or a tag. Raises ModelError."""
        begun = b""
        for piece in pieces:
            begun += piece
            if begun.strip() or len(begun) > LARGEST_ERROR:
                break
        if begun.lstrip().startswith((b"{", b"[", b"<")):
            raise self._peer.no_stream(_beginning(pieces, begun.lstrip()))
        yield begun
        yield from pieces

    def _silent(self) -> ModelTimeout:
        patience = max(self._timeouts.first, self._timeouts.between)
        return ModelTimeout(f"{self._peer.name} sent nothing for {patience:g} s. Ask again, or take a smaller model.")

    def broken(self, error: httpx.TransportError) -> ModelError:
        """What it means that a body came to no end."""
        if isinstance(error, httpx.TimeoutException):
            return self._silent()
        return ModelCut(f"{self._peer.name} cut the connection in the middle of its answer. Ask again.")

    def overlong(self) -> ModelGarbled:
        """A body beyond what is read."""
        return self._peer.garbled(f"more than {LARGEST_BODY // 1_000_000} MB in one piece")


class _Body(httpx.SyncByteStream):
    """A response's bytes, bounded: where events are streamed, each; else all."""

    def __init__(
        self, response: httpx.Response, pieces: Iterator[bytes], transport: Transport, is_streamed: bool
    ) -> None:
        self._response, self._pieces = response, pieces
        self._transport, self._is_streamed = transport, is_streamed

    def __iter__(self) -> Iterator[bytes]:
        size = 0
        try:
            for piece in self._pieces:
                is_new = self._is_streamed and (b"\n\n" in piece or b"\r\n\r\n" in piece)
                size = len(piece) if is_new else size + len(piece)
                if size > LARGEST_BODY:
                    raise self._transport.overlong()
                yield piece
        except httpx.TransportError as error:
            raise self._transport.broken(error) from None

    def close(self) -> None:
        self._response.close()


def _beginning(pieces: Iterator[bytes], body: bytes = b"") -> bytes:
    """What a body begins with, after what was read of it; what came before it broke off is enough."""
    with suppress(httpx.TransportError):
        while len(body) < LARGEST_ERROR and (piece := next(pieces, None)) is not None:
            body += piece
    return body[:LARGEST_ERROR]


def _asks_stream(body: bytes) -> bool:
    """Whether a request wants its answer in pieces."""
    try:
        return json.loads(body)["stream"] is True
    except (ValueError, KeyError, TypeError):
        return False


@cache
def trusted(scheme: str) -> ssl.SSLContext:
    """Certificates of public authorities and of this machine's own; none for http, as loading them takes 50 ms."""
    if scheme == "http":
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context = httpx.create_ssl_context(trust_env=False)
    context.load_default_certs()
    return context
