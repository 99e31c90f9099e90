"""Is everything in place to answer, and if not, what mends it."""

from __future__ import annotations

import hashlib
import socket
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Literal

from rag.config import Settings
from rag.encoder import FOLDER, SHA256, BundledEncoder
from rag.errors import AskpapersError
from rag.index import current_index
from rag.library import Library
from ui.opening import open_library
from ui.serve import HOST

Status = Literal["ok", "warning", "error"]


@dataclass(frozen=True, slots=True)
class Check:
    """One finding; `fix` is what to do about it, or None."""

    name: str
    status: Status
    message: str
    fix: str | None = None

    def as_json(self) -> dict[str, str | None]:
        """With the name under "check"."""
        return {"check": self.name} | {key: value for key, value in asdict(self).items() if key != "name"}


def checks(settings: Settings, ship: bool) -> list[Check]:
    """All of them, in the order in which they build on each other. `ship`: a new library gets the shipped papers."""
    return [
        Check("configuration", "ok", f"answers are {settings.llm}: made of the papers' own sentences"),
        _tried("encoder", _encoder),
        _tried("library", lambda: _library(settings, ship)),
        _tried("index", lambda: _index(settings)),
        _port(settings),
    ]


def _tried(name: str, look: Callable[[], Check]) -> Check:
    try:
        return look()
    except AskpapersError as error:
        return Check(name, "error", str(error), None)


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
    index = current_index(library, BundledEncoder().fingerprint)
    index.close()
    return Check("index", "ok", f"{len(index.chunks):,} passages, finds its own vectors")


def _port(settings: Settings) -> Check:
    with socket.socket() as probe:
        if probe.connect_ex((HOST, settings.port)):
            return Check("port", "ok", f"{HOST}:{settings.port} is free")
    fix = "The window takes the next free one, or set ASKPAPERS_PORT."
    return Check("port", "warning", f"{HOST}:{settings.port} is taken", fix)
