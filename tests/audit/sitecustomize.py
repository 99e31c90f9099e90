"""Put on PYTHONPATH of a process that a test starts: writes whom it connects to, a line each, into $CONNECTIONS."""

from __future__ import annotations

import os
import sys

_ASKED = {"socket.connect", "socket.sendto", "socket.getaddrinfo", "socket.gethostbyname", "socket.getnameinfo"}


def _note(event: str, arguments: tuple[object, ...]) -> None:
    if event not in _ASKED:
        return
    whom = arguments[1] if event in {"socket.connect", "socket.sendto"} else arguments[0]
    host = whom[0] if isinstance(whom, tuple) else whom
    with open(os.environ["CONNECTIONS"], "a", encoding="utf-8") as file:
        file.write(f"{host}\n")


if "CONNECTIONS" in os.environ:
    sys.addaudithook(_note)
