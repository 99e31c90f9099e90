"""What servers say otherwise than OpenAI, read by LlamaIndex's clients as it is meant.

Heavy to import: only the loader of a model does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from llama_index.embeddings.openai_like import OpenAILikeEmbedding
from llama_index.llms.openai_like import OpenAILike
from openai import OpenAI

from rag.errors import ModelGarbled


class ChatModel(OpenAILike):
    """Takes what is null or missing in an event (its choices: a ping; one's delta: an end) as what says nothing."""

    def _get_client(self) -> OpenAI:
        return _Client(**self._get_credential_kwargs())


class _Client(OpenAI):
    def _process_response_data(self, *, data: object, **how: Any) -> Any:
        if isinstance(data, dict):  # LlamaIndex counts choices, and passes over one without a delta
            choices = [_with_delta(choice) for choice in data.get("choices") or []]
            data = data | {"choices": choices}
        return super()._process_response_data(data=data, **how)


def _with_delta(choice: object) -> object:
    return choice | {"delta": choice.get("delta") or {}} if isinstance(choice, dict) else choice


class OrderedEmbedding(OpenAILikeEmbedding):
    """Goes by the `index` of each vector: a server may list them in any order, and LlamaIndex takes them as listed."""

    def _get_query_embedding(self, query: str) -> list[float]:
        return self._get_text_embeddings([query])[0]

    def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
        """In the order of `texts`. Raises ModelGarbled."""
        try:
            found = self._get_client().embeddings.create(input=texts, model=self._text_engine).data
        except AttributeError:  # a list, or a word: llama.cpp speaks a protocol of its own outside of /v1
            base = str(self.api_base).rstrip("/")
            fix = "Is it the right server?" if base.endswith("/v1") else f"Set ASKPAPERS_EMBEDDING_BASE_URL={base}/v1"
            raise ModelGarbled(f"{base} sends no vectors as OpenAI does. {fix}") from None
        return [found[place].embedding for place in _places([one.index for one in found], len(texts))]


def _places(indexes: Sequence[int | None], count: int) -> list[int]:
    """Of each text's vector in the list. Raises ModelGarbled unless every text has exactly one."""
    places = {index: place for place, index in enumerate(indexes)}
    if len(indexes) != count or places.keys() != set(range(count)):
        wanted = f"`index` must be 0 to {count - 1}, each once"
        raise ModelGarbled(f"The server doesn't say which vector is whose ({wanted}). Update it, or take another.")
    return [places[number] for number in range(count)]
