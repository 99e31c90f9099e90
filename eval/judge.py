"""A model grades a run's answers: is each statement borne out by its quotes, is the whole right? One prompt at a time.

One vote each, at temperature 0. What can't be had, or can't be read, is `unscored`, with the reason, and counted.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from itertools import zip_longest
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from eval.answers import plain_text
from eval.metrics import Case
from eval.questions import Groups
from rag.citing import without_thoughts
from rag.config import Settings
from rag.errors import CallerMistake, ModelCut, ModelError, ModelUnconfigured
from rag.heard import Heard
from rag.models import Model, load_llm
from rag.prompts import Numbered, correctness_prompt, support_prompt
from rag.room import count_tokens, size
from rag.types import Message

FILE = "judged.jsonl"
UNSCORED = "unscored"
MARKER = "7f3a9c0e"  # stands for one that is drawn: an equal prompt is to be of equal size and hash
LONGEST_WHY = 400  # characters that are kept of what a judge says

Verdict = Literal["supported", "partial", "unsupported", "correct", "incomplete", "wrong", "unscored"]
Progress = Callable[[str, int, int], None]
Prompt = Callable[[Sequence[Numbered], str], tuple[Message, ...]]  # from quotes, and a marker to fence them with


class _Vote(BaseModel):
    """The verdict must be one of the words, whatever its case; all else is taken as small models give it."""

    model_config = ConfigDict(frozen=True, strict=True)
    why: str = ""

    @field_validator("why", mode="before")
    @classmethod
    def _needs_no_reason(cls, value: object) -> object:
        return value if isinstance(value, str) else ""

    @field_validator("verdict", mode="before", check_fields=False)
    @classmethod
    def _case_aside(cls, value: object) -> object:
        return value.strip().casefold() if isinstance(value, str) else value


class SupportVote(_Vote):
    """On a statement."""

    verdict: Literal["supported", "partial", "unsupported"]


class AnswerVote(_Vote):
    """On a whole answer."""

    verdict: Literal["correct", "incomplete", "wrong"]


class Grade(BaseModel):
    """A line of judged.jsonl. `statement` counts from 1; None: the whole answer."""

    model_config = ConfigDict(frozen=True)

    id: str
    repeat: int
    statement: int | None
    verdict: Verdict
    why: str  # in the judge's words; where it is unscored, in ours
    reply: str = ""  # the beginning of what could not be read
    left_out: int = 0  # quotes, or gold sentences, that the prompt had no room for
    model: str
    prompt: str  # SHA-256

    @property
    def place(self) -> tuple[str, int, int | None, str, str]:
        """What was graded, by whom, by which prompt."""
        return self.id, self.repeat, self.statement, self.model, self.prompt


@dataclass(frozen=True, slots=True)
class Task:
    """Something to be graded."""

    id: str
    repeat: int
    statement: int | None
    vote: type[SupportVote | AnswerVote]
    quotes: tuple[Numbered, ...]
    prompt: Prompt


@dataclass(frozen=True, slots=True)
class Judge:
    """A model that grades."""

    model: Model

    def grade(self, task: Task, votes: Mapping[tuple[str, str], Grade]) -> Grade:
        """The vote that an equal prompt got already (`votes`: by model and prompt), else the model is asked."""
        quotes = self._fitted(task)
        drafted = task.prompt(quotes, MARKER)
        about = {"id": task.id, "repeat": task.repeat, "statement": task.statement}
        asked = self.model.name, sha256(repr(drafted).encode("utf-8", "replace")).hexdigest()
        if known := votes.get(asked):
            return known.model_copy(update=about)
        about |= {"left_out": len(task.quotes) - len(quotes), "model": asked[0], "prompt": asked[1]}
        if not self.model.fits(drafted):
            needed, room = size(drafted, self.model.count), self.model.room.prompt
            why = f"Its prompt of {needed:,} tokens has no place in {room:,}. Raise ASKPAPERS_LLM_CONTEXT."
            return Grade.model_validate(about | {"verdict": UNSCORED, "why": why})
        return Grade.model_validate(about | self._vote(task.prompt(quotes, secrets.token_hex(4)), task.vote))

    def _fitted(self, task: Task) -> tuple[Numbered, ...]:
        """Without the last of the quotes that there is no room for."""
        quotes = task.quotes
        while len(quotes) > 1 and not self.model.fits(task.prompt(quotes, MARKER)):
            quotes = quotes[:-1]
        return quotes

    def _vote(self, prompt: Sequence[Message], vote: type[SupportVote | AnswerVote]) -> dict[str, str]:
        reply = ""
        try:
            reply = self._reply(prompt)
            voted = read_vote(reply, vote)
        except (ModelError, ValueError) as error:
            return {"verdict": UNSCORED, "why": str(error), "reply": reply[:LONGEST_WHY]}
        return {"verdict": voted.verdict, "why": voted.why[:LONGEST_WHY]}

    def _reply(self, prompt: Sequence[Message]) -> str:
        """All of it. Raises ModelError, also where the exchange did not go as it should."""
        sent, heard = size(prompt, count_tokens), Heard()
        with closing(self.model.stream(prompt)) as tokens:
            for token in filter(None, tokens):
                heard.add(token)
                if heard.is_overlong:
                    raise ModelCut("The reply did not end.")
        if not heard.is_ended:
            raise ModelCut("The reply broke off.")
        if heard.is_of_part(sent):
            read = heard.usage["prompt_tokens"]
            raise ModelCut(f"The server read {read:,} of about {sent:,} tokens. Raise its context window.")
        return heard.raw.encode("utf-8", "replace").decode()


def load_judge(settings: Settings) -> Judge:
    """The configured model as a judge. Raises CallerMistake where there is none, or its settings lack a part."""
    try:
        model = load_llm(settings)
    except ModelUnconfigured as error:
        raise CallerMistake(str(error)) from None
    if model is None:
        raise CallerMistake("--judge needs a model. Set ASKPAPERS_LLM=ollama/NAME, openai/NAME or local/NAME.")
    return Judge(model)


def read_vote(reply: str, vote: type[SupportVote | AnswerVote]) -> SupportVote | AnswerVote:
    """The one JSON object in a reply, whatever stands around it. Raises ValueError, saying what is wrong with it.

    >>> read_vote('<think>{}</think>Here: {"why": "It says so.", "verdict": "supported"}.', SupportVote).verdict
    'supported'
    """
    text = without_thoughts(reply)
    found = text[text.find("{") : text.rfind("}") + 1] if "{" in text else ""
    if not found:
        raise ValueError("The reply holds no JSON object.")
    try:
        return vote.model_validate_json(found)  # from the first brace to the last: of two objects, none is believed
    except ValidationError as error:
        fault = error.errors(include_input=False)[0]
        if fault["type"] == "json_invalid":
            raise ValueError("The reply holds no single whole JSON object.") from None
        raise ValueError("The reply holds no verdict that was asked for.") from None


def tasks(case: Case) -> Iterator[Task]:
    """Of an answered question: each statement, then the whole where there are sentences or facts to hold it against."""
    result, question = case.result, case.question
    if not case.answered:
        return
    quotes = {one.number: (one.number, one.paper.title, one.quote) for one in result.citations}
    for place, said in enumerate(result.statements, start=1):
        cited = tuple(quotes[number] for number in dict.fromkeys(said.citations) if number in quotes)
        yield Task(result.id, result.repeat, place, SupportVote, cited, partial(support_prompt, said.text))
    if has_gold(case):
        facts = [(number, "", fact) for number, group in enumerate(question.facts, start=1) for fact in group]
        whole: Prompt = partial(correctness_prompt, question.query, plain_text(result.text), facts)
        yield Task(result.id, result.repeat, None, AnswerVote, tuple(_gold(question.evidence)), whole)


def has_gold(case: Case) -> bool:
    """Whether there is something to hold a whole answer against."""
    return case.question.answerable and bool(case.question.evidence or case.question.facts)


def _gold(groups: Groups) -> Iterator[Numbered]:
    """A sentence of each group before the second of any, as what comes last is left out first."""
    for row in zip_longest(*groups):
        yield from ((number, "", sentence) for number, sentence in enumerate(row, start=1) if sentence)


def grade_all(folder: Path, cases: Sequence[Case], judge: Judge, progress: Progress | None = None) -> list[Grade]:
    """Every grade, in the cases' order, each kept in the folder as soon as it is there.

    What got a vote from the same model by the same prompt is not asked again, also in a later run; unscored is.
    """
    todo = [task for case in cases for task in tasks(case)]
    kept = _kept(folder)
    votes = {(one.model, one.prompt): one for one in kept.values() if one.verdict != UNSCORED}
    grades = []
    with (folder / FILE).open("a", encoding="utf-8") as file:
        for done, task in enumerate(todo, start=1):
            grade = judge.grade(task, votes)
            grades.append(grade)
            if kept.get(grade.place) != grade:
                file.write(_line(grade))
                file.flush()
            if grade.verdict != UNSCORED:
                votes[grade.model, grade.prompt] = grade
            if progress:
                progress("judging", done, len(todo))
    return grades


def _kept(folder: Path) -> dict[tuple[str, int, int | None, str, str], Grade]:
    """What is on disk; a line that can't be read, or is half one, is left out of the file."""
    file = folder / FILE
    found: dict[tuple[str, int, int | None, str, str], Grade] = {}
    for line in file.read_bytes().splitlines() if file.exists() else []:
        try:
            grade = Grade.model_validate_json(line)
            found[grade.place] = grade
        except ValidationError:
            continue  # it is asked again
    fresh = file.with_suffix(".new")
    fresh.write_text("".join(map(_line, found.values())), encoding="utf-8")
    fresh.replace(file)
    return found


def _line(grade: Grade) -> str:
    return json.dumps(grade.model_dump(mode="json"), ensure_ascii=False) + "\n"
