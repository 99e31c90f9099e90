"""How often the check is wrong, by kind of statement: python -m eval.checking [--scifact FILE] [--json].

Altered and rewritten sentences of the shipped papers, paraphrases written by hand, and SciFact's claims. Rules and
thresholds were set on the papers with even numbers, counted from 0, and SciFact's train split; no error in the rest was
read.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from eval.altered import altered, altered_paraphrases
from eval.claims import Claim, paraphrases, scifact
from eval.rewritten import rewritten
from eval.statistics import wilson
from ingest.add import SHIPPED
from ingest.read import read
from rag.check import Similarity, check
from rag.encoder import BundledEncoder
from rag.errors import CallerMistake
from rag.split import sentences
from rag.types import Paper, Span, Support

OUTCOMES: tuple[Support, ...] = ("supported", "partial", "unsupported")
SHOWN = ("odd", "train", "dev")  # parts in the table; JSON has all


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
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON on stdout, both halves.")] = False,
) -> None:
    """Prints how often false statements pass as supported, and true ones are flagged.

    Example: python -m eval.checking --scifact ../shared/data/scifact/evidence.jsonl
    """
    encoder = BundledEncoder()
    try:
        claims = list(scifact(scifact_file)) if scifact_file else []
    except CallerMistake as error:
        raise typer.BadParameter(str(error)) from None
    rates = measured([*shipped_cases(encoder.vectors), *claims], cosine(encoder))
    if as_json:
        print(json.dumps([asdict(rate) for rate in rates], indent=1))
    else:
        Console(width=120).print(*_tables(rates))


def shipped_cases(vectors: Callable[[Sequence[str]], np.ndarray]) -> Iterator[Claim]:
    """All cases that need nothing but the shipped papers; `vectors`: a row a text, unit length."""
    papers = shipped_papers()
    spans = shipped_sentences(papers)
    written = list(paraphrases(papers))
    yield from altered(spans, vectors([span.text for span in spans]))
    yield from altered_paraphrases(written, spans)
    yield from rewritten(spans)
    yield from written


def shipped_papers() -> list[Paper]:
    """In the order of the file."""
    return [record for record in read(SHIPPED) if isinstance(record, Paper)]


def shipped_sentences(papers: Iterable[Paper]) -> list[Span]:
    """Paper by paper, in the order of the abstract."""
    return [Span(paper, *bounds) for paper in papers for bounds in sentences(paper.abstract)]


def cosine(encoder: BundledEncoder) -> Similarity:
    """Of two texts by the encoder, each text encoded once."""
    vector = lru_cache(maxsize=None)(encoder.vector)
    return lambda one, other: float(np.dot(vector(one), vector(other)))


def measured(cases: Iterable[Claim], similarity: Similarity) -> list[Rate]:
    """The rate of each outcome, by kind and part, the false kinds first, else as they come."""
    outcomes: dict[tuple[str, bool, str], Counter[Support]] = {}
    for case in cases:
        support = check(case.statement, case.quotes, similarity).support
        for kind in dict.fromkeys((case.kind, case.kind.split(":")[0])):  # each sort of paraphrase, and all
            outcomes.setdefault((kind, case.true, case.part), Counter())[support] += 1
    kinds = list(dict.fromkeys(kind for kind, _, _ in outcomes))
    order = sorted(outcomes, key=lambda key: (key[1], kinds.index(key[0])))
    return [_rate(key, outcome, outcomes[key]) for key in order for outcome in OUTCOMES]


def _rate(key: tuple[str, bool, str], outcome: Support, counter: Counter[Support]) -> Rate:
    count, n = counter[outcome], counter.total()
    return Rate(*key, outcome, count, n, count / n, *wilson(count, n))


def _tables(rates: Sequence[Rate]) -> Iterator[Table]:
    for true, title in ((False, "False statements: supported is wrong"), (True, "True ones: unsupported is wrong")):
        table = Table("kind", "part", "n", *(f"{outcome} (95% interval)" for outcome in OUTCOMES), title=title)
        for place in range(0, len(rates), len(OUTCOMES)):
            first, *_ = row = rates[place : place + len(OUTCOMES)]
            if first.true == true and first.part in SHOWN:
                table.add_row(first.kind, first.part, str(first.n), *map(_cell, row))
        yield table


def _cell(rate: Rate) -> str:
    return f"{rate.share:.1%} ({rate.low:.1%} to {rate.high:.1%})"


if __name__ == "__main__":
    typer.run(main)
