"""Serves the window to this machine only."""

from __future__ import annotations

import os
import socket
import sys
import webbrowser
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from rag.config import Settings
from rag.errors import BadSetting

HOST = "127.0.0.1"
PORTS = 100  # tried upwards from the one wanted
WINDOW = Path(__file__).with_name("window.py")
OPTIONS = {
    "browser.gatherUsageStats": False,
    "client.showErrorDetails": "none",  # no traceback in the page
    "client.toolbarMode": "minimal",
    "logger.level": "warning",
    "runner.magicEnabled": False,
    "runner.postScriptGC": False,  # a full collection after every run of the page would cost 0.2 s of each answer
    "server.address": HOST,
    "server.fileWatcherType": "none",
    "server.maxUploadSize": 50,
    "theme.baseRadius": "0.6rem",
    "theme.light.primaryColor": "#2457a6",
    "theme.dark.primaryColor": "#8ab4f8",
}


def serve(settings: Settings, browser: bool) -> None:
    """Serves until it is stopped. Raises BadSetting when no port is free."""
    # the page reads its settings where everything reads them
    os.environ |= {"ASKPAPERS_HOME": str(settings.library), "ASKPAPERS_LLM": settings.llm}
    import uvicorn

    with listening(settings.port) as sock:
        app = application(sock.getsockname()[1], settings.port, browser)
        options = uvicorn.Config(app, log_level="warning", log_config=None, timeout_graceful_shutdown=1)
        try:
            uvicorn.Server(options).run(sockets=[sock])
        except KeyboardInterrupt:
            print("\naskpapers: stopped.")


def listening(wanted: int) -> socket.socket:
    """A socket bound to the port wanted, or to the next free one."""
    for port in range(wanted, min(wanted + PORTS, 65536)):
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind((HOST, port))
            sock.listen()
        except OSError:
            sock.close()
            continue
        return sock
    raise BadSetting(f"No free port from {wanted} on. Name another: askpapers --port N")


def application(port: int, wanted: int, browser: bool) -> Any:
    """The page as an ASGI application that says where it is once it is up."""
    import streamlit as st
    from starlette.middleware import Middleware
    from streamlit.web.bootstrap import load_config_options

    load_config_options(OPTIONS | {"server.port": port})

    @asynccontextmanager
    async def announced(app: object) -> AsyncIterator[None]:
        url, taken = f"http://{HOST}:{port}", f" (port {wanted} is taken)" if port != wanted else ""
        print(f"askpapers: the window is at {url}{taken}. Stop it with Ctrl-C.", flush=True)
        if browser:
            webbrowser.open(url)
        yield

    return st.App(
        WINDOW, lifespan=announced, on_script_error=say_sorry, middleware=[Middleware(OnlyThisMachine, port=port)]
    )


def say_sorry(error: Exception) -> bool:
    """For what nobody foresaw: one line in the page, the rest in the terminal."""
    import streamlit as st

    print(f"askpapers: {type(error).__name__}: {error}", file=sys.stderr)
    st.text("Something went wrong that should not have; the terminal says what. Reload the page to go on.")
    return True


class OnlyThisMachine:
    """Answers requests that name this machine as their host and come from a page of ours, and no others.

    Another site's page may reach 127.0.0.1 through the reader's browser, under a name of its own (DNS rebinding) or
    by a WebSocket, for which browsers ask nobody.
    """

    def __init__(self, app: Any, port: int) -> None:
        self._app = app
        self._ours = {f"{name}:{port}" for name in (HOST, "localhost")}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Refuses with 403, before Streamlit looks at anything."""
        if scope["type"] == "lifespan" or self._is_ours(scope):
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            await send({"type": "http.response.start", "status": 403, "headers": []})
            await send({"type": "http.response.body", "body": b"This window answers to 127.0.0.1 only."})

    def _is_ours(self, scope: Any) -> bool:
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        origin = headers.get(b"origin")
        return headers.get(b"host") in self._ours and (origin is None or urlsplit(origin).netloc in self._ours)
