"""What each part of answering is worth: the shipped questions with one part switched off at a time.

python -m eval.ablation [--split dev]; the README's table is of all questions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any
from unittest.mock import patch

import typer

from eval.metrics import scores
from eval.questions import SHIPPED, Question, chosen, read_sets
from eval.run import ask, case_of, opened
from eval.summary import figures
from ingest.add import fill
from rag import answerable, offers
from rag.config import Settings
from rag.encoder import BundledEncoder
from rag.library import Library
from rag.pipeline import Pipeline
from rag.spelling import Spelled
from rag.types import Standalone

SHOWN = ("right", "hit@1", "citation precision", "citation recall", "evidence recall", "facts", "right refusals",
         "false refusals")  # fmt: skip

LEARNED = set(offers.FEATURES) - {"meaning", "words"}


@dataclass(frozen=True)
class Part:
    """Switched off by what stands in for it, or by a setting."""

    name: str
    stand_ins: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)


def _without(weights: Mapping[str, float], *names: str) -> Callable[[], dict[str, float]]:
    left = {name: 0.0 if name in names else weight for name, weight in weights.items()}
    return lambda: left


def _as_asked(question: str, *_: object) -> Standalone:
    return Standalone(question, question)


PARTS = (
    Part("nothing is off"),
    Part("words", settings={"words_weight": 0.0}),
    Part("whose a name is", {"rag.retrieve.NAMED": 0.0}),
    Part("slips of the finger", {"rag.retrieve.corrected": lambda text, *_: Spelled(text)}),
    Part("likeness to the first found", {"rag.retrieve.FEEDBACK": 0.0}),
    Part("the likeliest answer first", {"rag.about.ANSWERING": 0.0, "rag.listing.ANSWERING": 0.0}),
    Part("how many papers, by worth", {"rag.listing.LISTED": -99.0}),
    Part("of a list, what is proposed", {"rag.quotes.PROPOSES": 0.0}),
    Part("the clause that asks", {"rag.offers.asking": lambda question: question}),
    Part("learned quotes", {"rag.offers.weights": _without(offers.weights(), *LEARNED)}),
    Part("quotes left out by odds", {"rag.evidence.WITHIN": 99.0}),
    Part("refusal: attributes", {"rag.answerable.weights": _without(answerable.weights(), "attribute")}),
    Part("refusal: counts and figures", {"rag.answerable.weights": _without(answerable.weights(), "count", "figure")}),
    Part("refusal: names", {"rag.answerable.weights": _without(answerable.weights(), "unknown name", "foreign name")}),
    Part("refusal: topics", {"rag.answerable.weights": _without(answerable.weights(), "topic")}),
    Part("refusal", settings={"abstain_below": 0.0}),
    Part("comparisons by name", {"rag.about._named": lambda *_: ()}),
    Part("the librarian", {"rag.pipeline.reply": lambda *_: None}),
    Part("whole papers", {"rag.pipeline.whole": lambda *_: None}),
    Part("follow-ups", {"rag.pipeline.standalone": _as_asked}),
    Part("changes of topic", {"rag.about.SURE": 99.0}),
)  # fmt: skip


def main(
    split: Annotated[str | None, typer.Option(help="dev or test; both unless given.")] = None,
) -> None:
    """Prints a Markdown table, a row a part."""
    questions = chosen(read_sets(SHIPPED), split=split)
    print(f"| off ({len(questions)} questions) | {' | '.join(SHOWN)} |\n|{'---|' * (len(SHOWN) + 1)}")
    with TemporaryDirectory() as folder:
        library = Library(Path(folder))
        fill(library, BundledEncoder())
        for part in PARTS:
            print(f"| {part.name} | {' | '.join(_measured(part, library, questions))} |", flush=True)


def _measured(part: Part, library: Library, questions: tuple[Question, ...]) -> list[str]:
    with _off(part), opened(library, questions, lambda one: _pipeline(one, part)) as pipelines:
        cases = [case_of(question, ask(pipelines[question.extra], question), pipelines) for question in questions]
    found = figures([(case, scores(case)) for case in cases])
    return [f"{found[name]['value']:.3f}" for name in SHOWN]


def _pipeline(library: Library, part: Part) -> Pipeline:
    return Pipeline(library, BundledEncoder(), Settings(**part.settings))


@contextmanager
def _off(part: Part) -> Iterator[None]:
    with ExitStack() as stack:
        for target, stand_in in part.stand_ins.items():
            stack.enter_context(patch(target, stand_in))
        yield


if __name__ == "__main__":
    typer.run(main)
