"""The one way in: a query to a streamed, cited answer."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar

from rag import extract
from rag.about import among
from rag.check import Similarity
from rag.config import Settings
from rag.encoder import BundledEncoder
from rag.errors import AskpapersError, ModelError, ModelUnconfigured, QuestionRefused
from rag.evidence import Evidence, gather, widened
from rag.follow_up import standalone, turned
from rag.librarian import counted, reply, tally
from rag.library import Library
from rag.models import Model, load_embedding, load_llm
from rag.retrieve import STANDBY, HybridRetriever
from rag.stream import AnswerStream, Redrawn, Step
from rag.turns import Turn, Turns
from rag.types import PAPERS_DONT_SAY, Answer, Draft, Message, Query, Scope, Standalone
from rag.whole_papers import whole

if TYPE_CHECKING:
    from rag.generate import Writer

T = TypeVar("T")

LONGEST = 4000  # characters of a question
LOOSE = "A looser search: these sentences come nearest, whether they answer or not."
_UNREADABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]+")


@dataclass(frozen=True, slots=True)
class Visit:
    """A question's dealings with the model's server: its turn there, and what was sent."""

    turn: Turn
    sent: list[Message] = field(default_factory=list)


class Pipeline:
    """Safe in many threads; sees every change to the library at the next question."""

    def __init__(self, library: Library, encoder: BundledEncoder, settings: Settings) -> None:
        """Raises BadSetting; a model that lacks its key or address is told with every answer, an embedding once."""
        self.library, self.settings = library, settings
        self._similarity: Similarity = encoder.cosine
        self._model = _loaded(load_llm, settings)
        self._turns = self._model.endpoint.turns if isinstance(self._model, Model) else Turns()
        embedding = _loaded(load_embedding, settings)
        if isinstance(embedding, ModelUnconfigured):
            self.retriever = HybridRetriever(library, encoder, settings)
            self.retriever.standby = f"{STANDBY} {embedding}"
        else:
            self.retriever = HybridRetriever(library, encoder, settings, embedding)

    def ask(self, query: Query) -> AnswerStream:
        """Starts answering. Reading the stream raises QuestionRefused or LibraryError.

        A local model is asked one question after the other: until a stream is read or closed, others may wait for it.
        """
        return AnswerStream(self._work(query))

    def _work(self, query: Query) -> Generator[str | Answer, None, None]:
        with self._turns.turn() as turn, self.library.at_work():
            answer = yield from self._answered(query, Visit(turn))
        yield answer  # nobody waits until it is fetched

    def _answered(self, query: Query, visit: Visit) -> Generator[str, None, Answer]:
        clock, asked = Clock(), readable(query.text)
        yield Step(self._searching(query.scope))
        known = (query.history, self.library.paper, self.retriever.introducer)
        put = turned(asked, *known)
        alone = standalone(asked, *known) if put == asked else Standalone(put, put)  # "what about X?", in full
        spelled = self.retriever.spelled(put).text
        if told := reply(spelled, alone, self.retriever, query.scope):
            evidence, drafting = Evidence((), ()), _painted(told)
        else:
            alone, model = yield from self._reworded(put, alone, query, visit)
            evidence = self._evidence(spelled, alone, query)
            drafting = self._drafted(alone, evidence, model, visit)
        clock.mark("retrieval_ms")
        yield Step(f"Reading {counted(len(evidence.passages))}")
        draft = yield from clock.timed(drafting)
        if query.is_loose and draft.status == "answered":
            draft = replace(draft, notes=(*draft.notes, LOOSE))
        return _answer(asked, alone, evidence, draft, clock.read())

    def _searching(self, scope: Scope) -> str:
        """Raises LibraryError."""
        return f"Searching {counted(self.library.size(scope))}"

    def _reworded(
        self, asked: str, alone: Standalone, query: Query, visit: Visit
    ) -> Generator[str, None, tuple[Standalone, Model | ModelError | None]]:
        """Where it leans on the history, in the model's words. With it, who is to write the answer."""
        model: Model | ModelError | None = self._model
        if alone.text != asked and isinstance(model, Model):
            try:
                ready = yield from _in_line(model, visit.turn)
                yield Step(f"{model.name} reads what was said before")
                alone = yield from self._condensed(self._writer(ready), asked, query, alone, visit.sent)
            except ModelError as error:
                model = error  # nor could it answer: it is not waited for twice
        return self._spelled(alone), model

    def _evidence(self, asked: str, alone: Standalone, query: Query) -> Evidence:
        """Of whole papers, where those are asked for; else of their sentences."""
        found = whole(self.retriever, self.settings, asked, alone, query.scope)
        if found and not (found.missing and query.is_loose):
            return replace(found, notes=(*alone.notes, *found.notes))
        settings = self.settings.model_copy(update={"abstain_below": 0.0}) if query.is_loose else self.settings
        return gather(self.retriever, settings, *among(self.retriever, asked, alone, query.scope))

    def _writer(self, model: Model) -> Writer:
        from rag.generate import Writer  # not before a model writes: its patterns take a tenth of a second to compile

        return Writer(model, self._similarity, self.settings)

    def _condensed(
        self, writer: Writer, asked: str, query: Query, alone: Standalone, sent: list[Message]
    ) -> Generator[str, None, Standalone]:
        """In the model's words if they can be believed, else as by the rule. Raises ModelError."""
        known = " ".join([alone.text, *(turn.content for turn in query.history)])
        said = yield from writer.condensed(asked, query.history, known, sent)
        return replace(alone, text=said, asked=said) if said else alone

    def _spelled(self, question: Standalone) -> Standalone:
        text, asked = self.retriever.spelled(question.text), self.retriever.spelled(question.asked)
        notes = tuple(f"Read as “{meant}”: the library knows no “{typed}”." for typed, meant in asked.renamed)
        return replace(question, text=text.text, asked=asked.text, notes=notes)

    def _drafted(
        self, question: Standalone, evidence: Evidence, model: Model | ModelError | None, visit: Visit
    ) -> Generator[str, None, Draft]:
        """By whoever is to write; where a model can't be used, in the papers' own sentences."""
        try:
            draft = yield from self._written(question, evidence, model, visit)
        except ModelError as error:
            draft = replace(self._quoted(question, evidence), fallback=str(error))
            yield Redrawn(draft.text)
        return replace(draft, prompt=tuple(visit.sent))

    def _written(
        self, question: Standalone, evidence: Evidence, model: Model | ModelError | None, visit: Visit
    ) -> Generator[str, None, Draft]:
        """By the model where there is one and something to quote. Raises ModelError."""
        if evidence.missing:
            yield PAPERS_DONT_SAY
            return Draft(PAPERS_DONT_SAY, status="abstained", reason=evidence.missing)
        if model is None:
            draft = self._quoted(question, evidence)
            yield from (statement.painted for statement in draft.statements)
            return draft
        if isinstance(model, ModelError):
            raise model
        quotes = widened(self.retriever, self.settings, question, evidence)
        ready = yield from _in_line(model, visit.turn)
        yield Step(f"{model.name} writes")
        return (yield from self._writer(ready).write(question.asked, quotes, visit.sent))

    def _quoted(self, question: Standalone, evidence: Evidence) -> Draft:
        said = tally(question, self.retriever, evidence.quotes)
        return extract.draft(evidence.quotes, evidence.tally or said)


