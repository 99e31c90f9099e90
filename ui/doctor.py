"""Is everything in place to answer, and if not, what mends it."""

from __future__ import annotations

import hashlib
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from itertools import islice
from typing import TYPE_CHECKING, Literal

import numpy as np

from rag.chroma_server import load_server
from rag.config import EMBEDDED, Settings, misspelt
from rag.encoder import FOLDER, SHA256, BundledEncoder
from rag.errors import AskpapersError, CallerMistake, ModelCut, ModelError, ModelGarbled, ModelRejected, VectorRejected
from rag.heard import Heard
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
LONGEST_TRIAL = 10.0  # seconds that a trial is listened to from its first token on
SHORTEST = 0.01  # seconds of a trial that tell a rate
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
        *_elsewhere(settings),
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

    try:
        model = load_llm(settings)
        if model is None:
            return
        yield from _models(model)
        first, rate = _speed(model)
        yield Check("model", "ok", f"{model.name} at {model.endpoint.base_url}: first token {first:.2f} s, {rate}")
    except ModelError as error:
        what, _, step = str(error).rpartition(". ")
        yield Check("model", "warning", f"answers are extractive: {what or step}", step if what else None)
    except CallerMistake as error:
        yield Check("model", "error", str(error))


def _models(model: Model) -> Iterator[Check]:
    """What the server has, if it says so; not all do. Raises ModelError where it can't be asked at all."""
    try:
        names = model.listed()
    except (ModelRejected, ModelGarbled):
        return  # the trial tells what is wrong, if anything is
    vendor, _, wanted = model.name.partition("/")
    shown = ", ".join(names[:LISTED]) + (" ..." if len(names) > LISTED else "")
    if {wanted, f"{wanted}:latest"} & {*names}:  # Ollama's :latest may be left out
        yield Check("models", "ok", f"the server has: {shown}")
        return
    fix = f"ASKPAPERS_LLM={vendor}/{names[0]}" if names else "Load a model into the server."
    yield Check("models", "warning", f"the server lists no {wanted!r}; it has: {shown or 'none'}", fix)


def _speed(model: Model) -> tuple[float, str]:
    """Seconds to the first token of a trial, and tokens a second after it. Raises ModelError."""
    begun, heard, times = time.perf_counter(), Heard(), list[float]()
    with closing(model.stream(TRIAL)) as tokens:
        for token in tokens:
            if token:
                heard.add(token)
                times += [time.perf_counter()] * bool(token.text or token.thought)
            if heard.is_overlong or (times and time.perf_counter() - times[0] > LONGEST_TRIAL):
                break
        else:
            _trust(model, heard)
    return times[0] - begun, _rate(times)


def _trust(model: Model, heard: Heard) -> None:
    """Raises ModelCut where answers would not be believed, after a trial that went to its end."""
    if not heard.length and not heard.thoughts:
        raise ModelCut(f"{model.name} answers with no text. Try another model.")
    if not heard.is_ended:
        raise ModelCut(
            f"The server of {model.name} ends without finish_reason, as if it broke off. Update it, or try another."
        )


def _rate(times: list[float]) -> str:
    taken = times[-1] - times[0]
    return f"{(len(times) - 1) / taken:.0f} tokens/s" if taken > SHORTEST else "too short to tell a rate"


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


def _elsewhere(settings: Settings) -> list[Check]:
    return [] if settings.chroma == EMBEDDED else [_tried("chroma", lambda: _chroma(settings))]


def _chroma(settings: Settings) -> Check:
    """Whether the server has this library's passages; where it can't be asked, the same papers are found without it."""
    library = Library(settings.library)
    if not len(library):
        return Check("chroma", "ok", "nothing to find yet")
    index = current_index(library, BundledEncoder().fingerprint, server=load_server(settings))
    index.near.ready()
    if index.near.away:
        return Check("chroma", "warning", index.near.away, "Start it: chroma run --host 127.0.0.1 --path DIR")
    return Check("chroma", "ok", f"{settings.chroma} has all {len(index.chunks):,} passages")
