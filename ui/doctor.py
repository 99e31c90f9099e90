"""Is everything in place to answer, and if not, what mends it."""

from __future__ import annotations

import hashlib
import os
import socket
from collections.abc import Callable, Iterator

from rag.chroma_server import load_server
from rag.config import EMBEDDED, Settings, misspelt
from rag.encoder import FOLDER, SHA256, BundledEncoder
from rag.errors import AskpapersError
from rag.index import current_index
from rag.library import Library
from ui.doctor_chroma import mending
from ui.doctor_embedding import embedding_check
from ui.findings import Check
from ui.opening import open_library
from ui.serve import HOST

PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")
IGNORED = ("OPENAI_BASE_URL", "OPENAI_API_BASE", "OLLAMA_HOST", *PROXIES)


def checks(settings: Settings, ship: bool) -> Iterator[Check]:
    """One by one, as they are made, in the order in which they build on each other.

    `ship`: a new library gets the shipped papers.
    """
    yield from configuration(settings)
    if settings.llm != "extractive":
        from ui.doctor_model import model_checks

        yield from model_checks(settings)
    yield _tried("encoder", _encoder)
    yield _tried("library", lambda: _library(settings, ship))
    yield _tried("index", lambda: _index(settings))
    yield _tried("embedding", lambda: embedding_check(settings))
    yield _port(settings)
    if settings.chroma != EMBEDDED:
        yield _tried("chroma", lambda: _chroma(settings))


def _tried(name: str, look: Callable[[], Check]) -> Check:
    try:
        return look()
    except AskpapersError as error:
        return Check(name, "error", str(error), None)


def configuration(settings: Settings) -> Iterator[Check]:
    """What the settings say, and what of the environment is none."""
    who = "extractive: made of the papers' own sentences" if settings.llm == "extractive" else f"by {settings.llm}"
    yield Check("configuration", "ok", f"answers are {who}")
    is_asking = settings.llm != "extractive" or settings.embedding != "bundled"
    if ignored := [name for name in IGNORED if is_asking and os.environ.get(name)]:
        message = f"{', '.join(ignored)} in the environment: ignored, askpapers connects to the configured address only"
        fix = "Nothing to do, or, to ask another server: ASKPAPERS_LLM=local/NAME and ASKPAPERS_LLM_BASE_URL=ADDRESS"
        yield Check("environment", "warning", message, fix)
    for name, nearest in misspelt().items():
        fix = f"Did you mean {nearest}?" if nearest else ".env.example lists them all."
        yield Check("settings", "warning", f"{name} is no setting: ignored", fix)


def _encoder() -> Check:
    found = hashlib.sha256((FOLDER / "model.int8.onnx").read_bytes()).hexdigest()
    if found != SHA256:
        message = f"model.int8.onnx has sha256 {found[:12]}..., not {SHA256[:12]}..."
        return Check("encoder", "error", message, "Reinstall: pip install --force-reinstall --no-deps -e .")
    length = float((BundledEncoder().vector("a test") ** 2).sum())
    return Check("encoder", "ok", f"{BundledEncoder().fingerprint}, vectors of length {length:.3f}")


def _library(settings: Settings, ship: bool) -> Check:
    library = open_library(settings, ship)
    if not len(library):
        return Check("library", "error", f"no papers in {library.folder}", "askpapers ingest PATH")
    parts = f"{library.count('passage'):,} passages, {library.count('sentence'):,} sentences"
    message = f"{len(library):,} papers in {library.folder}, {parts}, generation {library.generation}"
    return Check("library", "ok", message)


def _index(settings: Settings) -> Check:
    library = Library(settings.library)
    if not len(library):
        return Check("index", "ok", "none needed yet")
    index = current_index(library, BundledEncoder().fingerprint, server=load_server(settings))
    index.close()
    found = f"{len(index.chunks):,} passages, finds its own vectors"
    if index.edition != library.edition:
        behind = f"{found}; behind the library, to which another process is adding"
        return Check("index", "warning", behind, "Nothing to do: that process builds the new one when it is done.")
    return Check("index", "ok", found)


def _port(settings: Settings) -> Check:
    with socket.socket() as probe:
        if probe.connect_ex((HOST, settings.port)):
            return Check("port", "ok", f"{HOST}:{settings.port} is free")
    fix = "The window takes the next free one, or set ASKPAPERS_PORT."
    return Check("port", "warning", f"{HOST}:{settings.port} is taken", fix)


def _chroma(settings: Settings) -> Check:
    """Whether the server has this library's passages; where it can't be asked, the same papers are found without it."""
    library = Library(settings.library)
    if not len(library):
        return Check("chroma", "ok", "nothing to find yet")
    index = current_index(library, BundledEncoder().fingerprint, server=load_server(settings))
    index.near.ready()
    if index.near.away:
        return Check("chroma", "warning", index.near.away, mending(settings.chroma))
    return Check("chroma", "ok", f"{settings.chroma} has all {len(index.chunks):,} passages")
