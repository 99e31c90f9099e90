"""Which requests the window answers: those that name it as their host and come from a page of its own.

Another site's page may reach this machine through the reader's browser, under a name of its own (DNS rebinding) or by
a WebSocket, for which browsers ask nobody.
"""

from __future__ import annotations

import socket
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit


class OnlyOurs:
    """Refuses others with 403, before Streamlit looks at anything."""

    def __init__(self, app: Any, host: str, port: int) -> None:
        at = ip_address(host)
        names = (f"[{host}]" if at.version == 6 else host, "127.0.0.1", "localhost")
        self._app, self._names = app, {f"{name}:{port}" for name in names} if at.is_loopback else None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """A foreign Origin must not get further: Streamlit would ask an address on the internet whether it is ours."""
        if scope["type"] == "lifespan" or self._is_ours(scope):
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            await send({"type": "http.response.start", "status": 403, "headers": []})
            await send({"type": "http.response.body", "body": b"This window answers to its own address only."})

    def _is_ours(self, scope: Any) -> bool:
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        host, origin = headers.get(b"host", ""), headers.get(b"origin")
        named = is_unmistakable(host) if self._names is None else host in self._names
        return named and (origin is None or urlsplit(origin).netloc == host)


def is_unmistakable(host: str) -> bool:
    """Whether a Host header is an IP address or this machine's own name, and so none that another site could take."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    own = socket.gethostname().lower()
    return name in {"localhost", own, f"{own}.local"} or _is_address(name)


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
