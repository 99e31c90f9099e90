"""Where a server is that does not answer at the configured address: under /v1, by https, at another server's port.

No key is sent but to the configured host and port, and never by http where https was configured.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import httpx
from pydantic import SecretStr

from rag.endpoint import Endpoint, Timeouts
from rag.errors import ModelError
from rag.served import names

PORTS = {
    11434: "Ollama",
    8080: "llama.cpp",
    9931: "llama.cpp",
    8000: "vLLM",
    1234: "LM Studio",
}  # where they listen, left to themselves
THIS_MACHINE = ("127.0.0.1", "localhost", "::1")
LISTED = 8  # models of a server that are named
BRIEF = Timeouts(connect=1, first=2, between=2, again=())


def shown(endpoint: Endpoint, listed: Sequence[str]) -> str:
    """The first of a server's models, as they may be shown."""
    return ", ".join(endpoint.names(listed[:LISTED])) + (" ..." if len(listed) > LISTED else "") or "none"


def usable(endpoint: Endpoint, listed: Sequence[str]) -> list[str]:
    """Those that may be written into a line of `.env` as they are."""
    shown = zip(listed, endpoint.names(listed), strict=True)
    return [name for name, line in shown if name == line and " " not in name]


def answering(base_url: str, key: SecretStr | None) -> str | None:
    """The first address near `base_url` at which a server lists its models."""
    configured = httpx.URL(base_url)
    for url in dict.fromkeys(_near(configured)):
        if url != configured and _lists_models(url, key if _may_have_key(url, configured) else None):
            return str(url)
    return None


def _near(configured: httpx.URL) -> Iterator[httpx.URL]:
    other = "http" if configured.scheme == "https" else "https"
    for scheme in (configured.scheme, other):
        for path in _paths(configured.path.rstrip("/")):
            yield configured.copy_with(scheme=scheme, path=path)
    if configured.host in THIS_MACHINE:
        for port in PORTS:
            yield configured.copy_with(scheme="http", port=port, path="/v1")


def _paths(path: str) -> Iterator[str]:
    short = path.removesuffix("/models")
    yield from (path, short, f"{short}/v1", "/v1")


def _may_have_key(url: httpx.URL, configured: httpx.URL) -> bool:
    return url.netloc == configured.netloc and url.scheme in ("https", configured.scheme)


def _lists_models(url: httpx.URL, key: SecretStr | None) -> bool:
    try:
        Endpoint(str(url), key, timeouts=BRIEF).call(names)
    except ModelError:
        return False
    return True
