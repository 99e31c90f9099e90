"""The answer with a model: prompt out, stream in, every statement checked before it is believed."""

from __future__ import annotations

import re
import secrets
import time
from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any

from rag.check import Similarity
from rag.citations import Said, paint, read
from rag.citing import without_thoughts
from rag.config import Settings
from rag.errors import ContextOverflow, ModelCut, ModelGarbled, ModelUntrue
from rag.heard import Heard
from rag.models import Model
from rag.prompts import answer_prompt, condense_prompt, fitted
from rag.quotes import Quote
from rag.refusal import is_refusal
from rag.room import count_tokens, size
from rag.stream import Redrawn
from rag.types import PAPERS_DONT_SAY, Citation, Draft, Message, Turn
from rag.verify import Weighed, distinct, weigh
from rag.words import tokens

PACE = 0.04  # seconds between two readings of what came so far
LONGEST_QUESTION = 600  # characters of a question made by a model that are believed
REPEATS = 3  # of one sentence, from which on nothing new is expected
GENERIC = frozenset(  # what a question made to stand alone may say of papers, though nobody said it before
    tokens("paper model method approach work study system technique author dataset result compare report propose use")
)

ATTRIBUTED = "Citations were added afterwards, where a quote bears the sentence out."
SHORTENED = "The model reached its limit of tokens; its last, unfinished sentence was left out."
LIMITED = "The model reached its limit of tokens; it may not have said all."
CAPPED = "The model did not stop; what came after the limit was left out."
REPEATED = "Sentences that the model repeated were left out."
STRICT = "Sentences that no quote bears out were left out."
_ENDS = re.compile(r"[.!?…]['\"”’)\]]*$")


