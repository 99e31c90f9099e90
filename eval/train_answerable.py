"""Learns when the papers don't say, from the dev questions alone: python -m eval.train_answerable [--write].

Logistic regression, ridge penalty, by Newton's method, both classes weighed alike. Beside questions written to have no
answer it learns from answerable ones whose paper is taken away, or the sentences of it that answer: they count less.
Printed: how many unanswerable questions are told at a given share of false refusals, papers left out in turn.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import numpy as np
import typer

from eval.questions import FOLDER, Question, read_questions
from ingest.add import fill
from rag.answerable import FEATURES, WEIGHTS, Read, features
from rag.config import Settings
from rag.encoder import BundledEncoder
from rag.library import Library
from rag.retrieve import HybridRetriever
from rag.types import Passage

RIDGE = 10.0  # on weights of standardised features
STEPS = 50
FOLDS, TURNS = 8, 4
TAKEN_AWAY = {"paper": 0.1, "sentences": 0.05}  # what such a case counts, where a question as written counts 1
BY_RULE = 0.3  # and what "What is NAME?" counts, which nobody wrote
REFUSED = (0.02, 0.03, 0.05)  # shares of false refusals
KINDS = ("named", "described", "detail", "several", "unanswerable", "dev")
GRADES = ("close", "middling", "far")


@dataclass(frozen=True)
class Case:
    """A question before what was found for it; `group` is its paper, which is left out as a whole."""

    row: tuple[float, ...]
    answerable: bool
    group: str
    weight: float = 1.0
    tags: tuple[str, ...] = ()


def main(
    write: Annotated[bool, typer.Option("--write", help="Replace the weights that the product uses.")] = False,
) -> None:
    """Trains on the dev half; the test half is not looked at."""
    with TemporaryDirectory() as folder:
        library, encoder = Library(Path(folder)), BundledEncoder()
        fill(library, encoder)
        cases = list(_cases(HybridRetriever(library, encoder, Settings()), encoder))
    _print_left_out(cases)
    weights = dict(zip((*FEATURES, "bias"), (float(round(w, 3)) for w in fitted(cases)), strict=True))
    print(json.dumps(weights, indent=1))
    if write:
        WEIGHTS.write_text(json.dumps(weights, indent=1) + "\n", encoding="utf-8")


def fitted(cases: Sequence[Case]) -> np.ndarray:
    """Weights of the raw features and the bias: (f + 1,)."""
    table, right = np.array([case.row for case in cases], float), np.array([case.answerable for case in cases])
    weight = np.array([case.weight for case in cases])
    weight[~right] *= weight[right].sum() / weight[~right].sum()
    mean, scale = table.mean(axis=0), table.std(axis=0) + 1e-9
    rows = np.column_stack([(table - mean) / scale, np.ones(len(table))])
    penalty = RIDGE * np.append(np.ones(table.shape[1]), 1e-6)
    found = np.zeros(rows.shape[1])
    for _ in range(STEPS):
        chance = 1 / (1 + np.exp(-rows @ found))
        slope = rows.T @ (weight * (right - chance)) - penalty * found
        bend = (rows * (weight * chance * (1 - chance))[:, None]).T @ rows + np.diag(penalty)
        found += np.linalg.solve(bend, slope)
    raw: np.ndarray = np.append(found[:-1] / scale, found[-1] - (found[:-1] * mean / scale).sum())
    return raw


def _print_left_out(cases: Sequence[Case]) -> None:
    odds = _left_out(cases)
    written = np.array([case.weight == 1 for case in cases])
    right = np.array([case.answerable for case in cases])
    print(f"{(written & right).sum()} answerable questions, {(written & ~right).sum()} unanswerable")
    for share in REFUSED:
        least = np.quantile(odds[written & right], share)
        told = {grade: float((odds[[grade in case.tags for case in cases]] < least).mean()) for grade in GRADES}
        shown = ", ".join(f"{grade} {value:.2f}" for grade, value in told.items())
        print(f"at {share:.0%} false refusals (chance under {1 / (1 + np.exp(-least)):.2f}), told: {shown}")


def _left_out(cases: Sequence[Case]) -> np.ndarray:
    """Log-odds of each case by weights that never saw its paper: (n,), mean over several ways to part the papers."""
    groups = sorted({case.group for case in cases})
    table = np.array([(*case.row, 1.0) for case in cases])
    odds = np.zeros(len(cases))
    for turn in range(TURNS):
        fold = dict(zip(np.random.default_rng(turn).permutation(groups), np.arange(len(groups)) % FOLDS, strict=True))
        part = np.array([fold[case.group] for case in cases])
        for held in range(FOLDS):
            odds[part == held] += table[part == held] @ fitted(
                [c for c, p in zip(cases, part, strict=True) if p != held]
            )
    return odds / TURNS


def _cases(retriever: HybridRetriever, encoder: BundledEncoder) -> Iterator[Case]:
    for name in KINDS:
        for question in read_questions(FOLDER / f"{name}.jsonl"):
            if question.split == "dev" and not question.history:
                yield from _of(question, retriever, encoder)
                if name == "named":
                    yield from _of_its_name(question, retriever, encoder)


def _of_its_name(question: Question, retriever: HybridRetriever, encoder: BundledEncoder) -> Iterator[Case]:
    """ "What is CroCo?", where the paper's title calls it so: answered by it, and not by the next."""
    paper = retriever.library.paper(question.papers[0][0])
    name, more = paper.title.partition(":")[::2]
    if not more or " " in name:
        return
    text = f"What is {name}?"
    found = retriever.search(text)
    other = next(passage for passage in found if passage.span.paper.id != paper.id)
    for passage in (found[0], other):
        if row := _row(text, passage, retriever, encoder):
            yield Case(row, passage.span.paper.id == paper.id, paper.id, BY_RULE)


