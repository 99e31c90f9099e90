"""What a server says and does beyond writing answers: its models, its context window, its count of tokens.

OpenAI's protocol tells names alone; all else is asked for where the servers that people run have it, if they do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import httpx

from rag.endpoint import Endpoint
from rag.errors import ModelError, ModelGarbled, ModelRejected
from rag.room import cautious

KNOWN = 512  # counts that are kept
READ_WINDOW = ("max_model_len", "context_length", "context_window")  # vLLM, and hosts of many models


class Tokenizer:
    """Counts as the server does where it offers that (llama.cpp and vLLM do); else as we do, cautiously."""

    def __init__(self, endpoint: Endpoint, model: str) -> None:
        """`endpoint` should be impatient: a reader waits."""
        self._endpoint, self._model = endpoint, model
        self._counts: dict[str, int] = {}
        self._is_offered = True

    def __call__(self, text: str) -> int:
        """Tokens of a text."""
        if text not in self._counts and self._is_offered:
            self._ask(text)
        return self._counts.get(text) or cautious(text)

    def _ask(self, text: str) -> None:
        try:
            found = self._endpoint.call(lambda http: tokens(http, self._model, text))
        except (ModelRejected, ModelGarbled):
            self._is_offered = False
        except ModelError:
            pass  # it is away, or busy: what is wrong, the answer will tell
        else:
            if len(self._counts) >= KNOWN:
                self._counts.clear()
            self._counts[text] = found


def tokens(http: httpx.Client, model: str, text: str) -> int:
    """How many a text has for the model. llama.cpp reads `content`, vLLM `prompt`."""
    asked = {"model": model, "content": text, "prompt": text}
    return len(http.post(beside(http, "tokenize"), json=asked).json()["tokens"])


def names(http: httpx.Client) -> tuple[str, ...]:
    """The models that the server has."""
    return tuple(str(entry["id"]) for entry in http.get("models").json()["data"] or ())  # Ollama's null: none


def window(http: httpx.Client, model: str) -> int | None:
    """Tokens that the window holds with which the model is loaded; None where the server doesn't say."""
    places: tuple[tuple[str | httpx.URL, Callable[[Any, str], int | None]], ...] = (
        ("models", _of_list),
        (beside(http, "props"), lambda found, _: _number(found, "default_generation_settings", "n_ctx")),  # llama.cpp
        (beside(http, "api/ps"), _of_ollama),
        (beside(http, "api/v1/models"), _of_lm_studio),
    )
    for url, told in places:
        with suppress(ModelRejected, ModelGarbled, ValueError):
            if found := told(http.get(url).json(), model):
                return found
    return None


def read(http: httpx.Client, model: str, text: str) -> int | None:
    """Tokens that the server says to have read of a text; None where it doesn't say."""
    return _number(_reply(http, model, text, most=1), "usage", "prompt_tokens")


def speaks_at_once(http: httpx.Client, model: str, text: str) -> bool:
    """Whether there is an answer in one piece, to a request that asks for no stream."""
    choices = _list(_reply(http, model, text, most=16), "choices")
    return any(isinstance(one, dict) and (one.get("message") or {}).get("content") for one in choices)


def completes(http: httpx.Client, model: str, text: str) -> bool:
    """Whether the model goes on with a text, as models do that were not tuned to chat."""
    found = http.post("completions", json={"model": model, "prompt": text, "max_tokens": 1}).json()
    return isinstance(found, dict) and bool(found.get("choices"))


def beside(http: httpx.Client, path: str) -> httpx.URL:
    """What a server has outside of /v1."""
    return http.base_url.join(f"../{path}")


def is_of(listed: Sequence[str], name: str) -> bool:
    """Whether a model is among those listed; Ollama's :latest may be left out."""
    return bool({name, f"{name}:latest"} & {*listed})


def _reply(http: httpx.Client, model: str, text: str, most: int) -> dict[str, Any]:
    asked = {"model": model, "messages": [{"role": "user", "content": text}], "max_tokens": most, "temperature": 0}
    found = http.post("chat/completions", json=asked).json()
    return found if isinstance(found, dict) else {}


def _of_list(found: Any, model: str) -> int | None:
    entry = _entry(found, "data", "id", model)
    told = [_number(entry, name) for name in READ_WINDOW] + [_number(entry, "meta", "n_ctx")]  # the last: llama.cpp
    return next(filter(None, told), None)


def _of_ollama(found: Any, model: str) -> int | None:
    return _number(_entry(found, "models", "name", model), "context_length")


def _of_lm_studio(found: Any, model: str) -> int | None:
    loaded = [one for entry in _list(found, "models") for one in _list(entry, "loaded_instances")]
    return _number(_entry({"loaded": loaded}, "loaded", "id", model), "config", "context_length")


def _entry(found: Any, listed: str, key: str, model: str) -> Any:
    """Of the model; of the only one there is, whatever it is called."""
    entries = [one for one in _list(found, listed) if isinstance(one, dict)]
    named = [one for one in entries if is_of([str(one.get(key))], model)]
    return next(iter(named or (entries if len(entries) == 1 else [])), None)


def _list(found: Any, key: str) -> list[Any]:
    value = found.get(key) if isinstance(found, dict) else None
    return value if isinstance(value, list) else []


def _number(found: Any, *path: str) -> int | None:
    for key in path:
        found = found.get(key) if isinstance(found, dict) else None
    return found if type(found) is int and found > 0 else None