@dataclass(frozen=True)
class Writer:
    """Writes answers by a model. `similarity` is the cosine of two texts, by the bundled encoder."""

    model: Model
    similarity: Similarity
    settings: Settings

    def write(self, question: str, quotes: Sequence[Quote], sent: list[Message]) -> Generator[str, None, Draft]:
        """The text in pieces, "" while nothing comes; returns the whole. What is sent is added to `sent`.

        Raises ModelError, whatever was painted by then.
        """
        marker = secrets.token_hex(4)
        quotes = fitted(question, quotes, marker, self.model.fits)
        prompt = answer_prompt(question, quotes, marker)
        if not self.model.fits(prompt):
            raise ContextOverflow(self._no_room(prompt))
        try:
            return (yield from self._written(prompt, quotes, sent))
        except ContextOverflow:  # its window is smaller than we were told, or its tokens are
            count = self.model.count
            most = min(size(prompt, count) // 2, self.model.room.prompt)
        fewer = fitted(question, quotes, marker, lambda prompt: size(prompt, count) <= most)
        smaller = replace(self, model=replace(self.model, room=self.model.room.halved, patience=None))
        try:
            return (yield from smaller._written(answer_prompt(question, fewer, marker), fewer, sent))
        except ContextOverflow as error:
            raise ContextOverflow(f"{error} Or lower ASKPAPERS_LLM_CONTEXT.") from None

    def _no_room(self, prompt: Sequence[Message]) -> str:
        room, needed = self.model.room, self.model.needed(prompt)
        return (
            f"The prompt needs some {needed:,} tokens; ASKPAPERS_LLM_CONTEXT={room.context} leaves {room.prompt:,} for "
            "it beside an answer. Raise it, with the server's own window, or ask a shorter question."
        )

    def _written(
        self, prompt: Sequence[Message], quotes: Sequence[Quote], sent: list[Message]
    ) -> Generator[str, None, Draft]:
        sent += prompt
        heard, painted = Heard(self.model.endpoint.redacted), ""
        for _ in self._listen(prompt, heard):
            now = self._so_far(heard.raw, quotes)
            yield _beyond(painted, now)
            painted = now
        needed = size(prompt, count_tokens)
        self._trust(heard, needed)
        draft = self._draft(heard, quotes, needed)
        yield _beyond(painted, draft.text)
        return draft

    def condensed(
        self, question: str, history: Sequence[Turn], known: str, sent: list[Message]
    ) -> Generator[str, None, str | None]:
        """The question as the model makes it stand alone; None where it can't be believed. Yields "" meanwhile.

        `known` is the conversation, with titles. Raises ModelError where asking for the answer would fail alike.
        """
        prompt = condense_prompt(question, history, secrets.token_hex(4))
        if not self.model.fits(prompt):
            return None
        sent += prompt
        heard = Heard(self.model.endpoint.redacted)
        try:
            for _ in self._listen(prompt, heard):
                yield ""
        except (ContextOverflow, ModelCut, ModelGarbled):
            return None  # the next exchange may go well
        said = paint(read(heard.raw, ()).said).strip().strip('"“”')
        return said if heard.finish == "stop" and _is_believed(said, f"{question} {known}") else None

    def _listen(self, prompt: Sequence[Message], heard: Heard) -> Iterator[None]:
        """Fills `heard`; comes up for air when there is something new to paint, or nothing for a while."""
        read_at = 0.0
        with closing(self.model.stream(prompt)) as stream:
            for token in stream:
                if token:
                    heard.add(token)
                if token is None or time.monotonic() - read_at > PACE:
                    yield
                    read_at = time.monotonic()
                    heard.stopped = CAPPED if heard.is_overlong else REPEATED if _repeats(heard.raw) else None
                    if heard.stopped:
                        return

    def _so_far(self, raw: str, quotes: Sequence[Quote]) -> str:
        """What can be shown while more may follow; in strict mode, whole sentences that were checked."""
        said = read(raw, _texts(quotes), final=False).said
        if not self.settings.strict:
            return paint(said)
        return paint(one.said for one in self._weighed(said[:-1], quotes) if one.verdict.support != "unsupported")

    def _weighed(self, said: Sequence[Said], quotes: Sequence[Quote]) -> list[Weighed]:
        spans = [quote.span for quote in quotes]
        return [weigh(one, spans, self.similarity) for one in said]

    def _trust(self, heard: Heard, sent: int) -> None:
        """Raises ModelCut where the exchange did not go as it should, whatever it says."""
        name = self.model.name
        if not heard.stopped and not heard.is_ended:
            why = "its server withheld it" if heard.finish == "content_filter" else "it broke off"
            raise ModelCut(f"The answer of {name} could not be used: {why}. Ask again, or try another model.")
        if not read(heard.raw, ()).said:
            thought = heard.thoughts or without_thoughts(heard.raw) != heard.raw.lstrip()
            why = "only thought, and said nothing. Raise ASKPAPERS_LLM_MAX_TOKENS" if thought else "said nothing"
            raise ModelCut(f"{name} {why}.")
        if heard.is_of_part(sent):
            raise ModelCut(
                f"The server of {name} read {heard.usage['prompt_tokens']:,} of about {sent:,} tokens: it cuts them. "
                "Raise its context window (Ollama: num_ctx), or lower ASKPAPERS_LLM_CONTEXT."
            )

    def _draft(self, heard: Heard, quotes: Sequence[Quote], sent: int) -> Draft:
        """What the reader gets. Raises ModelCut or ModelUntrue."""
        reading, name = read(heard.raw, _texts(quotes)), self.model.name
        said, notes = _kept(reading.said, heard)
        if not said:
            raise ModelCut(f"{name} was cut in its first sentence. Ask again, or raise ASKPAPERS_LLM_MAX_TOKENS.")
        counted = {"prompt_tokens": sent, "completion_tokens": count_tokens(heard.raw)}
        by = Draft(PAPERS_DONT_SAY, model=name, usage=heard.usage or counted)
        weighed = self._weighed(said, quotes)
        if is_refusal(weighed, [quote.span for quote in quotes]):
            reason = f"{name} found no answer in the {len(quotes)} quotes that come nearest."
            return replace(by, status="abstained", reason=reason)
        if not any(one.verdict.support == "supported" for one in weighed):
            raise ModelUntrue(f"Nothing that {name} said is borne out by what it cites.")
        if self.settings.strict and any(one.verdict.support == "unsupported" for one in weighed):
            weighed, notes = [one for one in weighed if one.verdict.support != "unsupported"], [*notes, STRICT]
        notes += [ATTRIBUTED] * any(one.attributed for one in weighed)
        return replace(by, notes=(*reading.notes, *notes), **_cited(weighed, quotes))


def _cited(weighed: Sequence[Weighed], quotes: Sequence[Quote]) -> dict[str, Any]:
    """A draft's text, statements and citations."""
    numbers: dict[int, int] = {}
    statements = tuple(one.statement(numbers, first=not place) for place, one in enumerate(weighed))
    return {
        "text": "".join(statement.painted for statement in statements),
        "statements": statements,
        "citations": tuple(Citation(mark, quotes[number - 1].span) for number, mark in numbers.items()),
    }


def _texts(quotes: Sequence[Quote]) -> list[str]:
    return [quote.span.text for quote in quotes]


def _beyond(painted: str, now: str) -> str:
    """What is to be painted next."""
    return now[len(painted) :] if now.startswith(painted) else Redrawn(now)


def _repeats(raw: str) -> bool:
    lines = Counter(part.strip() for part in re.split(r"(?<=[.!?])\s+|\n", raw))
    return any(times > REPEATS and len(part) > 20 for part, times in lines.items())


def _kept(said: Sequence[Said], heard: Heard) -> tuple[tuple[Said, ...], list[str]]:
    """Without a last sentence that was cut, and without repetitions; and what is to be said of it."""
    is_cut = bool(heard.stopped or heard.finish == "length") and not _ENDS.search(said[-1].text)
    said = said[:-1] if is_cut else said
    limit = SHORTENED if is_cut else LIMITED
    once = distinct(said)
    notes = (heard.stopped or (limit if heard.finish == "length" else None), REPEATED if once != said else None)
    return once, list(dict.fromkeys(filter(None, notes)))


def _is_believed(condensed: str, known: str) -> bool:
    """Whether it is one question, in words that were said before."""
    foreign = {*tokens(condensed)} - {*tokens(known)} - GENERIC
    return bool(condensed) and "\n" not in condensed and len(condensed) <= LONGEST_QUESTION and not foreign
