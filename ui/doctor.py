"""Is everything in place to answer, and if not, what mends it."""

from __future__ import annotations

import hashlib
import os
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from itertools import islice
from typing import TYPE_CHECKING, Literal

import numpy as np

from rag.config import Settings, misspelt
from rag.encoder import FOLDER, SHA256, BundledEncoder
from rag.errors import AskpapersError, CallerMistake, ModelCut, ModelError, VectorRejected
from rag.index import current_index
from rag.library import Library
from rag.models import Embedding, load_embedding
from rag.prompts import TRIAL
from rag.retrieve import STANDBY
from rag.writer import chunk_of
from ui.opening import open_library
from ui.serve import HOST

if TYPE_CHECKING:
    from rag.models import Model

IGNORED = ("OPENAI_BASE_URL", "OPENAI_API_BASE", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy")
LISTED = 8  # models of a server that are named
SAME = 0.98  # cosine from which a text's vectors of two days are one model's

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
        *_configuration(settings),
        *_misspelt(),
        *_model(settings),
        _tried("encoder", _encoder),
        _tried("library", lambda: _library(settings, ship)),
        _tried("index", lambda: _index(settings)),
        _tried("embedding", lambda: _embedding(settings)),
        _port(settings),
    ]


def _tried(name: str, look: Callable[[], Check]) -> Check:
    try:
        return look()
    except AskpapersError as error:
        return Check(name, "error", str(error), None)


def _configuration(settings: Settings) -> Iterator[Check]:
    who = "extractive: made of the papers' own sentences" if settings.llm == "extractive" else f"by {settings.llm}"
    yield Check("configuration", "ok", f"answers are {who}")
    ignored = [name for name in IGNORED if settings.llm != "extractive" and os.environ.get(name)]
    if ignored:
        message = f"{', '.join(ignored)} in the environment: ignored, askpapers connects to the configured address only"
        yield Check("environment", "warning", message, "Nothing to do, or set ASKPAPERS_LLM_BASE_URL.")


def _misspelt() -> Iterator[Check]:
    for name, nearest in misspelt().items():
        fix = f"Did you mean {nearest}?" if nearest else ".env.example lists them all."
        yield Check("settings", "warning", f"{name} is no setting: ignored", fix)


def _model(settings: Settings) -> Iterator[Check]:
    """Whether it is there, has the model, and how fast it is; asking works without it, so that nothing is an error."""
    if settings.llm == "extractive":
        return
    from rag.models import load_llm

    fix = "Until then, answers are extractive."
    try:
        model = load_llm(settings)
        if model is None:
            return
        wanted, names = model.name.partition("/")[2], model.listed()
        if wanted not in names:
            yield _other_model(settings.llm.partition("/")[0], wanted, names)
        first, rate = _speed(model)
        yield Check("model", "ok", f"{model.name} at {model.endpoint.base_url}: first token {first:.2f} s, {rate}")
    except ModelError as error:
        yield Check("model", "warning", str(error), fix)
    except CallerMistake as error:
        yield Check("model", "error", str(error))


def _other_model(vendor: str, wanted: str, names: tuple[str, ...]) -> Check:
    shown = ", ".join(names[:LISTED]) + (" ..." if len(names) > LISTED else "")
    fix = f"ASKPAPERS_LLM={vendor}/{names[0]}" if names else "Load a model into the server."
    return Check("model's name", "warning", f"the server lists no {wanted!r}; it has: {shown or 'none'}", fix)


def _speed(model: Model) -> tuple[float, str]:
    """Seconds to the first token of a trial, and tokens a second after it. Raises ModelError."""
    begun = time.perf_counter()
    times = [time.perf_counter() for token in model.stream(TRIAL) if token and (token.text or token.thought)]
    if not times:
        raise ModelCut(f"{model.name} answers with no text. Try another model.")
    rate = f"{(len(times) - 1) / (times[-1] - times[0]):.0f} tokens/s" if len(times) > 2 else "too short to tell a rate"
    return times[0] - begun, rate


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
    found = f"{len(index.chunks):,} passages, finds its own vectors"
    if index.edition != library.edition:
        behind = f"{found}; behind the library, to which another process is adding"
        return Check("index", "warning", behind, "Nothing to do: that process builds the new one when it is done.")
    return Check("index", "ok", found)


def _embedding(settings: Settings) -> Check:
    """Where it can't be used, that is a warning: questions are answered without it."""
    try:
        embedding = load_embedding(settings)
        if embedding is None:
            return Check("embedding", "ok", "papers are found by the bundled encoder")
        return _compared(embedding, Library(settings.library))
    except (ModelError, VectorRejected) as error:
        return Check("embedding", "warning", f"{STANDBY} {error}", "Mend that, or set ASKPAPERS_EMBEDDING=bundled")


def _compared(embedding: Embedding, library: Library) -> Check:
    """What the server gives now, against what the library has of it."""
    name, size = embedding.fingerprint, len(embedding.vector("a test"))
    total, missing = library.count("passage"), sum(1 for _ in library.lacking("passage", name))
    if missing:
        message = f"{STANDBY} {missing:,} of {total:,} passages have no vector of {name} ({size} numbers each)"
        return Check("embedding", "warning", message, "askpapers embed")
    for stored in islice(library.chunks("passage", name), 1):
        text = chunk_of("passage", stored.span.paper, stored.span.start, stored.span.end).embedded
        now = embedding.vectors([text])[0]
        if now.shape != stored.vector.shape or now @ stored.vector.astype(np.float32) < SAME:
            message = f"{name} is another model now: it gives another vector (of {size} numbers) for a text of before"
            fix = "Serve the old one, or set ASKPAPERS_EMBEDDING to another name for the new one, then: askpapers embed"
            return Check("embedding", "warning", message, fix)
    return Check("embedding", "ok", f"{name}, {size} numbers each, has a vector of all {total:,} passages")


def _port(settings: Settings) -> Check:
    with socket.socket() as probe:
        if probe.connect_ex((HOST, settings.port)):
            return Check("port", "ok", f"{HOST}:{settings.port} is free")
    fix = "The window takes the next free one, or set ASKPAPERS_PORT."
    return Check("port", "warning", f"{HOST}:{settings.port} is taken", fix)
