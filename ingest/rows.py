"""Lines of bounded length, and CSV rows that don't take their neighbours with them when they are broken."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator
from io import TextIOBase

LONGEST_LINE = 5_000_000  # characters of a line, or of a CSV row


def numbered(lines: TextIOBase) -> Iterator[tuple[int, str | None]]:
    """Each line with its number; None stands for one that is too long to be held."""
    number = 0
    while line := lines.readline(LONGEST_LINE):
        number += 1
        whole = len(line) < LONGEST_LINE or line.endswith(("\n", "\r"))
        yield number, line if whole else None
        while not whole:
            rest = lines.readline(LONGEST_LINE)
            whole = len(rest) < LONGEST_LINE or rest.endswith(("\n", "\r"))


def rows(lines: TextIOBase, delimiter: str) -> Iterator[tuple[int, list[str] | str]]:
    """The line on which each row begins, and its cells, or what is wrong with it."""
    csv.field_size_limit(LONGEST_LINE)
    feed = _Feed(lines)
    # Strict: else a quote that is never closed would swallow the papers behind it, unsaid.
    reader = csv.reader(feed, delimiter=delimiter, skipinitialspace=True, strict=True)
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield feed.put_back(), str(error)
            continue
        if any(map(str.strip, row)):  # spreadsheets end in rows of nothing
            yield feed.begin, row
        feed.forget()


class _Feed:
    """Lines for the CSV parser, remembered until their row is whole: of a broken one, only the first is lost."""

    def __init__(self, lines: TextIOBase) -> None:
        self._lines = numbered(lines)
        self._waiting: deque[tuple[int, str | None]] = deque()
        self._row: list[tuple[int, str | None]] = []
        self._held = 0

    def __iter__(self) -> _Feed:
        return self

    def __next__(self) -> str:
        number, line = self._waiting.popleft() if self._waiting else next(self._lines)
        self._row.append((number, line))
        self._held += len(line or "")
        if line is None or self._held > LONGEST_LINE:
            raise csv.Error(f"longer than {LONGEST_LINE:,} characters")
        return line

    @property
    def begin(self) -> int:
        """The number of the row's first line."""
        return self._row[0][0]

    def put_back(self) -> int:
        """All lines of the row but its first, whose number it returns."""
        begin = self.begin
        self._waiting.extendleft(reversed(self._row[1:]))
        self.forget()
        return begin

    def forget(self) -> None:
        """The row is done."""
        self._row.clear()
        self._held = 0
