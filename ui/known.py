"""What is known of the models and of Chroma before anybody is asked: what is set, and what is lacking."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal

from pydantic import SecretStr

from rag.chroma_server import load_server
from rag.config import EMBEDDED, Settings
from rag.errors import CallerMistake, ModelUnconfigured
from rag.models import load_embedding, load_llm
from rag.retrieve import STANDBY
from ui.doctor import configuration
from ui.findings import Check

LATER = "whether it answers, the test tells"


def known(settings: Settings) -> Iterator[Check]:
    """Nothing is asked, opened or built for these."""
    yield from configuration(settings)
    yield _told("model", "answers are extractive:", lambda: _model(settings))
    yield _told("embedding", STANDBY, lambda: _embedding(settings))
    yield _told("chroma", "", lambda: _chroma(settings))


def _told(name: str, instead: str, look: Callable[[], str]) -> Check:
    """`instead` is what serves where something is lacking."""
    try:
        return Check(name, "ok", look())
    except ModelUnconfigured as error:
        what, _, step = str(error).rpartition(". ")
        return Check(name, "warning", f"{instead} {what}", step)
    except CallerMistake as error:
        return Check(name, "error", str(error))


def _model(settings: Settings) -> str:
    model = load_llm(settings)
    if model is None:
        return "none is asked"
    return f"{model.name} at {model.endpoint.base_url}, {_key(settings, 'llm')}; {LATER}"


def _embedding(settings: Settings) -> str:
    embedding = load_embedding(settings)
    if embedding is None:
        return "papers are found by the bundled encoder"
    return f"{embedding.name} at {embedding.asking.base_url}, {_key(settings, 'embedding')}; {LATER}"


def _key(settings: Settings, what: Literal["llm", "embedding"]) -> str:
    """Of a key, only whether there is one."""
    hosted = getattr(settings, what).startswith("openai/")
    setting, name = (
        ("OPENAI_API_KEY", "openai_api_key") if hosted else (f"ASKPAPERS_{what.upper()}_API_KEY", f"{what}_api_key")
    )
    key: SecretStr | None = getattr(settings, name)
    return f"{setting} is set" if key and key.get_secret_value() else f"{setting} is not set"


def _chroma(settings: Settings) -> str:
    server = load_server(settings)
    return f"at {server.address}; {LATER}" if server else f"{EMBEDDED}, in the library's folder"
