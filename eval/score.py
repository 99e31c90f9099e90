"""How often the right paper comes first and is cited, by kind of question: python -m eval.score [--misses]."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.table import Table

from eval.questions import DEV, Question, read_questions
from ingest.add import fill
from rag.config import Settings
from rag.encoder import BundledEncoder
from rag.library import Library
from rag.pipeline import Pipeline
from rag.types import Answer, Paper

Scored = tuple[Question, Answer]


def hit(question: Question, answer: Answer, most: int) -> float:
    """1 when a gold paper is among the first `most` passages, else 0."""
    return float(any(_right(question, passage.span.paper) for passage in answer.passages[:most]))


def citation_recall(question: Question, answer: Answer) -> float:
    """Share of the gold groups that a citation belongs to (0..1)."""
    cited = [{citation.span.paper.id, citation.span.paper.title} for citation in answer.citations]
    return sum(any(set(group) & names for names in cited) for group in question.papers) / len(question.papers)


def citation_precision(question: Question, answer: Answer) -> float:
    """Share of the cited papers that are gold (0..1); 0 when none is cited."""
    cited = {citation.span.paper for citation in answer.citations}
    return sum(_right(question, paper) for paper in cited) / len(cited) if cited else 0.0


def evidence_found(question: Question, answer: Answer) -> float:
    """Share of the evidence groups of which a sentence is quoted (0..1)."""
    quotes = [citation.span.text for citation in answer.citations]
    found = [any(one in quote or quote in one for one in group for quote in quotes) for group in question.evidence]
    return sum(found) / len(found) if found else 1.0


def facts_found(question: Question, answer: Answer) -> float:
    """Share of the fact groups found in the answer's text, case aside (0..1)."""
    text = answer.text.casefold()
    found = [any(fact.casefold() in text for fact in group) for group in question.facts]
    return sum(found) / len(found) if found else 1.0


def _right(question: Question, paper: Paper) -> bool:
    return any(name in group for group in question.papers for name in (paper.id, paper.title))


COLUMNS: dict[str, Callable[[Question, Answer], float]] = {
    "hit@1": lambda question, answer: hit(question, answer, 1),
    "hit@3": lambda question, answer: hit(question, answer, 3),
    "cited": lambda question, answer: float(citation_recall(question, answer) > 0),
    "cite recall": citation_recall,
    "cite precision": citation_precision,
    "evidence": evidence_found,
    "facts": facts_found,
}


def main() -> None:
    """Answers the dev questions over the 90 shipped papers, in a library of its own."""
    with TemporaryDirectory() as folder:
        library, encoder = Library(Path(folder)), BundledEncoder()
        fill(library, encoder)
        pipeline = Pipeline(library, encoder, Settings())
        scored = [(question, pipeline.ask(question.query).answer) for question in read_questions(DEV)]
    Console(width=120).print(_table(scored))
    if "--misses" in sys.argv:
        _print_misses(scored)


def _table(scored: list[Scored]) -> Table:
    table = Table("kind", "n", *COLUMNS, "abstained", title="dev questions, extractive, 90 papers")
    for kind in dict.fromkeys(question.tags[0] for question, _ in scored):
        table.add_row(kind, *_row([pair for pair in scored if pair[0].tags[0] == kind]))
    table.add_row("all", *_row(scored))
    return table


def _row(scored: list[Scored]) -> Iterable[str]:
    answerable = [pair for pair in scored if pair[0].answerable]
    yield str(len(scored))
    for metric in COLUMNS.values():
        yield f"{sum(metric(*pair) for pair in answerable) / len(answerable):.2f}" if answerable else "-"
    yield f"{sum(answer.status == 'abstained' for _, answer in scored)} of {len(scored)}"


def _print_misses(scored: list[Scored]) -> None:
    for question, answer in scored:
        wrong = [name for name, metric in COLUMNS.items() if question.answerable and metric(question, answer) < 1]
        if wrong or question.answerable == (answer.status == "abstained"):
            print(f"\n{question.id} {wrong} {answer.status} {answer.reason or ''}\n  {answer.standalone_question}")
            print("  gold:", question.papers, question.evidence)
            print("  said:", answer.text)


if __name__ == "__main__":
    main()