def _of(question: Question, retriever: HybridRetriever, encoder: BundledEncoder) -> Iterator[Case]:
    text = retriever.spelled(question.text).text
    found = retriever.search(text)
    gold = [retriever.library.paper(paper).id for group in question.papers for paper in group]
    group = gold[0] if gold else question.id
    row = _row(text, found[0], retriever, encoder, papers=gold if len(gold) > 1 else ())
    if row:
        yield Case(row, question.answerable, group, tags=tuple(question.tags))
    if question.answerable and len(gold) == 1:
        other = next(passage for passage in found if passage.span.paper.id not in gold)
        if row := _row(text, other, retriever, encoder):
            yield Case(row, False, group, TAKEN_AWAY["paper"])
        evidence = tuple(sentence for group_ in question.evidence for sentence in group_)
        if found[0].span.paper.id in gold and (row := _row(text, found[0], retriever, encoder, evidence)):
            yield Case(row, False, group, TAKEN_AWAY["sentences"])


def _row(
    text: str,
    passage: Passage,
    retriever: HybridRetriever,
    encoder: BundledEncoder,
    without: Sequence[str] = (),
    papers: Sequence[str] = (),
) -> tuple[float, ...] | None:
    """Features of the question before this paper, or these, `without` some sentences; None where none are left."""
    stored = [
        item
        for item in retriever.library.chunks("sentence", encoder.fingerprint, papers or [passage.span.paper.id])
        if not any(item.span.text in sentence or sentence in item.span.text for sentence in without)
    ]
    if not stored:
        return None
    cosines = np.stack([item.vector for item in stored]).astype(np.float32) @ encoder.vector(text)
    titles = tuple(dict.fromkeys(item.span.paper.title for item in stored))
    read = Read(titles, tuple(item.span.text for item in stored), cosines)
    return features(text, read, retriever.index().rarity, retriever.knows)


if __name__ == "__main__":
    typer.run(main)
