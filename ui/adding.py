"""Files and text handed over in the window, into the library: set aside under names of ours, added, cleared away."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from ingest.add import Progress, Summary, embed, ingest
from rag.chroma_server import load_server
from rag.config import Settings
from rag.encoder import BundledEncoder
from rag.errors import LibraryUnwritable
from rag.library import Library
from rag.models import load_embedding
from ui.tables import Table, column, table

LISTED = 100  # refused records that are shown; `askpapers ingest --json` lists more


@dataclass(frozen=True, slots=True)
class Handed:
    """What somebody handed over; its name is theirs, shown and never used for a path."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Added:
    """What came of it."""

    name: str
    summary: Summary


def add(library: Library, handed: Sequence[Handed], settings: Settings, progress: Progress) -> list[Added]:
    """`progress` is told the place of the file that is read, from 0, or "indexing". Raises LibraryError."""
    with set_aside(handed) as paths:
        summaries = ingest(library, paths, BundledEncoder(), progress, load_server(settings))
    return [Added(one.name, summary) for one, summary in zip(handed, summaries, strict=True)]


def complete(library: Library, settings: Settings, progress: Progress) -> None:
    """Makes the vectors of the configured embedding, where one is. Raises what `ingest.add.embed` does."""
    if embedding := load_embedding(settings):
        embed(library, embedding, ("passage",), progress)


@contextmanager
def set_aside(handed: Sequence[Handed]) -> Iterator[list[Path]]:
    """Files in a folder that is nobody else's, and gone at the end, whatever happens."""
    with ExitStack() as stack:
        try:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
            for place, one in enumerate(handed):
                (folder / str(place)).write_bytes(one.content)
        except OSError as error:
            why = f"The files can't be set aside in this machine's temporary folder: {error}."
            raise LibraryUnwritable(f"{why} Make room there, then try again. Nothing was added.") from error
        yield [folder / str(place) for place in range(len(handed))]


def in_words(added: Sequence[Added], holds: int) -> str:
    """All files together."""
    found = [one.summary for one in added]
    counts = [
        (sum(one.added for one in found), "added"),
        (sum(one.updated for one in found), "updated"),
        (sum(one.unchanged for one in found), "already there"),
        (sum(len(one.refused) for one in found), "refused"),
    ]
    said = ", ".join(f"{count:,} {what}" for count, what in counts if count) or "Nothing was found"
    return f"{said}. The library holds {holds:,} paper{'' if holds == 1 else 's'}."


def by_file(added: Sequence[Added]) -> Table:
    """A row a file."""
    names = ("added", "updated", "already there", "refused")
    rows = (
        {
            "cells": [
                one.name,
                *map(_count, (one.summary.added, one.summary.updated, one.summary.unchanged)),
                {"text": _count(len(one.summary.refused)), "shade": "fair"},
            ]
        }
        for one in added
    )
    return table("What came of each file", [column("file"), *(column(name, "number") for name in names)], rows)


def _count(count: int) -> str:
    return f"{count:,}" if count else "–"


def refused(added: Sequence[Added]) -> Table:
    """Where and why, the first LISTED of them."""
    found = [(one.name, refusal) for one in added for refusal in one.summary.refused]
    rows = [{"cells": [{"text": name, "sub": refusal.where}, refusal.reason]} for name, refusal in found[:LISTED]]
    if len(found) > LISTED:
        rows.append({"cells": ["", f"... and {len(found) - LISTED:,} more. askpapers ingest FILE --json lists them."]})
    return table("What was refused, and why", [column("where"), column("why")], rows)
