"""Starts the window's server, on this machine only."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

from rag.config import Settings
from rag.errors import BadSetting

HOST = "127.0.0.1"
PORTS = 100  # tried upwards from the one wanted
WINDOW = Path(__file__).with_name("window.py")
OPTIONS = {
    "server.address": HOST,  # Streamlit would listen on every interface
    "browser.serverAddress": HOST,
    "browser.gatherUsageStats": "false",
    "client.showErrorDetails": "none",
    "client.toolbarMode": "minimal",
    "server.fileWatcherType": "none",
    "server.maxUploadSize": "50",
    "theme.base": "light",
}


def serve(settings: Settings, browser: bool) -> None:
    """Serves until it is stopped. Raises BadSetting when no port is free."""
    port = free_port(settings.port)
    taken = f" (port {settings.port} is taken)" if port != settings.port else ""
    print(f"askpapers: the window is at http://{HOST}:{port}{taken}. Stop it with Ctrl-C.", flush=True)
    options = OPTIONS | {"server.port": str(port), "server.headless": str(not browser).lower()}
    flags = [f"--{name}={value}" for name, value in options.items()]
    environment = os.environ | {"ASKPAPERS_HOME": str(settings.library), "ASKPAPERS_LLM": settings.llm}
    try:
        subprocess.run([sys.executable, "-m", "streamlit", "run", str(WINDOW), *flags], env=environment, check=True)
    except KeyboardInterrupt:
        print("\naskpapers: stopped.")


def free_port(wanted: int) -> int:
    """The port wanted, or the next free one."""
    for port in range(wanted, min(wanted + PORTS, 65536)):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return port
    raise BadSetting(f"No free port from {wanted} on. Name another: askpapers --port N")
