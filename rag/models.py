"""The only file that names a vendor: from settings to a model that writes.

LlamaIndex's OpenAI-compatible client speaks to all of them; where it may connect, and how often, is the endpoint's.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llama_index.core.base.llms.types import ChatMessage, ChatResponse
from llama_index.core.llms import LLM

from rag.config import Settings
from rag.endpoint import Endpoint, Timeouts, checked_url
from rag.errors import ModelUnconfigured
from rag.types import Message

if TYPE_CHECKING:
    import httpx

OPENAI = "https://api.openai.com/v1"
OLLAMA = "http://127.0.0.1:11434/v1"
HOSTED = Timeouts(first=60)
LOCAL = Timeouts(first=300)  # a model may have to be loaded first


@dataclass(frozen=True, slots=True)
class Token:
    """What came of a model at once; counts are of the whole exchange, where the server tells them."""

    text: str = ""
    thought: str = ""
    finish: str | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Model:
    """A model at an endpoint. `client` makes any LlamaIndex LLM that sends by the HTTP client it is given."""

    name: str  # as configured, "ollama/qwen3"
    endpoint: Endpoint
    client: Callable[[httpx.Client], LLM]

    def stream(self, prompt: Sequence[Message]) -> Iterator[Token | None]:
        """Its tokens as they come, None while nothing comes; closing it ends the request. Raises ModelError."""
        messages = [ChatMessage(role=message.role, content=message.content) for message in prompt]
        return self.endpoint.stream(lambda http: map(_token, self.client(http).stream_chat(messages)))

    def listed(self) -> tuple[str, ...]:
        """The models that the server says it has. Raises ModelError."""
        found = self.endpoint.call(lambda http: [str(entry["id"]) for entry in http.get("models").json()["data"]])
        return tuple(found)


def load_llm(settings: Settings) -> Model | None:
    """The configured model; None for extractive answers. Raises ModelUnconfigured, and BadSetting for a bad address."""
    if settings.llm == "extractive":
        return None
    import openai.resources.chat.completions  # noqa: F401 - else the first answer waits for it
    from llama_index.llms.openai_like import OpenAILike

    vendor, _, name = settings.llm.partition("/")

    def client(http: httpx.Client) -> LLM:
        return OpenAILike(
            model=name,
            api_base=str(http.base_url) or OPENAI,
            api_key="set by the endpoint",  # else the client takes OpenAI's from the environment, whoever is asked
            http_client=http,
            is_chat_model=True,
            context_window=settings.llm_context,
            max_tokens=settings.llm_max_tokens,
            temperature=0.0,
            max_retries=0,
            reuse_client=False,
            additional_kwargs={"stream_options": {"include_usage": True}},
        )

    return Model(settings.llm, _endpoint(vendor, settings), client)


def _endpoint(vendor: str, settings: Settings) -> Endpoint:
    if vendor == "openai":
        if settings.openai_api_key is None:
            raise ModelUnconfigured(f"{settings.llm} needs a key. Set OPENAI_API_KEY, or another ASKPAPERS_LLM.")
        return Endpoint(OPENAI, settings.openai_api_key, "OPENAI_API_KEY", _patience(HOSTED, settings))
    url = settings.llm_base_url or (OLLAMA if vendor == "ollama" else None)
    if url is None:
        raise ModelUnconfigured(
            f"{settings.llm} needs its server's address. Set ASKPAPERS_LLM_BASE_URL=http://127.0.0.1:8080/v1"
        )
    url = checked_url(url, "ASKPAPERS_LLM_BASE_URL")
    return Endpoint(url, settings.llm_api_key, "ASKPAPERS_LLM_API_KEY", _patience(LOCAL, settings))


def _patience(usual: Timeouts, settings: Settings) -> Timeouts:
    if settings.llm_timeout is None:
        return usual
    return Timeouts(first=settings.llm_timeout, between=min(usual.between, settings.llm_timeout))


def _token(response: ChatResponse) -> Token:
    raw: Any = response.raw
    choice = raw.choices[0] if raw.choices else None
    usage = getattr(raw, "usage", None)
    return Token(
        text=response.delta or "",
        thought=str(response.additional_kwargs.get("thinking_delta") or ""),
        finish=choice.finish_reason if choice else None,
        prompt_tokens=usage.prompt_tokens if usage else None,
        completion_tokens=usage.completion_tokens if usage else None,
    )


def count_tokens(text: str) -> int:
    """As OpenAI's newer models count; others differ by some tens of percent."""
    return len(_encoding().encode(text, disallowed_special=()))


@cache
def _encoding() -> Any:
    """From the tables that LlamaIndex carries: tiktoken would download them."""
    import llama_index.core
    import tiktoken

    tables = Path(llama_index.core.__file__).parent / "_static" / "tiktoken_cache"
    os.environ["TIKTOKEN_CACHE_DIR"] = str(tables)
    return tiktoken.get_encoding("o200k_base")
