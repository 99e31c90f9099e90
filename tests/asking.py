"""Asking a scripted model, as the product asks a real one."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
import pytest
from canary import KEY
from llama_index.core.base.llms.types import ChatMessage
from llama_index.embeddings.openai_like import OpenAILikeEmbedding
from llama_index.llms.openai_like import OpenAILike
from pydantic import SecretStr

from eval.replies import Script, said
from eval.scripted import Server, scripted
from rag.endpoint import Endpoint, Timeouts
from rag.errors import ModelError

SETTING = "ASKPAPERS_LLM_API_KEY"
QUICK = Timeouts(connect=2, first=5, between=5, again=(0.01, 0.02))
HANGS = Timeouts(connect=2, first=0.6, between=0.3, again=(0.01, 0.02))
ANSWER = "It is faster [1]."
OK = said(ANSWER)


def endpoint(server: Server, timeouts: Timeouts = QUICK) -> Endpoint:
    return Endpoint(server.url, SecretStr(KEY), timeouts=timeouts)


def chat(server: Server) -> Callable[[httpx.Client], Iterator[str]]:
    """A streamed answer through LlamaIndex's own client, as the product asks for it."""

    def work(http: httpx.Client) -> Iterator[str]:
        llm = OpenAILike(
            model="scripted",
            api_base=server.url,
            api_key="x",
            is_chat_model=True,
            max_retries=0,
            http_client=http,
            reuse_client=False,
        )
        return (step.delta or "" for step in llm.stream_chat([ChatMessage("[1] It is faster.")]))

    return work


def embed(server: Server) -> Callable[[httpx.Client], list[list[float]]]:
    def work(http: httpx.Client) -> list[list[float]]:
        model = OpenAILikeEmbedding("scripted", api_base=server.url, api_key="x", max_retries=0, http_client=http)
        return model.get_text_embedding_batch(["one", "two"])

    return work


def answer(server: Server, timeouts: Timeouts = QUICK) -> str:
    return "".join(filter(None, endpoint(server, timeouts).stream(chat(server))))


def refused(script: Script, kind: type[ModelError], timeouts: Timeouts = QUICK) -> tuple[str, int]:
    """What is said, and how many requests it took."""
    with scripted(script) as server:
        with pytest.raises(kind) as caught:
            answer(server, timeouts)
        return str(caught.value), len(server.requests)


@contextmanager
def no_thread_stays() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    until = time.monotonic() + 1
    while (left := set(threading.enumerate()) - before) and time.monotonic() < until:
        time.sleep(0.01)
    assert not left
