"""The only file that names a vendor: from settings to a model that writes, or makes vectors.

LlamaIndex's OpenAI-compatible client speaks to all of them; where it may connect, and how often, is the endpoint's.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from llama_index.core.base.embeddings.base import BaseEmbedding
from llama_index.core.base.llms.types import ChatMessage, ChatResponse
from llama_index.core.llms import LLM

from rag.address import base_of, checked_url
from rag.config import Settings
from rag.endpoint import Endpoint, Timeouts
from rag.errors import BadSetting, ModelUnconfigured
from rag.masked import masked
from rag.room import Count, Room, cautious, size
from rag.served import Tokenizer, names
from rag.types import Message
from rag.writer import unit

if TYPE_CHECKING:
    import httpx

OPENAI = "https://api.openai.com/v1"
OLLAMA = "http://127.0.0.1:11434/v1"
HOSTED = Timeouts(first=60)
LOCAL = Timeouts(first=300)  # a model may have to be loaded first
NEAR = 0.5  # of the room: some tokenizers make twice as many tokens as ours
WHOLE = 10  # times the first token's timeout: when an answer has to be there
COUNTING = Timeouts(connect=1, first=2, between=2, again=())
ASKING = Timeouts(first=10, again=(0.5,))  # a reader waits, and the bundled encoder could serve
ADDING = Timeouts(first=300, again=(0.5, 1, 2, 4, 8))  # many texts at once, of hosts that limit the rate
MOST_TEXTS = 256  # of a request
FINISHES = {"eos": "stop", "eos_token": "stop", "end_turn": "stop", "stop_sequence": "stop", "max_tokens": "length"}


@dataclass(frozen=True, slots=True)
class Token:
    """What came of a model at once; counts are of the whole exchange, where the server tells them."""

    text: str = ""
    thought: str = ""
    finish: str | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


SILENCE = Token()  # a role without a word, an empty piece: no sign of life


@dataclass(frozen=True, slots=True)
class Model:
    """A model at an endpoint. `client` makes any LlamaIndex LLM that sends by the HTTP client it is given.

    It is also given the most tokens of an answer; `count` counts those of a text, as the server does if it tells.
    """

    name: str  # as configured, "ollama/qwen3"
    endpoint: Endpoint
    client: Callable[[httpx.Client, int], LLM]
    room: Room
    count: Count
    patience: float | None = None  # seconds to a first token, where fewer are left than the endpoint's

    def stream(self, prompt: Sequence[Message]) -> Generator[Token | None, None, None]:
        """Its tokens as they come, None while nothing comes; closing it ends the request. Raises ModelError."""
        messages = [ChatMessage(role=message.role, content=message.content) for message in prompt]
        most = self.room.beside(self.needed(prompt))

        def tokens(http: httpx.Client) -> Iterator[Token]:
            found = map(_token, self.client(http, most).stream_chat(messages))
            return (token for token in found if token != SILENCE)

        return self.endpoint.stream(tokens, patience=self.patience)

    def fits(self, prompt: Sequence[Message]) -> bool:
        """Whether there is room for it."""
        return self.needed(prompt) <= self.room.prompt

    def needed(self, prompt: Sequence[Message]) -> int:
        """Its tokens; the server, whose count is the one that matters, is asked only where ours comes near the room."""
        ours = size(prompt, cautious)
        return size(prompt, self.count) if ours > NEAR * self.room.prompt else ours

    def listed(self) -> tuple[str, ...]:
        """The models that the server says it has. Raises ModelError."""
        return self.endpoint.call(names)


def load_llm(settings: Settings) -> Model | None:
    """The configured model; None for extractive answers. Raises ModelUnconfigured, and BadSetting for a bad address."""
    if settings.llm == "extractive":
        return None
    import openai.resources.chat.completions  # noqa: F401 - else the first answer waits for it

    from rag.dialects import ChatModel

    name = settings.llm.partition("/")[2]

    def client(http: httpx.Client, most: int) -> LLM:
        return ChatModel(
            model=name,
            api_base=str(http.base_url),
            api_key="set by the endpoint",  # else the client takes OpenAI's from the environment, whoever is asked
            http_client=http,
            is_chat_model=True,
            context_window=settings.llm_context,
            max_tokens=most,
            temperature=0.0,
            max_retries=0,
            reuse_client=False,
            additional_kwargs={"stream_options": {"include_usage": True}},
        )

    hosted, local = (_patience(usual, settings) for usual in (HOSTED, LOCAL))
    endpoint = _endpoint("llm", settings, hosted, local)
    count = Tokenizer(_endpoint("llm", settings, COUNTING, COUNTING), name)
    return Model(settings.llm, endpoint, client, Room.of(settings), count)


@dataclass(frozen=True, slots=True)
class Embedding:
    """An encoder at an endpoint. `client` makes any LlamaIndex embedding that sends by the HTTP client it is given."""

    name: str  # as configured, "ollama/nomic-embed-text"
    asking: Endpoint  # for questions
    adding: Endpoint  # for papers
    client: Callable[[httpx.Client], BaseEmbedding]

    @property
    def fingerprint(self) -> str:
        """The model and where it is served: of two servers, who knows if they serve the same one."""
        return f"{self.name}@{self.adding.base_url.partition('://')[2]}"

    def vector(self, text: str) -> np.ndarray:
        """A question's: (d,) float32, unit length. Raises ModelError, within seconds, and VectorRejected."""
        vector = self.asking.call(lambda http: self.client(http).get_query_embedding(text))
        found: np.ndarray = unit(self.fingerprint, [text], [vector])[0]
        return found

    def vectors(self, texts: Sequence[str]) -> np.ndarray:
        """A row a text: (n, d) float32, unit length.

        Raises ModelError, of which ContextOverflow may mean too many at once, and VectorRejected.
        """
        if not texts:
            return np.empty((0, 0), np.float32)
        found = self.adding.call(lambda http: self.client(http).get_text_embedding_batch(list(texts)))
        return unit(self.fingerprint, texts, found)


