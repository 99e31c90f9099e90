"""Gold that can't be found, whatever the answer: papers that the library doesn't hold, sentences in no abstract."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from eval.questions import Question
from eval.ranking import folded
from rag.library import Library

SHOWN = 5  # ids of a warning


def warnings(questions: Iterable[Question], libraries: Mapping[Path | None, Library]) -> Iterator[str]:
    """A line for each of the two, with the first ids; `libraries`: by the file of papers added for a question."""
    papers, sentences = [], []
    abstracts = {extra: _abstracts(library) for extra, library in libraries.items()}
    for question in questions:
        known = abstracts[question.extra]
        found = [[known[folded(name)] for name in group if folded(name) in known] for group in question.papers]
        texts = [text for group in found for text in group]
        if not all(found):
            papers.append(question.id)
        elif texts and not all(any(folded(one) in t for one in group for t in texts) for group in question.evidence):
            sentences.append(question.id)
    yield from _told(papers, "the library doesn't hold a gold paper: check its id or title")
    yield from _told(sentences, "evidence is in no abstract of the gold papers: copy it to the character")


def _abstracts(library: Library) -> dict[str, str]:
    """Folded, by folded id and title."""
    return {folded(name): folded(paper.abstract) for paper in library.papers() for name in (paper.title, paper.id)}


def _told(ids: list[str], what: str) -> Iterator[str]:
    if ids:
        more = " ..." if len(ids) > SHOWN else ""
        yield f"For {len(ids)} of the questions {what} ({', '.join(ids[:SHOWN])}{more})."
