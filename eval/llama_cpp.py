"""llama.cpp's own server, with a tiny model: a process, started, killed and started again at the same address."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SERVER = Path(__file__).with_name("tiny_model.py")


class Llama:
    """Each of its `slots` answers at once, and reads `context` tokens."""

    def __init__(self, context: int, slots: int = 1) -> None:
        self.context, self.slots = context, slots
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = int(free.getsockname()[1])
        self.url = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Returns when it answers."""
        self._process = subprocess.Popen(
            [sys.executable, str(SERVER), str(self.context), str(self.port), str(self.slots)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        if not self._process.stdout or self._process.stdout.readline().strip() != self.url:
            raise RuntimeError("llama.cpp's server did not start.")

    def kill(self) -> None:
        """In the middle of whatever it does."""
        if self._process:
            self._process.kill()
            self._process.communicate()

    def asked(self, path: str, **body: object) -> Any:
        """Past the product."""
        data = json.dumps(body).encode() if body else None
        request = urllib.request.Request(f"{self.url}{path}", data, {"content-type": "application/json"})
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)

    @property
    def is_busy(self) -> bool:
        """Whether it is answering just now."""
        return any(slot["is_processing"] for slot in self.asked("/slots"))


@contextmanager
def llama(context: int, slots: int = 1) -> Iterator[Llama]:
    """One that ends with the block."""
    server = Llama(context, slots)
    server.start()
    try:
        yield server
    finally:
        server.kill()
