"""How a model answers a trial: how fast, whether it thinks first, whether it streams."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

from rag.citing import without_thoughts
from rag.config import Settings
from rag.errors import ModelCut, ModelGarbled
from rag.heard import Heard
from rag.models import WHOLE, Model
from rag.prompts import TRIAL
from ui.findings import Check

LONGEST_TRIAL = 10.0  # seconds that a trial is listened to from its first token on
SHORTEST = 0.01  # seconds of a trial that tell a rate
SLOW = 5  # tokens a second, about as fast as people read
USUAL = 100  # tokens of an answer
IN_ONE_PIECE = 40  # characters from which on one piece is no token


@dataclass(frozen=True, slots=True)
class Trial:
    """A model that was heard: seconds to its first token; tokens a second, where there were enough to tell."""

    heard: Heard
    first: float
    pieces: int
    rate: float | None


def tried(model: Model) -> Trial:
    """Raises ModelError, also where answers would not be believed."""
    begun, heard, times = time.perf_counter(), Heard(model.endpoint.redacted), list[float]()
    with closing(model.stream(TRIAL)) as tokens:
        for token in tokens:
            if token:
                heard.add(token)
                times += [time.perf_counter()] * bool(token.text or token.thought)
            if heard.is_overlong or (times and time.perf_counter() - times[0] > LONGEST_TRIAL):
                break
        else:
            _trust(model, heard)
    taken = times[-1] - times[0]
    return Trial(heard, times[0] - begun, len(times), (len(times) - 1) / taken if taken > SHORTEST else None)


def _trust(model: Model, heard: Heard) -> None:
    """Raises ModelGarbled or ModelCut where answers would not be believed, after a trial that went to its end."""
    if heard.finish == "content_filter":
        raise ModelCut(f"The server of {model.name} withheld its answer (content_filter). Try another model.")
    if not heard.length and not heard.thoughts:
        raise ModelGarbled(f"{model.name} answers with no text. Try another model.")
    if not heard.is_ended:
        raise ModelCut(
            f"The server of {model.name} ends without finish_reason, as if it broke off. Update it, or try another."
        )


def measured(model: Model, settings: Settings, trial: Trial) -> Check:
    pace = f"{trial.rate:.0f} tokens/s" if trial.rate else "too short to tell a rate"
    message = f"{model.name} at {model.endpoint.base_url}: first token {trial.first:.2f} s, {pace}"
    if not trial.rate or trial.rate >= SLOW:
        return Check("model", "ok", message)
    message = f"{message}: slow, {USUAL} tokens of an answer take {trial.first + USUAL / trial.rate:.0f} s"
    needed = math.ceil((trial.first + settings.llm_max_tokens / trial.rate) / WHOLE)
    if needed > model.endpoint.timeouts.first:
        return Check("model", "warning", message, f"ASKPAPERS_LLM_TIMEOUT={needed}, or take a smaller model.")
    return Check("model", "warning", message, "Take a smaller model, or one of fewer bits a weight.")


def manners(settings: Settings, trial: Trial) -> Iterator[Check]:
    """How it answers: what is worth knowing, though answers can be used."""
    heard = trial.heard
    if heard.thoughts or "<think>" in heard.raw:
        where = "reasoning_content" if heard.thoughts else "<think>"
        message = f"it thinks before it answers, in {where}: left out of answers, but part of ASKPAPERS_LLM_MAX_TOKENS"
        if heard.finish == "length" and not without_thoughts(heard.raw).strip():
            most = 2 * settings.llm_max_tokens
            fix = f"ASKPAPERS_LLM_MAX_TOKENS={most} and ASKPAPERS_LLM_CONTEXT={max(settings.llm_context, 2 * most)}"
            yield Check("reasoning", "warning", f"{message}={settings.llm_max_tokens}, all of which went into it", fix)
        else:
            yield Check("reasoning", "ok", f"{message}={settings.llm_max_tokens}")
    if trial.pieces == 1 and heard.length > IN_ONE_PIECE:
        fix = "Switch buffering off in what stands before the server, if anything does."
        yield Check("streaming", "warning", "an answer comes in one piece: nothing is seen until it is whole", fix)
