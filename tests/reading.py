"""What a file holds and what came of it: shared by the tests of reading."""

from __future__ import annotations

import json
from pathlib import Path

from ingest.read import read
from ingest.record import Refusal
from rag.split import sentences
from rag.types import Paper

BREAD = "We let sourdough ferment at 18 degrees for fourteen hours. The loaves rise by 12.5% more."
BEES = "Bees that sleep for six hours dance straighter than bees that sleep for three."
RYE = {"title": "On Rye", "abstract": BREAD}
BEE = {"title": "On Bees", "abstract": BEES}


def written(folder: Path, content: str | bytes, name: str = "papers") -> Path:
    """A file with this content; its name says nothing."""
    file = folder / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return file


def lines(*records: object) -> str:
    """JSON Lines; strings as they are."""
    return "".join(record if isinstance(record, str) else json.dumps(record) + "\n" for record in records)


def outcome(path: Path) -> tuple[list[Paper], list[Refusal]]:
    """The papers and the refusals."""
    records = list(read(path))
    return [r for r in records if isinstance(r, Paper)], [r for r in records if isinstance(r, Refusal)]


def titles(path: Path) -> list[str]:
    """Of the papers read."""
    return [paper.title for paper in outcome(path)[0]]


def refusal(path: Path) -> Refusal:
    """The only thing that came of the file."""
    papers, refusals = outcome(path)
    assert not papers
    assert len(refusals) == 1
    return refusals[0]


def quotes_locate(paper: Paper) -> bool:
    """Every sentence lies in the abstract, and together they miss nothing of it."""
    text, bounds = paper.abstract, sentences(paper.abstract)
    whole = "".join("".join(text[start:end].split()) for start, end in bounds)
    return all(0 <= start < end <= len(text) for start, end in bounds) and whole == "".join(text.split())