def load_embedding(settings: Settings) -> Embedding | None:
    """The configured one; None for the bundled. Raises ModelUnconfigured, and BadSetting for a bad address."""
    if settings.embedding == "bundled":
        return None
    import openai.resources.embeddings  # noqa: F401 - else the first question waits for it

    from rag.dialects import OrderedEmbedding

    name = settings.embedding.partition("/")[2]

    def client(http: httpx.Client) -> BaseEmbedding:
        return OrderedEmbedding(
            model_name=name,
            embed_batch_size=MOST_TEXTS,
            api_base=str(http.base_url),
            api_key="set by the endpoint",
            http_client=http,
            max_retries=0,
            reuse_client=False,
        )

    asking, adding = (_endpoint("embedding", settings, patience, patience) for patience in (ASKING, ADDING))
    return Embedding(settings.embedding, asking, adding, client)


def _endpoint(what: Literal["llm", "embedding"], settings: Settings, hosted: Timeouts, local: Timeouts) -> Endpoint:
    """Each key goes to its own host only: OpenAI's to OpenAI, `what`'s to its base URL."""
    setting = f"ASKPAPERS_{what.upper()}"
    spec, url, key = (getattr(settings, name) for name in (what, f"{what}_base_url", f"{what}_api_key"))
    vendor = spec.partition("/")[0]
    if vendor == "openai":
        if url:
            hint = f"To ask that server, set {setting}=local/{spec.partition('/')[2]}; else leave the address empty."
            raise BadSetting(f"{setting}={spec} is asked at OpenAI only, but {setting}_BASE_URL is set. {hint}")
        if settings.openai_api_key is None:
            raise ModelUnconfigured(f"{spec} needs a key. Set OPENAI_API_KEY, or another {setting}.")
        return Endpoint(OPENAI, settings.openai_api_key, "OPENAI_API_KEY", hosted)
    url = url or (OLLAMA if vendor == "ollama" else None)
    if url is None:
        raise ModelUnconfigured(f"{spec} needs its server's address. Set {setting}_BASE_URL=http://127.0.0.1:8080/v1")
    at_once = settings.llm_parallel if what == "llm" else None  # a vector takes no time that one would wait for
    return Endpoint(_base(url, f"{setting}_BASE_URL"), key, f"{setting}_API_KEY", local, at_once=at_once)


def _base(url: str, setting: str) -> str:
    """Raises BadSetting, and ModelUnconfigured where a whole address was copied."""
    whole = checked_url(url, setting)
    if (base := base_of(whole)) != whole:
        added, fix = whole.removeprefix(base), f"Set {setting}={masked(base)}"
        raise ModelUnconfigured(f"{setting}={masked(whole)} ends in {added}, which is added to it. {fix}")
    return whole


def _patience(usual: Timeouts, settings: Settings) -> Timeouts:
    first = settings.llm_timeout or usual.first
    return Timeouts(first=first, between=min(usual.between, first), whole=WHOLE * first)


def _token(response: ChatResponse) -> Token:
    """Whatever stands in a field that is not of its kind counts as not told."""
    raw: Any = response.raw
    choice = raw.choices[0] if raw.choices else None
    usage = getattr(raw, "usage", None)
    finish = getattr(choice, "finish_reason", None)
    return Token(
        text=response.delta or "",
        thought=str(response.additional_kwargs.get("thinking_delta") or ""),
        finish=FINISHES.get(finish, finish) if isinstance(finish, str) else None,
        prompt_tokens=_count(usage, "prompt_tokens"),
        completion_tokens=_count(usage, "completion_tokens"),
    )


def _count(usage: object, name: str) -> int | None:
    count = getattr(usage, name, None)
    return count if type(count) is int and count >= 0 else None
