"""How often the check is wrong, by kind of statement: python -m eval.checking [--scifact FILE] [--json].

Altered and rewritten sentences of the shipped papers, paraphrases written by hand, and SciFact's claims. Thresholds
were set on the papers with even numbers, counted from 0 (and SciFact's train split); the others are reported.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from eval.altered import altered
from eval.cases import Case, paraphrases, scifact
from eval.rewritten import rewritten
from ingest.add import SHIPPED
from ingest.read import read
from rag.check import Similarity, check
from rag.encoder import BundledEncoder
from rag.split import sentences
from rag.types import Paper, Span, Support

NORMAL_95 = 1.959964


@dataclass(frozen=True, slots=True)
class Rate:
    """How often `outcome` befell statements of one kind; `low` and `high` are Wilson's 95% bounds of the share."""

    kind: str
    true: bool
    part: str
    outcome: Support
    count: int
    n: int
    share: float
    low: float
    high: float


def main(
    scifact_file: Annotated[Path | None, typer.Option("--scifact", help="SciFact's evidence.jsonl.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON on stdout, all parts and outcomes.")] = False,
) -> None:
    """Prints how often false statements pass as supported and true ones are flagged.

    Example: python -m eval.checking --scifact ../shared/data/scifact/evidence.jsonl
    """
    encoder = BundledEncoder()
    cases = list(shipped_cases(encoder)) + (list(scifact(scifact_file)) if scifact_file else [])
    rates = measured(cases, cosine(encoder))
    if as_json:
        print(json.dumps([asdict(rate) for rate in rates], indent=1))
    else:
        Console(width=120).print(*_tables(rates))


def shipped_cases(encoder: BundledEncoder) -> Iterable[Case]:
    """All cases that need nothing but the shipped papers."""
    papers = shipped_papers()
    spans = [Span(paper, *bounds) for paper in papers for bounds in sentences(paper.abstract)]
    yield from altered(spans, encoder.vectors([span.text for span in spans]))
    yield from rewritten(spans)
    yield from paraphrases(papers)


def shipped_papers() -> list[Paper]:
    """In the order of the file."""
    return [record for record in read(SHIPPED) if isinstance(record, Paper)]


def cosine(encoder: BundledEncoder) -> Similarity:
    """Of two texts by the encoder, each text encoded once."""
    vector = lru_cache(maxsize=None)(encoder.vector)
    return lambda one, other: float(np.dot(vector(one), vector(other)))


def measured(cases: Iterable[Case], similarity: Similarity) -> list[Rate]:
    """A rate for each kind, part and outcome, the false first, in the order in which kinds come."""
    outcomes: dict[tuple[str, bool, str], Counter[Support]] = {}
    for case in cases:
        support = check(case.statement, case.quotes, similarity).support
        outcomes.setdefault((case.kind, case.true, case.part), Counter())[support] += 1
    return [
        _rate(key, outcome, counter)
        for key, counter in sorted(outcomes.items(), key=lambda item: item[0][1])
        for outcome in ("supported", "partial", "unsupported")
    ]


def _rate(key: tuple[str, bool, str], outcome: Support, counter: Counter[Support]) -> Rate:
    n = counter.total()
    return Rate(*key, outcome, counter[outcome], n, counter[outcome] / n, *wilson(counter[outcome], n))


def wilson(count: int, n: int) -> tuple[float, float]:
    """95% score interval of a share of n > 0 (Wilson 1927)."""
    share, z2 = count / n, NORMAL_95**2
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = NORMAL_95 / (1 + z2 / n) * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    return max(0.0, centre - half), min(1.0, centre + half)


def _tables(rates: Sequence[Rate]) -> Iterable[Table]:
    for true, title in ((False, "false statements that pass"), (True, "true statements that are flagged")):
        table = Table("kind", "part", "n", "supported", "partial", "unsupported", title=title)
        for start in range(0, len(rates), 3):
            if rates[start].true == true:
                three = rates[start : start + 3]
                table.add_row(three[0].kind, three[0].part, str(three[0].n), *map(_cell, three))
        yield table


def _cell(rate: Rate) -> str:
    return f"{rate.share:.1%} ({rate.low:.1%} to {rate.high:.1%})"


if __name__ == "__main__":
    typer.run(main)
