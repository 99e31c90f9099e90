"""What servers have outside of OpenAI's /v1, for a scripted one to have it, too."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from eval.replies import Body, Reply
from eval.scripted import Server


def has(server: Server, path: str, found: Callable[[Body], Any]) -> None:
    """From now on, it answers at that path with what is `found`, as JSON."""
    server._scripts[path] = lambda body: Reply(raw=json.dumps(found(body)).encode())


def words(body: Body) -> dict[str, list[int]]:
    """llama.cpp's and vLLM's /tokenize, of a model that takes every word for a token."""
    assert body["content"] == body["prompt"]
    return {"tokens": list(range(len(body["content"].split())))}