def _in_line(model: Model, turn: Turn) -> Generator[str, None, Model]:
    """The model, once its server has time for us; what it was silent for meanwhile, it has less. Raises ModelError."""
    since = time.monotonic()
    for place in model.endpoint.places(turn, since):
        yield Step(f"Waiting for {model.name}: {_ordinal(place)} in line")
    return replace(model, patience=model.endpoint.patience(since))


def _ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 4th, 11th, 21st."""
    ending = "th" if number // 10 % 10 == 1 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def _painted(draft: Draft) -> Generator[str, None, Draft]:
    yield draft.text
    return draft


def _loaded(load: Callable[[Settings], T], settings: Settings) -> T | ModelUnconfigured:
    try:
        return load(settings)
    except ModelUnconfigured as error:
        return error


def _answer(asked: str, alone: Standalone, evidence: Evidence, draft: Draft, timings: dict[str, float]) -> Answer:
    return Answer(
        question=asked,
        standalone_question=alone.text,
        status=draft.status,
        text=draft.text,
        reason=draft.reason,
        fallback=draft.fallback,
        statements=draft.statements,
        citations=draft.citations,
        passages=evidence.passages,
        confidence=evidence.confidence,
        notes=(*evidence.notes, *draft.notes),
        model=draft.model,
        usage=draft.usage,
        prompt=draft.prompt,
        timings=timings,
    )


class Clock:
    """Milliseconds since it was made, by stage; the first mark of a stage counts."""

    def __init__(self) -> None:
        self._start = time.perf_counter()
        self._marks: dict[str, float] = {}

    def mark(self, stage: str) -> None:
        """Notes that a stage is reached."""
        self._marks.setdefault(stage, round((time.perf_counter() - self._start) * 1000, 2))

    def timed(self, pieces: Generator[str, None, T]) -> Generator[str, None, T]:
        """The same pieces; notes when the first that can be seen is there."""
        with closing(pieces):
            while True:
                try:
                    piece = next(pieces)
                except StopIteration as end:
                    return end.value  # type: ignore[no-any-return]
                if piece and not isinstance(piece, Step):
                    self.mark("first_token_ms")
                yield piece

    def read(self) -> dict[str, float]:
        """All marks, with `total_ms` as of now."""
        self.mark("total_ms")
        return dict(self._marks)


def readable(question: str) -> str:
    """The question without control characters. Raises QuestionRefused when it is blank or too long."""
    text = _UNREADABLE.sub(" ", question).strip()
    if not text:
        raise QuestionRefused("The question is empty. Ask something like: What is MetaCLIP?")
    if len(text) > LONGEST:
        raise QuestionRefused(f"The question has {len(text):,} characters; at most {LONGEST:,} are read. Shorten it.")
    return text


def settled(query: Query, ask: Callable[[], Answer]) -> Answer:
    """The answer, or what went wrong as a `failed` one that says what to do."""
    try:
        return ask()
    except AskpapersError as error:
        return Answer(query.text, query.text, "failed", "", reason=str(error))
