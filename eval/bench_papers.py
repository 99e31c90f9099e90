"""The papers that are measured with: those shipped, or the first of a larger collection."""

from __future__ import annotations

import gzip
import json
from itertools import islice
from pathlib import Path

from ingest.add import SHIPPED, ingest
from rag.encoder import BundledEncoder
from rag.library import Library

SIZES = (90, 2_000, 20_000)


def shipped(folder: Path) -> Library:
    """The shipped papers in a library of this folder; made once."""
    library = Library(folder / "shipped")
    ingest(library, [SHIPPED], BundledEncoder())
    return library


def sample(folder: Path, papers: Path | None, size: int) -> Path:
    """A file with the first `size` papers; the shipped ones where these are enough."""
    if papers is None or size <= SIZES[0]:
        return SHIPPED
    file = folder / f"{size}.jsonl"
    opener = gzip.open if papers.suffix == ".gz" else open
    with opener(papers, "rt", encoding="utf-8") as lines, file.open("w", encoding="utf-8") as kept:
        kept.writelines(islice((line for line in lines if json.loads(line).get("abstract")), size))
    return file
