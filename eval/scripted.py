"""A model server whose every reply is scripted; it speaks OpenAI's /v1 on loopback, for tests, evaluation and bench."""

from __future__ import annotations

import json
import select
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from threading import Event, Lock, Thread
from typing import Any

from eval.protocol import deltas, ending, event, whole
from eval.replies import Body, Reply, Script, good

LONGEST_NAP = 0.02  # seconds between looks at whether the client is still there
PLAIN = (Reply(),)


@dataclass(frozen=True, slots=True)
class Request:
    """As it arrived; header names in lower case, the body parsed."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]


class Server(ThreadingHTTPServer):
    """`url` is its base URL, `requests` what was asked, `connections` how many came (also those that asked nothing).

    `most_at_once` is how many of them it was at, at a time.
    `closed` gets the time (`time.monotonic()`) whenever a client went away before its reply was complete.
    """

    daemon_threads = False  # closing it waits for them
    request_queue_size = 128

    def __init__(self, scripts: dict[str, Script], dimension: int) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}/v1"
        self.requests, self.connections, self.most_at_once = list[Request](), 0, 0
        self.closed, self.stopping = Queue[float](), Event()
        self._scripts, self.dimension = scripts, dimension
        self._used, self._lock = dict.fromkeys(scripts, 0), Lock()
        self._at_once = 0
        self._live = set[Any]()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Each in a thread of its own; remembered until it is done."""
        self._live.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """It is done."""
        self._live.discard(request)
        super().shutdown_request(request)

    def stop(self) -> None:
        """Ends whatever is under way, and waits for it."""
        self.stopping.set()
        self.shutdown()
        for connection in self._live.copy():
            with suppress(OSError):  # its client was faster
                connection.shutdown(socket.SHUT_RDWR)
        self.server_close()

    def get_request(self) -> tuple[socket.socket, Any]:
        """Counts a connection."""
        self.connections += 1
        return super().get_request()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away, or speaks TLS, is nothing to print a traceback for."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    @contextmanager
    def serving(self) -> Iterator[None]:
        """Counts a request until it is done with."""
        with self._lock:
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            yield
        finally:
            with self._lock:
                self._at_once -= 1

    def reply(self, path: str, body: Body) -> Reply:
        """What is scripted for the next request to that path."""
        with self._lock:
            script = self._scripts.get(path)
            if script is None:
                return Reply((f"No such path: {path}",), status=404)
            if callable(script):
                return script(body)
            self._used[path] += 1
            return script[min(self._used[path], len(script)) - 1]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the standard library's
        """Says nothing."""

    def handle(self) -> None:
        """Refuses TLS at once, as it might wait for the end of a line that never comes."""
        if self.connection.recv(1, socket.MSG_PEEK) == b"\x16":
            self.wfile.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        else:
            super().handle()

    def do_GET(self) -> None:
        self._answer({})

    def do_POST(self) -> None:
        self._answer(json.loads(self.rfile.read(int(self.headers.get("content-length", 0)))))

    def _answer(self, body: dict[str, Any]) -> None:
        self.close_connection = True
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.requests.append(Request(self.path, headers, body))
        try:
            with self.server.serving():
                self._send(body, self.server.reply(self.path, body))
        except ConnectionError:
            if not self.server.stopping.is_set():
                self.server.closed.put(time.monotonic())

    def _send(self, body: Body, reply: Reply) -> None:
        """Raises ConnectionError when the client is gone."""
        self._wait(reply.before)
        if reply.wire is not None:
            self._trickle(reply.wire, reply.between)
        elif body.get("stream") and reply.status < 300 and reply.raw is None:
            self._stream(body, reply)
        else:
            self._whole(body, reply)

    def _trickle(self, data: bytes, between: float) -> None:
        """At once, or byte by byte."""
        for piece in (data[place : place + 1] for place in range(len(data))) if between else (data,):
            self.wfile.write(piece)
            self._wait(between)

    def _whole(self, body: Body, reply: Reply) -> None:
        raw = reply.raw
        if raw is None:
            raw = json.dumps(whole(self.path, body, reply, self.server.dimension)).encode()
        kind = "text/event-stream" if body.get("stream") and reply.status < 300 else "application/json"
        self._head(reply, {"Content-Type": kind, "Content-Length": str(len(raw))})
        if reply.cut_after is None and reply.hang_after is None:
            self.wfile.write(raw)
            return
        self.wfile.write(raw[: len(raw) // 2])
        self._wait(0 if reply.hang_after is None else float("inf"))

    def _stream(self, body: Body, reply: Reply) -> None:
        self._head(reply, {"Content-Type": "text/event-stream", "Transfer-Encoding": "chunked"})
        self._chunk(event({"role": "assistant", "content": ""}))
        for place, delta in enumerate(deltas(reply)):
            if self._breaks(place, reply):
                return
            self._wait(reply.between if place else 0, reply.keep_alive)
            self._chunk(event(delta))
        if not self._breaks(len(reply.reasoning) + len(reply.pieces), reply):
            for last in ending(body, reply):
                self._chunk(last)
            self.wfile.write(b"0\r\n\r\n")

    def _breaks(self, place: int, reply: Reply) -> bool:
        """Whether nothing more is sent; where the script says so, only after the client has gone."""
        if place == reply.hang_after:
            self._wait(float("inf"), reply.keep_alive)
        return place in (reply.hang_after, reply.cut_after)

    def _head(self, reply: Reply, headers: dict[str, str]) -> None:
        self.send_response(reply.status)
        for name, value in (headers | {"Connection": "close"} | dict(reply.headers)).items():
            self.send_header(name, value)
        self.end_headers()

    def _chunk(self, data: bytes) -> None:
        self.wfile.write(b"%x\r\n%b\r\n" % (len(data), data))

    def _wait(self, seconds: float, keep_alive: float = float("inf")) -> None:
        """Until then, or the server stops. Raises ConnectionError when the client is gone."""
        now = time.monotonic()
        until, comment = now + seconds, now + keep_alive
        while now < until and not self.server.stopping.is_set():
            self._look(min(LONGEST_NAP, until - now))
            now = time.monotonic()
            if now >= comment:
                self._chunk(b": keep-alive\n\n")
                comment = now + keep_alive

    def _look(self, seconds: float) -> None:
        readable, _, _ = select.select([self.connection], [], [], seconds)
        if readable and not self.connection.recv(1, socket.MSG_PEEK):
            raise ConnectionAbortedError


@contextmanager
def scripted(
    script: Script = good,
    *,
    embeddings: Script = PLAIN,
    models: Script = PLAIN,
    dimension: int = 64,
) -> Iterator[Server]:
    """A running server. `script` answers /v1/chat/completions; the replies of the other two need no pieces."""
    scripts = {"/v1/chat/completions": script, "/v1/embeddings": embeddings, "/v1/models": models}
    server = Server(scripts, dimension)
    thread = Thread(target=server.serve_forever, args=(LONGEST_NAP,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.stop()
        thread.join()
