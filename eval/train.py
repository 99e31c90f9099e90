"""Learns what a sentence that answers looks like, from the dev questions alone: python -m eval.train [--write].

A conditional logit over the sentences of the right paper's abstract (McFadden 1974), ridge penalty, by Newton's method.
Printed beside the weights: how often an evidence sentence is among the first three, by papers left out in turn.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import numpy as np
import typer

from eval.questions import FOLDER, Question, read_questions
from ingest.add import fill
from rag.encoder import BundledEncoder
from rag.index import current_index
from rag.library import Library
from rag.offers import FEATURES, WEIGHTS, Near, features

RIDGE = 10.0  # on weights of standardised features
STEPS = 200
FOLDS = 9
KINDS = ("named", "described", "detail")


@dataclass(frozen=True)
class Choice:
    """The sentences of a right paper: features (n, f), and for each group of evidence which of them belong (g, n)."""

    paper: str
    table: np.ndarray
    gold: np.ndarray


def main(
    write: Annotated[bool, typer.Option("--write", help="Replace the weights that the product uses.")] = False,
) -> None:
    """Trains on the dev half; the test half is not looked at."""
    cases = _cases()
    print(f"{len(cases)} questions; an evidence sentence among the first 3: {left_out(cases, 3):.3f}, first: "
          f"{left_out(cases, 1):.3f} (papers left out in {FOLDS} turns)")  # fmt: skip
    weights = dict(zip(FEATURES, (float(round(w, 3)) for w in fitted(cases)), strict=True))
    print(json.dumps(weights, indent=1))
    if write:
        WEIGHTS.write_text(json.dumps(weights, indent=1) + "\n", encoding="utf-8")


def fitted(cases: Sequence[Choice]) -> np.ndarray:
    """Weights of the raw features (f,)."""
    rows = np.concatenate([case.table for case in cases])
    scale = rows.std(axis=0) + 1e-9
    weights = np.zeros(len(scale))
    for _ in range(STEPS):
        slope, bend = -RIDGE * weights, RIDGE * np.eye(len(scale))
        for case in cases:
            table, right = case.table / scale, case.gold.any(axis=0)
            chance = _softmax(table @ weights)
            mean, wanted = table.T @ chance, table.T @ _softmax(np.where(right, table @ weights, -np.inf))
            slope += wanted - mean
            bend += (table * chance[:, None]).T @ table - np.outer(mean, mean)
        step = np.linalg.solve(bend, slope)
        weights += 0.7 * step
        if np.abs(step).max() < 1e-6:
            break
    raw: np.ndarray = weights / scale
    return raw


def left_out(cases: Sequence[Choice], first: int) -> float:
    """Mean share of evidence groups found among the first sentences, each paper scored by weights that never saw it."""
    papers = np.random.default_rng(0).permutation(sorted({case.paper for case in cases}))
    found = []
    for turn in range(FOLDS):
        held = set(papers[turn::FOLDS])
        weights = fitted([case for case in cases if case.paper not in held])
        found += [_recall(case, weights, first) for case in cases if case.paper in held]
    return float(np.mean(found))


def _recall(case: Choice, weights: np.ndarray, first: int) -> float:
    best = np.argsort(-(case.table @ weights), kind="stable")[:first]
    return float(case.gold[:, best].any(axis=1).mean())


def _softmax(values: np.ndarray) -> np.ndarray:
    powers = np.exp(values - values.max())
    shares: np.ndarray = powers / powers.sum()
    return shares


def _cases() -> list[Choice]:
    with TemporaryDirectory() as folder:
        library, encoder = Library(Path(folder)), BundledEncoder()
        fill(library, encoder)
        near = Near(encoder.remembered, current_index(library, encoder.fingerprint).rarity)
        return [case for question in _dev() if (case := _case(question, library, encoder.fingerprint, near))]


def _dev() -> list[Question]:
    read = (question for name in (*KINDS, "dev") for question in read_questions(FOLDER / f"{name}.jsonl"))
    return [question for question in read if question.split == "dev" and question.tags[0] in KINDS]


def _case(question: Question, library: Library, fingerprint: str, near: Near) -> Choice | None:
    paper = library.paper(question.papers[0][0])
    stored = list(library.chunks("sentence", fingerprint, [paper.id]))
    texts = [item.span.text for item in stored]
    vectors = np.stack([item.vector for item in stored]).astype(np.float32)
    gold = [[any(one in text or text in one for one in group) for text in texts] for group in question.evidence]
    table = features(question.text, paper.title, texts, vectors, near)
    return Choice(paper.id, table, np.array(gold)) if np.any(gold) else None


if __name__ == "__main__":
    typer.run(main)
