"""The library as a catalogue: found by words of title, author and venue, filtered, sorted, a page at a time.

What is searched lies in memory, an edition of the library at a time, so that every keystroke finds at once.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from threading import Lock
from typing import Literal

from rag.library import Library
from rag.schema import COLUMNS, paper_of
from rag.types import Paper
from rag.words import plain

Order = Literal["arrival", "title", "newest", "oldest"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Every word must be in title, authors or venue, case and accents aside; an empty field sets no bound."""

    words: str = ""
    author: str = ""  # every word of it in the authors
    venue: str | None = None
    years: tuple[int, int] | None = None  # both among them; papers without a year lie outside
    order: Order = "arrival"


@dataclass(frozen=True)
class Catalogue:
    """Of n papers, in the order they came."""

    numbers: Sequence[int]  # the library's
    words: Sequence[str]  # title, authors and venue, as they are searched
    authors: Sequence[str]  # as they are searched
    venues: Sequence[str | None]
    years: Sequence[int | None]

    @cached_property
    def all_years(self) -> tuple[int, int] | None:
        """The first and the last; None where no paper has a year."""
        known = [year for year in self.years if year]
        return (min(known), max(known)) if known else None

    @cached_property
    def all_venues(self) -> dict[str, int]:
        """How many papers each has, the largest first."""
        return dict(Counter(venue for venue in self.venues if venue).most_common())

    @cached_property
    def has_authors(self) -> bool:
        """Whether any paper has one."""
        return any(self.authors)

    def find(self, wanted: Wanted) -> list[int]:
        """The library's numbers of the papers, in the order wanted."""
        found = self._ordered[wanted.order]
        for word in plain(wanted.words).split():
            found = [place for place in found if word in self.words[place]]
        for word in plain(wanted.author).split():
            found = [place for place in found if word in self.authors[place]]
        if wanted.venue:
            found = [place for place in found if self.venues[place] == wanted.venue]
        if wanted.years:
            first, last = wanted.years
            found = [place for place in found if first <= (self.years[place] or 0) <= last]
        return [self.numbers[place] for place in found]

    @cached_property
    def _ordered(self) -> dict[Order, list[int]]:
        """All places; equals as they came, what has no year at the end."""
        places = range(len(self.numbers))
        return {
            "arrival": list(places),
            "title": sorted(places, key=self.words.__getitem__),
            "newest": sorted(places, key=lambda place: -(self.years[place] or 0)),
            "oldest": sorted(places, key=lambda place: self.years[place] or 10_000),
        }


def catalogue(library: Library) -> Catalogue:
    """Of the library as it is now. Raises LibraryError."""
    with library.reading() as db:
        rows = db.execute("SELECT seq, title, authors, venue, year FROM papers ORDER BY seq").fetchall()
    authors = [plain("\n".join(json.loads(row[2]))) for row in rows]
    return Catalogue(
        numbers=[row[0] for row in rows],
        words=[f"{plain(row[1])}\n{names}\n{plain(row[3] or '')}" for row, names in zip(rows, authors, strict=True)],
        authors=authors,
        venues=[row[3] for row in rows],
        years=[row[4] for row in rows],
    )


def listed(library: Library, numbers: Iterable[int]) -> list[Paper]:
    """These papers, in this order; those that are gone are left out. Raises LibraryError."""
    return _of(library, "seq", list(numbers))


def known(library: Library, ids: Iterable[str]) -> list[Paper]:
    """The same by id. Raises LibraryError."""
    return _of(library, "id", list(ids))


def _of(library: Library, column: Literal["seq", "id"], wanted: list[int] | list[str]) -> list[Paper]:
    with library.reading() as db:
        rows = db.execute(
            f"SELECT {column}, {COLUMNS} FROM papers WHERE {column} IN (SELECT value FROM json_each(?))",
            (json.dumps(wanted),),
        )
        found = {key: paper_of(columns) for key, *columns in rows}
    return [found[key] for key in wanted if key in found]


class Shelf:
    """Keeps the catalogue at hand; safe in many threads."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._lock = Lock()
        self._held: tuple[str, Catalogue] | None = None

    def now(self) -> Catalogue:
        """Of the library as it is; while papers are being added, the one at hand serves. Raises LibraryError."""
        with self._lock:
            edition = self._library.edition
            if self._held is None or (self._held[0] != edition and not self._library.busy):
                self._held = edition, catalogue(self._library)
            return self._held[1]
