"""Statements of known truth, with the quotes that they cite: written by hand, or SciFact's claims."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rag.errors import CallerMistake
from rag.types import Paper, Span

PARAPHRASES = Path(__file__).with_name("paraphrases.jsonl")


@dataclass(frozen=True, slots=True)
class Claim:
    """One statement; `part` says which share of the data it belongs to ("even" papers set thresholds, "odd" report)."""

    kind: str
    true: bool
    statement: str
    quotes: tuple[Span, ...]
    part: str


def parity(papers: list[Paper], paper: Paper) -> str:
    """Of the paper's place in the collection, counted from 0."""
    return ("even", "odd")[papers.index(paper) % 2]


def paraphrases(papers: list[Paper], file: Path = PARAPHRASES) -> Iterator[Claim]:
    """Written by hand before the check was; those that are false have their names and numbers right."""
    by_title = {paper.title: paper for paper in papers}
    for entry in _lines(file):
        paper = by_title[entry["paper"]]
        kind = f"paraphrase: {entry['kind']}"
        quotes = tuple(span(paper, quote) for quote in entry["quotes"])
        yield Claim(kind, bool(entry["true"]), entry["statement"], quotes, parity(papers, paper))


def span(paper: Paper, quote: str) -> Span:
    """Where the quote stands. Raises ValueError when it doesn't."""
    start = paper.abstract.index(quote)
    return Span(paper, start, start + len(quote))


def scifact(evidence: Path) -> Iterator[Claim]:
    """Claims against the sentences that support or contradict them; the claims lie beside the file.

    Raises CallerMistake when a file can't be read.
    """
    entries = list(_lines(evidence))
    claims = {line["id"]: line["text"] for name in ("queries", "queries.train") for line in _beside(evidence, name)}
    papers = {line.get("id") or line["_id"]: line for line in _beside(evidence, "corpus")}
    for entry in entries:
        found = papers[entry["doc_id"]]
        paper = Paper(entry["doc_id"], found["title"], found.get("abstract") or found["text"])
        quotes = tuple(span(paper, sentence) for sentence in entry["sentences"])
        true = entry["label"] == "SUPPORT"
        yield Claim("SciFact claim", true, claims[entry["query_id"]], quotes, entry["split"])


def _beside(file: Path, name: str) -> Iterator[dict[str, Any]]:
    return _lines(file.with_name(f"{name}.jsonl"))


def _lines(file: Path) -> Iterator[dict[str, Any]]:
    try:
        with file.open(encoding="utf-8") as lines:
            yield from map(json.loads, filter(str.strip, lines))
    except (OSError, ValueError) as error:
        raise CallerMistake(f"{file} can't be read: {error}.") from None
