"""The nouns: frozen values, no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Status = Literal["answered", "abstained", "failed"]
Support = Literal["supported", "partial", "unsupported"]
Role = Literal["user", "assistant"]
PAPERS_DONT_SAY = "The papers don't say."  # the one sentence of every abstention, a model's too


@dataclass(frozen=True, slots=True)
class Paper:
    """One paper as the library knows it: metadata and abstract, never the full text."""

    id: str
    title: str
    abstract: str
    authors: tuple[str, ...] = ()
    year: int | None = None
    venue: str | None = None
    url: str | None = None
    doi: str | None = None
    arxiv: str | None = None


@dataclass(frozen=True, slots=True)
class Span:
    """`paper.abstract[start:end]`, in characters."""

    paper: Paper
    start: int
    end: int

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end <= len(self.paper.abstract):
            raise ValueError(f"[{self.start}:{self.end}] is outside the abstract of {self.paper.id}")

    @property
    def text(self) -> str:
        """The words at that place, so that a quote can't disagree with where it stands."""
        return self.paper.abstract[self.start : self.end]


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of an abstract, with the retriever's score (higher is better, no unit)."""

    span: Span
    score: float


@dataclass(frozen=True, slots=True)
class Citation:
    """A numbered quote: numbers count 1, 2, 3 ... by first use in the answer's text."""

    number: int
    span: Span


@dataclass(frozen=True, slots=True)
class Statement:
    """A stretch of the answer, and how far the quotes that it cites bear it out (score in 0..1).

    `pieces` are its share of the answer's text, from the white space before it on: words, and numbers for marks.
    """

    text: str
    citations: tuple[int, ...]
    support: Support
    score: float
    pieces: tuple[str | int, ...] = ()

    @property
    def painted(self) -> str:
        """As it stands in the answer's text."""
        return "".join(piece if isinstance(piece, str) else f"[{piece}]" for piece in self.pieces)


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of the conversation so far; an assistant's turn may name the papers that it cited (ids or titles)."""

    role: Role
    content: str
    papers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a prompt, as it is sent to a model."""

    role: Literal["system", "user"]
    content: str


@dataclass(frozen=True, slots=True)
class Scope:
    """Which papers may answer; an empty field sets no bound, several bounds hold together."""

    papers: tuple[str, ...] = ()
    years: tuple[int, ...] = ()
    venues: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.papers or self.years or self.venues or self.authors)


EVERYTHING = Scope()


@dataclass(frozen=True, slots=True)
class Query:
    """A question, what was said before it, and where to look; a loose one gets what comes nearest, answer or not."""

    text: str
    history: tuple[Turn, ...] = ()
    scope: Scope = EVERYTHING
    is_loose: bool = False


@dataclass(frozen=True, slots=True)
class Standalone:
    """A question that needs no history: `text` names the papers meant (ids in `papers`), `asked` does not.

    Others than `without` are asked for: "is there another one?".
    """

    text: str
    asked: str
    papers: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()  # how it was read where that is not what was typed, for people


@dataclass(frozen=True, slots=True)
class Draft:
    """An answer as its writer hands it over: `status` is answered, or abstained with a `reason`."""

    text: str
    statements: tuple[Statement, ...] = ()
    citations: tuple[Citation, ...] = ()
    status: Status = "answered"
    reason: str | None = None
    notes: tuple[str, ...] = ()  # what was mended in a model's words, for people
    model: str = "extractive"
    usage: Mapping[str, int] = field(default_factory=lambda: {"prompt_tokens": 0, "completion_tokens": 0})
    fallback: str | None = None  # why another than the configured model wrote it
    prompt: tuple[Message, ...] = ()  # what was sent to a model by then


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a question; `status` says whether it was answered, abstained from or failed."""

    question: str
    standalone_question: str
    status: Status
    text: str
    reason: str | None = None
    fallback: str | None = None
    statements: tuple[Statement, ...] = ()
    citations: tuple[Citation, ...] = ()
    passages: tuple[Passage, ...] = ()
    confidence: float = 0.0  # the chance that the papers answer the question (0 to 1), also where it was too low
    notes: tuple[str, ...] = ()  # a line each of what its reader should know: a slip put right, a sentence left out
    model: str = "extractive"
    usage: Mapping[str, int] = field(default_factory=lambda: {"prompt_tokens": 0, "completion_tokens": 0})
    prompt: tuple[Message, ...] = ()  # exactly what was sent to a model, also where its answer could not be used
    timings: Mapping[str, float] = field(default_factory=dict)
