"""A configured embedding, and scripted servers that give its vectors."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from canary import KEY

from eval.replies import Body, Reply
from eval.scripted import Server
from ingest.add import embed
from rag.config import Settings
from rag.encoder import BundledEncoder
from rag.endpoint import Endpoint, Timeouts
from rag.library import Library
from rag.models import Embedding, load_embedding
from rag.pipeline import Pipeline
from rag.types import Answer, Query
from rag.writer import Kind

QUESTION = "How much shorter do capsule prompts get?"
PASSAGES = 180  # of the shipped papers
BOTH: tuple[Kind, ...] = ("passage", "sentence")
ZYXEL: dict[str, Any] = {
    "title": "Zyxel lattices",
    "abstract": "We show that Zyxel lattices fold at 40 kelvin.",
    "year": 2021,
}
QUICK = Timeouts(connect=0.5, first=5, between=5, again=(0.01,))


def configure(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASKPAPERS_EMBEDDING", "local/scripted")
    monkeypatch.setenv("ASKPAPERS_EMBEDDING_BASE_URL", server.url)
    monkeypatch.setenv("ASKPAPERS_EMBEDDING_API_KEY", KEY)


def settings(server: Server, name: str = "local/scripted") -> Settings:
    return Settings.model_validate({"embedding": name, "embedding_base_url": server.url, "embedding_api_key": KEY})


def loaded(server: Server, name: str = "local/scripted", timeouts: Timeouts = QUICK) -> Embedding:
    """As configured, but less patient."""
    embedding = load_embedding(settings(server, name))
    assert embedding
    impatient = Endpoint(server.url, settings(server).embedding_api_key, timeouts=timeouts)
    return replace(embedding, asking=impatient, adding=impatient)


def fill(library: Library, embedding: Embedding) -> None:
    embed(library, embedding, ("passage",))


def texts(server: Server) -> list[str]:
    """All that were asked for, in their order."""
    given = [request.body["input"] for request in server.requests]
    return [text for some in given for text in ([some] if isinstance(some, str) else some)]


def asked(pipeline: Pipeline) -> Answer:
    return pipeline.ask(Query(QUESTION)).answer


def found(answer: Answer) -> list[str]:
    return [passage.span.paper.id for passage in answer.passages]


def speaking(library: Library, encoder: BundledEncoder) -> Callable[[Body], Reply]:
    """Serves the bundled model, at another length of its vectors."""
    chunks = library.chunks("passage", encoder.fingerprint)
    known = {f"{one.span.paper.title}. {one.span.text}": one.vector for one in chunks}

    def reply(body: Body) -> Reply:
        given = [body["input"]] if isinstance(body["input"], str) else body["input"]
        vectors = [known[text] if text in known else encoder.vector(text) for text in given]
        data = [{"object": "embedding", "index": n, "embedding": (2 * v).tolist()} for n, v in enumerate(vectors)]
        return Reply(raw=json.dumps({"object": "list", "model": "m", "data": data}).encode())

    return reply


def sized(*sizes: int) -> Callable[[Body], Reply]:
    """Vectors of so many ones, a size a request; the last again and again."""
    left = iter(sizes)

    def reply(body: Body) -> Reply:
        vector = [1.0] * next(left, sizes[-1])
        count = 1 if isinstance(body["input"], str) else len(body["input"])
        data = [{"object": "embedding", "index": place, "embedding": vector} for place in range(count)]
        return Reply(raw=json.dumps({"object": "list", "model": "m", "data": data}).encode())

    return reply
