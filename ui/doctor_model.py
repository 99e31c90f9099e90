"""Does the configured model answer, and if not, which line mends it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, TypeVar

from rag import served
from rag.config import Settings
from rag.errors import (
    AskpapersError,
    CallerMistake,
    ModelError,
    ModelGarbled,
    ModelRejected,
    ModelUnreachable,
)
from rag.models import Model, load_llm
from rag.prompts import TRIAL
from ui.doctor_trial import manners, measured, tried
from ui.doctor_window import window_checks
from ui.elsewhere import answering, shown, usable
from ui.findings import Check

if TYPE_CHECKING:
    import httpx

T = TypeVar("T")

LISTING = 10.0  # seconds that a server is given to say what it has
LOADING = 120.0  # seconds that a server is given to load its model
PAUSE = 1.0  # seconds between looks at whether it has
_LOADS = re.compile(r"\(503: .*load", re.IGNORECASE)
_NO_CHAT = re.compile(r"chat.template|not a chat model|does not support chat", re.IGNORECASE)
_KEY = re.compile(r"\b\w+_API_KEY\b")


def model_checks(settings: Settings) -> Iterator[Check]:
    """One by one, as they are made; none where no model is configured.

    Asking works without a model, so that nothing but a mistaken setting is an error.
    """
    try:
        if model := load_llm(settings):
            yield Check("asking", "ok", _plan(model))
            yield from _tried(model, settings)
    except ModelError as error:
        what, step = _parted(error)
        yield Check("model", "warning", f"answers are extractive: {what}", step)
    except CallerMistake as error:
        yield Check("model", "error", *_parted(error))


def _parted(error: AskpapersError) -> tuple[str, str | None]:
    """What is wrong, and the next step."""
    what, _, step = str(error).rpartition(". ")
    return (what, step) if what else (step, None)


def _plan(model: Model) -> str:
    trial = f"then {model.name} is tried, for up to {model.endpoint.timeouts.first:g} s"
    return f"{model.endpoint.base_url} is asked what it has, for up to {LISTING:g} s; {trial}"


def _tried(model: Model, settings: Settings) -> Iterator[Check]:
    """Raises ModelError."""
    listed: tuple[str, ...] | None = None
    try:
        listed = yield from _once_loaded(_listed, model, settings)
        if listed is not None:
            yield _named(model, listed)
        trial = yield from _once_loaded(tried, model, settings)
    except ModelError as error:
        if better := _explained(model, settings, error, listed):
            yield better
            return
        raise
    yield measured(model, settings, trial)
    yield from manners(settings, trial)
    yield from window_checks(model, settings)


def _once_loaded(work: Callable[[Model], T], model: Model, settings: Settings) -> Generator[Check, None, T]:
    """What `work` returns, tried anew while the server says that it loads its model. Raises ModelError."""
    until, is_told = time.monotonic() + LOADING, False
    while True:
        try:
            return work(load_llm(settings) or model)  # anew: after some failures, one leaves its server alone
        except ModelUnreachable as error:
            if not _LOADS.search(str(error)) or time.monotonic() > until:
                raise
        if not is_told:
            is_told = True
            yield Check("loading", "ok", f"the server loads its model: it is waited for, up to {LOADING:g} s")
        time.sleep(PAUSE)


def _listed(model: Model) -> tuple[str, ...] | None:
    """What the server has; not all say it, then the trial tells what is wrong. Raises ModelError."""
    try:
        return replace(model, endpoint=model.endpoint.within(LISTING)).listed()
    except (ModelRejected, ModelGarbled):
        return None


def _named(model: Model, listed: tuple[str, ...]) -> Check:
    vendor, _, wanted = model.name.partition("/")
    has = shown(model.endpoint, listed)
    if served.is_of(listed, wanted):
        return Check("models", "ok", f"the server has: {has}")
    named = usable(model.endpoint, listed)
    near = get_close_matches(wanted, named, 1) or named
    fix = f"ASKPAPERS_LLM={vendor}/{near[0]}" if near else "Load a model into the server."
    if vendor == "ollama":
        fix = f"{fix}, or: ollama pull {wanted}"
    return Check("models", "warning", f"the server lists no {wanted!r}; it has: {has}", fix)


def _explained(model: Model, settings: Settings, error: ModelError, listed: tuple[str, ...] | None) -> Check | None:
    """What is behind a failure, where more can be found out than it says itself."""
    name = model.name.partition("/")[2]
    if model.name.startswith("openai/") or _KEY.search(str(error)):
        return None
    if listed is None and (url := answering(model.endpoint.base_url, settings.llm_api_key)):
        what = str(error).partition(". ")[0]
        return _unused(f"{what}. A server answers at {url}", f"ASKPAPERS_LLM_BASE_URL={url}")
    if isinstance(error, ModelGarbled | ModelRejected):
        if _can(model, lambda http: served.speaks_at_once(http, name, TRIAL[0].content)):
            what = f"{model.name} answers in one piece only, and does not stream"
            return _unused(what, "Switch streaming on in the server, or in what stands before it, or take another.")
        if _NO_CHAT.search(str(error)) or _can(model, lambda http: served.completes(http, name, TRIAL[0].content)):
            fix = f"Take one that is tuned to chat: ASKPAPERS_LLM={model.name.partition('/')[0]}/NAME"
            return _unused(f"{model.name} is no chat model: it goes on with a text, but takes no messages", fix)
    return None


def _unused(why: str, fix: str) -> Check:
    return Check("model", "warning", f"answers are extractive: {why}", fix)


def _can(model: Model, work: Callable[[httpx.Client], bool]) -> bool:
    try:
        return model.endpoint.call(work)
    except ModelError:
        return False
