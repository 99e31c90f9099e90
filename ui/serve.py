"""Serves the window: to this machine only, unless another address is set."""

from __future__ import annotations

import errno
import os
import socket
import sys
import webbrowser
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from rag.config import Settings
from rag.errors import BadSetting
from ui.guard import OnlyOurs
from ui.permission import is_private, may_change

HOST = "127.0.0.1"
PORTS = 100  # tried upwards from the one wanted
LARGEST = 50  # MB of a file that is handed over in the window
WINDOW = Path(__file__).with_name("window.py")
OPTIONS = {
    "browser.gatherUsageStats": False,
    "client.showErrorDetails": "none",  # no traceback in the page
    "client.toolbarMode": "minimal",
    "logger.level": "warning",
    "runner.magicEnabled": False,
    "runner.postScriptGC": False,  # a full collection after every run of the page would cost 0.2 s of each answer
    "server.fileWatcherType": "none",
    "theme.baseRadius": "0.6rem",
    "theme.light.primaryColor": "#2457a6",
    "theme.dark.primaryColor": "#aecbfa",  # pale: what is pointed at is drawn darker than it, and is to be read
}


def serve(settings: Settings, browser: bool) -> None:
    """Serves until it is stopped. Raises BadSetting when no port is free."""
    # the page reads its settings where everything reads them
    os.environ |= {
        "ASKPAPERS_HOME": str(settings.library),
        "ASKPAPERS_LLM": settings.llm,
        "ASKPAPERS_HOST": settings.host,
        "ASKPAPERS_ALLOW_CHANGES": str(settings.allow_changes),
    }
    import uvicorn

    with listening(settings.host, settings.port) as sock:
        app = application(settings, sock.getsockname()[1], browser)
        options = uvicorn.Config(app, log_level="warning", log_config=None, timeout_graceful_shutdown=1)
        try:
            uvicorn.Server(options).run(sockets=[sock])
        except KeyboardInterrupt:
            print("\naskpapers: stopped.")


def listening(host: str, wanted: int) -> socket.socket:
    """A socket bound to the port wanted, or to the next free one."""
    family = socket.AF_INET if ip_address(host).version == 4 else socket.AF_INET6
    for port in range(wanted, min(wanted + PORTS, 65536)):
        try:
            return socket.create_server((host, port), family=family)
        except OSError as error:
            if error.errno == errno.EADDRNOTAVAIL:
                raise BadSetting(
                    f"ASKPAPERS_HOST={host} is no address of this machine. Set 127.0.0.1, or 0.0.0.0 for all it has."
                ) from None
    raise BadSetting(f"No free port from {wanted} on. Name another: askpapers --port N")


def application(settings: Settings, port: int, browser: bool) -> Any:
    """The page as an ASGI application that says where it is once it is up."""
    import streamlit as st
    from starlette.middleware import Middleware
    from streamlit.web.bootstrap import load_config_options

    largest = LARGEST if may_change(settings) else 0
    load_config_options(
        OPTIONS | {"server.address": settings.host, "server.port": port, "server.maxUploadSize": largest}
    )

    @asynccontextmanager
    async def announced(app: object) -> AsyncIterator[None]:
        url = address(settings.host, port)
        taken = f" (port {settings.port} is taken)" if port != settings.port else ""
        print(f"askpapers: the window is at {url}{taken}. Stop it with Ctrl-C.", flush=True)
        if not is_private(settings):
            print(f"askpapers: {warning(settings)}", file=sys.stderr, flush=True)
        if browser:
            webbrowser.open(url)
        yield

    guard = Middleware(OnlyOurs, host=settings.host, port=port)
    return st.App(WINDOW, lifespan=announced, on_script_error=say_sorry, middleware=[guard])


def address(host: str, port: int) -> str:
    """Where a browser of this machine finds it."""
    at = ip_address(host)
    name = HOST if at.is_unspecified else f"[{host}]" if at.version == 6 else host
    return f"http://{name}:{port}"


def warning(settings: Settings) -> str:
    """What it means that others reach the window."""
    may = "ask, add and remove papers, and read kept conversations" if may_change(settings) else "ask"
    return (
        f"ASKPAPERS_HOST={settings.host}: whoever reaches this machine may {may}, without a password and unencrypted. "
        "Keep it inside a network that you trust."
    )


def say_sorry(error: Exception) -> bool:
    """For what nobody foresaw: one line in the page, the rest in the terminal."""
    import streamlit as st

    print(f"askpapers: {type(error).__name__}: {error}", file=sys.stderr)
    st.text("Something went wrong that should not have; the terminal says what. Reload the page to go on.")
    return True
