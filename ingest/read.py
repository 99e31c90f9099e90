"""A file's papers, one after the other: one reader a format.

Reads JSON Lines and CSV line by line; JSON, BibTeX and pasted text whole. Never raises for what is in a file.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Iterator
from io import TextIOBase, TextIOWrapper
from pathlib import Path
from typing import BinaryIO

from ingest.pasted import pasted
from ingest.recognise import HEAD, JSON, READ, Recognised, foreign, listed, recognise
from ingest.record import Refusal, known, paper_from
from ingest.rows import LONGEST_LINE, numbered, rows
from rag.types import Paper

Records = Iterator[Paper | Refusal]

MOST = 50_000_000  # bytes of a file that is read whole
_BETWEEN_VALUES = re.compile(r"[\s\ufeff\0]*")


def expand(paths: Iterable[Path]) -> tuple[Path, ...]:
    """Files as given, folders as the files in them: sorted, none hidden, no link followed."""
    return tuple(file for path in paths for file in _files(path))


def _files(path: Path) -> Iterator[Path]:
    waiting = [path]
    while waiting:
        path = waiting.pop()
        try:
            waiting += reversed(_entries(path))
        except (OSError, ValueError):  # no folder, or one that can't be listed: `read` says what is wrong with it
            yield path


def _entries(folder: Path) -> list[Path]:
    return sorted(entry for entry in folder.iterdir() if not entry.name.startswith(".") and not entry.is_symlink())


def read(path: Path) -> Records:
    """The file's papers, and refusals for what could not be read; one with where "" is about the whole file."""
    try:
        if strange := _strange(path):
            yield Refusal("", f"This is {strange}. Give a file that holds papers. {READ}.")
            return
        with path.open("rb") as file:
            yield from _read(file)
    except OSError as error:
        yield Refusal("", f"It can't be opened: {error.strerror or error}. Check the path and its permissions.")


def _strange(path: Path) -> str | None:
    """What is no regular file is not opened: a pipe would wait for ever."""
    try:
        mode = path.stat().st_mode
    except ValueError:
        return "no name that a file can have"
    if stat.S_ISDIR(mode):
        os.scandir(path).close()  # raises where it can't be listed, which is then the reason
        return "a folder"
    return None if stat.S_ISREG(mode) else "a pipe, socket or device"


def _read(file: BinaryIO) -> Records:
    head = _head(file)
    if not head.strip(b" \t\r\n\0\xef\xbb\xbf\xff\xfe"):
        yield Refusal("", "The file is empty. Export it again.")
        return
    found = recognise(head)
    if isinstance(found, str):
        yield Refusal("", found)
        return
    size = os.fstat(file.fileno()).st_size
    if size > MOST and found.format not in {"JSON Lines", "CSV"}:
        limit = f"{size / 1e6:,.0f} MB of {found.format}; {MOST / 1e6:.0f} MB at most are read of it"
        yield Refusal("", f"{limit}. Split it into smaller files, or save it as JSON Lines or CSV, of any size.")
        return
    file.seek(0)
    yield from _records(TextIOWrapper(file, found.encoding, errors="replace", newline=""), found)


def _head(file: BinaryIO) -> bytes:
    """Enough to tell the format by: from the first word on, and a whole line."""
    while (head := file.read(HEAD)) and not head.strip():
        pass
    return head if b"\n" in head.lstrip() else head + file.readline(LONGEST_LINE)


def _records(lines: TextIOBase, found: Recognised) -> Records:
    readers = {"JSON Lines": _json_lines, "JSON": _json, "BibTeX": _bibtex, "text": _pasted}
    reader = readers.get(found.format)
    empty = True
    for record in reader(lines) if reader else _csv(lines, found.delimiter):
        empty = False
        yield record
    if empty:
        yield Refusal("", f"No paper is found in it. {READ}.")


def _json_lines(lines: TextIOBase) -> Records:
    for number, line in numbered(lines):
        if line is None:
            yield Refusal(f"line {number}", f"Longer than {LONGEST_LINE:,} characters. Split it.")
        elif line := line.strip(" \t\r\n\ufeff"):
            yield _parsed(line, f"line {number}")


def _parsed(line: str, where: str) -> Paper | Refusal:
    try:
        return _from_value(JSON.decode(line), where)
    except (ValueError, RecursionError) as error:
        return Refusal(where, f"Not JSON: {error}. Mend the line, or export again.")


def _from_value(value: object, where: str) -> Paper | Refusal:
    if not isinstance(value, dict):
        kind = "an array" if isinstance(value, list) else repr(value)[:40]
        return Refusal(where, f'{kind} is no paper. An object with "title" and "abstract" is wanted.')
    if reason := foreign(value):
        return Refusal(where, reason)
    return paper_from(value, where)


def _json(lines: TextIOBase) -> Records:
    try:
        values = _values(lines.read(MOST))
    except (ValueError, RecursionError) as error:
        yield Refusal("", f"Not JSON: {error}. Export it again, or save it as JSON Lines.")
        return
    if values and (reason := foreign(values[0])):
        yield Refusal("", reason)
        return
    for number, value in enumerate(values, start=1):
        yield _from_value(value, f"record {number}")


def _values(text: str) -> list[object]:
    """The records of one JSON text, or of several one after the other, as jq writes them. Raises as JSON does."""
    first, place = JSON.raw_decode(text, _next_value(text, 0))
    values = [*listed(first)]
    while (place := _next_value(text, place)) < len(text):
        another, place = JSON.raw_decode(text, place)
        values += listed(another)
    return values


def _next_value(text: str, place: int) -> int:
    found = _BETWEEN_VALUES.match(text, place)
    return found.end() if found else place


def _csv(lines: TextIOBase, delimiter: str) -> Records:
    header: list[str] = []
    for number, row in rows(lines, delimiter):
        if isinstance(row, str):
            yield Refusal(f"line {number}", f"Not CSV: {row}. Mend the row, or export again.")
        elif header:
            yield _from_row(header, row, f"line {number}")
        elif lacking := {"title", "abstract"} - set(map(known, row)):
            columns = ", ".join(map(repr, row))[:300]
            wanted = " or ".join(f'"{name}"' for name in sorted(lacking))
            yield Refusal(
                "", f"It has no column {wanted}, only {columns}. Export it with abstracts, or rename a column."
            )
            return
        else:
            header = row


def _from_row(header: list[str], row: list[str], where: str) -> Paper | Refusal:
    if any(row[len(header) :]):
        counts = f"{len(row)} cells under {len(header)} columns"
        return Refusal(where, f"{counts}. Put cells that hold the delimiter in quotes, or export again.")
    cells = reversed([*zip(header, row, strict=False)])  # of two columns of one name, the first
    return paper_from({name: cell for name, cell in cells if cell.strip()}, where)


def _bibtex(lines: TextIOBase) -> Records:
    from ingest.bibtex import entries  # a third of a second, and only BibTeX needs it

    for where, fields in entries(lines.read(MOST)):
        if isinstance(fields, str):
            yield Refusal(where, f"Not BibTeX: {fields}. Mend the entry, or export again.")
        else:
            yield paper_from(fields, where)


def _pasted(lines: TextIOBase) -> Records:
    return pasted(lines.read(MOST).replace("\r\n", "\n").replace("\r", "\n"))
