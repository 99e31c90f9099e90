"""Does a model's server read as much as is configured? Some cut longer prompts without a word."""

from __future__ import annotations

from collections.abc import Iterator

from rag import served
from rag.config import Settings
from rag.errors import ContextOverflow, ModelError
from rag.models import Model
from rag.room import count_tokens
from ui.findings import Check

TELLING = 10.0  # seconds that a server is given to say its window
SMALLEST = 1024  # window that may be configured
NEAR = 0.9  # of the configured window, as long is the prompt that tries it
SHORTENED = 0.9  # share of that prompt under which the server has not read all of it
FILLER = "one two three four five six seven eight nine ten "  # a token a word, whoever counts
LARGER = {
    True: "OLLAMA_CONTEXT_LENGTH={0} ollama serve",
    False: "llama-server -c {0}, vllm serve --max-model-len {0}, lms load --context-length {0}",
}


def window_checks(model: Model, settings: Settings) -> Iterator[Check]:
    """By what the server says, else by a trial."""
    vendor, _, name = model.name.partition("/")
    if vendor == "openai":
        return  # its windows are many times larger, and a trial would be paid for
    try:
        told = model.endpoint.within(TELLING).call(lambda http: served.window(http, name))
        yield _told(told, settings) if told else _probed(model, name, settings)
    except ModelError as error:
        yield Check("window", "warning", f"the window could not be tried: {error}")


def _told(window: int, settings: Settings) -> Check:
    if window >= settings.llm_context:
        used = f"ASKPAPERS_LLM_CONTEXT={settings.llm_context}"
        return Check("window", "ok", f"the server's window holds {window:,} tokens; {used} is used")
    return _too_small(f"the server's window holds {window:,} tokens", settings, window)


def _probed(model: Model, name: str, settings: Settings) -> Check:
    """By a prompt almost as long as the window is said to be. Raises ModelError."""
    text = FILLER * int(settings.llm_context * NEAR / len(FILLER.split()))
    sent = count_tokens(text)
    try:
        read = model.endpoint.call(lambda http: served.read(http, name, text))
    except ContextOverflow:
        return _too_small(f"the server refuses a prompt of {sent:,} tokens", settings, settings.llm_context // 2)
    if read is None:
        fix = f"Make sure that its window holds ASKPAPERS_LLM_CONTEXT={settings.llm_context} tokens."
        return Check("window", "warning", "the server tells neither its window nor how much it reads", fix)
    if read < SHORTENED * sent:
        return _too_small(f"the server read {read:,} of {sent:,} tokens, and did not say so", settings, read)
    return Check("window", "ok", f"a prompt of {sent:,} tokens is read whole")


def _too_small(what: str, settings: Settings, room: int) -> Check:
    context = settings.llm_context
    larger = f"give the server more ({LARGER[settings.llm.startswith('ollama/')].format(context)})"
    fix = f"ASKPAPERS_LLM_CONTEXT={room}, or {larger}" if room >= SMALLEST else f"{larger[0].upper()}{larger[1:]}"
    return Check("window", "warning", f"{what}, fewer than ASKPAPERS_LLM_CONTEXT={context}", fix)
