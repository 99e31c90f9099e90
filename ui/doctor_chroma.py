"""Which line mends a Chroma server that can't be used: its address, or what starts it."""

from __future__ import annotations

import httpx

from rag.endpoint import Endpoint
from rag.errors import ModelError, ModelTimeout, ModelUnreachable
from ui.elsewhere import BRIEF

HEARTBEAT = "api/v2/heartbeat"
PORTS = {"http": 80, "https": 443}  # where the address names none


def mending(address: str) -> str:
    """By what answers there, and by the other scheme or without the path."""
    url = httpx.URL(address)
    why = _wrong(url)
    if why is None:
        return "It is a Chroma server, and fails: look at its log."
    other = "http" if url.scheme == "https" else "https"
    for near in (url.copy_with(path="/"), url.copy_with(scheme=other, path="/")):
        if near != url and _wrong(near) is None:
            return f"ASKPAPERS_CHROMA={str(near).rstrip('/')}"
    port = url.port or PORTS[url.scheme]
    if not isinstance(why, ModelUnreachable | ModelTimeout):
        start = f"chroma run --host {url.host} --port N --path DIR"
        return f"Another server is there: start Chroma at another port ({start}) and set ASKPAPERS_CHROMA to it."
    if "is unknown" in str(why):
        return f"No machine is called {url.host}: mend the name in ASKPAPERS_CHROMA, or look at the network."
    return f"Start it: chroma run --host {url.host} --port {port} --path DIR"


def _wrong(url: httpx.URL) -> ModelError | None:
    """What is, at that address; None where Chroma's heart beats."""
    try:
        Endpoint(str(url), timeouts=BRIEF).call(lambda http: int(http.get(HEARTBEAT).json()["nanosecond heartbeat"]))
    except ModelError as error:
        return error
    return None
