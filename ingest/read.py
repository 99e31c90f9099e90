"""A file's papers, one after the other; the format is told by what is in the file, not by its name.

Reads JSON Lines and CSV line by line; JSON, BibTeX and pasted text whole. Never raises for what is in a file.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from io import TextIOBase
from itertools import pairwise
from pathlib import Path
from typing import Any

from charset_normalizer import from_bytes

from ingest.record import Refusal, paper_from
from rag.types import Paper

Records = Iterator[Paper | Refusal]

HEAD = 1 << 16  # bytes by which a format is told
MOST = 50_000_000  # bytes of a file that is read whole
LONGEST_LINE = 5_000_000  # characters of a line or CSV cell
READ = "Read are JSON Lines, JSON, CSV, BibTeX, and text as title, blank line, abstract"
ABSTRACT = 200  # characters from which a block of pasted text reads like an abstract
TITLE = 300  # characters up to which the block before it reads like a title
NESTS = ("papers", "data", "results", "items", "entries", "records", "articles", "documents")

# What is recognised and not read: its first bytes, what it is, what to do.
OTHERS = (
    (rb"%PDF", "a PDF; only abstracts are read", "Export the reference as BibTeX or CSV, with its abstract"),
    (rb"PK\x03\x04", "a zip archive or office document", "Unpack it, or save it as CSV"),
    (rb"\x1f\x8b", "a gzip archive", "Unpack it: gunzip FILE"),
    (rb"\s*<!doctype html|\s*<html", "a web page", "Save its papers as BibTeX, CSV or JSON Lines"),
    (rb"\s*PMID- ", "MEDLINE, which is not read yet", "Export it as CSV or BibTeX, with abstracts"),
    (rb"\s*TY  - ", "RIS, which is not read yet", "Export it as BibTeX or CSV, with abstracts"),
    (rb"\s*%0 ", "EndNote, which is not read yet", "Export it as BibTeX or CSV, with abstracts"),
    (rb"\s*<", "XML, which is not read yet", "Export it as BibTeX, CSV or JSON Lines, with abstracts"),
)
OTHER_JSON = {
    "abstract_inverted_index": "OpenAlex's JSON",
    "message-type": "Crossref's JSON",
    "api_url": "bioRxiv's JSON",
}


def expand(paths: Iterable[Path]) -> tuple[Path, ...]:
    """Files as given, folders as the files in them: sorted, none hidden, no link followed."""
    return tuple(file for path in paths for file in (_files(path) if path.is_dir() else (path,)))


def _files(folder: Path) -> Iterator[Path]:
    for entry in sorted(folder.iterdir()):
        if entry.name.startswith(".") or entry.is_symlink():
            continue
        yield from _files(entry) if entry.is_dir() else (entry,)


def read(path: Path) -> Records:
    """The file's papers, and refusals for what could not be read; one with where "" is about the whole file."""
    try:
        yield from _read(path)
    except OSError as error:
        yield Refusal("", f"It can't be opened: {error.strerror or error}. Check the path and its permissions.")


def _read(path: Path) -> Records:
    with path.open("rb") as file:
        head = file.read(HEAD)
        head += b"" if b"\n" in head else file.readline(LONGEST_LINE)  # formats are told by a whole line
    if not head.strip(b"\xef\xbb\xbf \t\r\n\x00"):
        yield Refusal("", "The file is empty. Export it again.")
        return
    if other := next(
        ((what, do) for start, what, do in OTHERS if re.match(start, _unmarked(head), re.IGNORECASE)), None
    ):
        yield Refusal("", f"This is {other[0]}. {other[1]}. {READ}.")
        return
    encoding = _encoding(head)
    if encoding is None:
        yield Refusal("", f"This is no text. {READ}.")
        return
    reader, streams = _reader(head.decode(encoding, errors="replace").lstrip("\ufeff"))
    size = path.stat().st_size
    if size > MOST and not streams:
        limit = f"{size / 1e6:,.0f} MB; {MOST / 1e6:.0f} MB at most are read of this format"
        yield Refusal("", f"{limit}. Split it into smaller files, or save it as JSON Lines or CSV, of any size.")
        return
    with path.open(encoding=encoding, errors="replace", newline="") as lines:
        yield from reader(lines)


def _unmarked(head: bytes) -> bytes:
    return head.removeprefix(b"\xef\xbb\xbf")


def _encoding(head: bytes) -> str | None:
    """UTF-8 or UTF-16 by their marks or validity, else the likeliest; None for what is no text."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    try:
        head[: len(head) - 4 if len(head) == HEAD else None].decode("utf-8-sig")  # the cut may split a character
        return "utf-8-sig"
    except UnicodeDecodeError:
        pass
    if head.count(0) > len(head) // 100:
        return None
    best = from_bytes(head).best()
    return best.encoding if best else None


def _reader(head: str) -> tuple[Callable[[TextIOBase], Records], bool]:
    """What reads a file that begins like this, and whether it streams."""
    start = head.lstrip()
    if start.startswith("{") and _is_object(start.split("\n", 1)[0]):
        return _json_lines, True
    if start.startswith(("{", "[")):
        return _json, False
    if re.search(r"^\s*@\s*\w+\s*[{(]", head, re.MULTILINE) and not start.startswith('"'):
        return _bibtex, False
    if _dialect(head):
        return _csv, True
    return _pasted, False


def _is_object(line: str) -> bool:
    """Whether the line is an object by itself, and not one that holds the papers."""
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict) and _listed(value) == [value]


def _json_lines(lines: TextIOBase) -> Records:
    for number, line in _bounded(lines):
        if line is None:
            yield Refusal(f"line {number}", f"Longer than {LONGEST_LINE:,} characters. Split it.")
        elif line.strip():
            yield _parsed(line, f"line {number}")


def _bounded(lines: TextIOBase) -> Iterator[tuple[int, str | None]]:
    """Numbered lines; None stands for one that is too long to be held."""
    number = 0
    while line := lines.readline(LONGEST_LINE):
        number += 1
        whole = len(line) < LONGEST_LINE or line.endswith("\n")
        while not whole:
            rest = lines.readline(LONGEST_LINE)
            whole = not rest or rest.endswith("\n")
            line = ""
        yield number, line or None


def _parsed(line: str, where: str) -> Paper | Refusal:
    try:
        return _from_value(json.loads(line), where)
    except (ValueError, RecursionError) as error:
        return Refusal(where, f"Not JSON: {error}. Mend the line, or export again.")


def _from_value(value: object, where: str) -> Paper | Refusal:
    if not isinstance(value, Mapping):
        return Refusal(where, f'An object with "title" and "abstract" is wanted, not {str(value)[:40]!r}.')
    for key, what in OTHER_JSON.items():
        if key in value and not value.get("abstract"):
            return Refusal(where, f"{what} is not read yet. Export it as CSV or BibTeX, with abstracts. {READ}.")
    return paper_from(value, where)


def _json(lines: TextIOBase) -> Records:
    try:
        value = json.loads(lines.read())
    except (ValueError, RecursionError) as error:
        yield Refusal("", f"Not JSON: {error}. Export it again, or save it as JSON Lines.")
        return
    for number, record in enumerate(_listed(value), start=1):
        yield _from_value(record, f"record {number}")


def _listed(value: Any) -> list[Any]:
    """The records of an array, of an object that holds one, or of a single object."""
    if isinstance(value, list):
        return value
    if isinstance(value, Mapping):
        nests = [nest for key, nest in value.items() if str(key).lower() in NESTS and isinstance(nest, list)]
        if nests:
            return nests[0]
    return [value]


def _dialect(head: str) -> type[csv.Dialect] | None:
    """The CSV dialect, where the first line names a title and an abstract."""
    names = head.lstrip("\ufeff").split("\n", 1)[0].lower()
    if not re.search(r"\btitle\b|display_name", names) or not re.search(r"abstract|\btext\b|summary", names):
        return None
    try:
        return csv.Sniffer().sniff(names, delimiters=",;\t|")
    except csv.Error:
        return None


def _csv(lines: TextIOBase) -> Records:
    csv.field_size_limit(LONGEST_LINE)
    dialect = _dialect(lines.readline(HEAD))
    lines.seek(0)
    delimiter = dialect.delimiter if dialect else ","
    rows = csv.DictReader(lines, delimiter=delimiter, restkey="_more")
    while True:
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            yield Refusal(f"line {rows.line_num}", f"Not CSV: {error}. Mend the line, or export again.")
            continue
        yield paper_from({key: value for key, value in row.items() if value}, f"line {rows.line_num}")


def _bibtex(lines: TextIOBase) -> Records:
    from bibtexparser.entrypoint import parse_string
    from bibtexparser.middlewares import LatexDecodingMiddleware

    decode = LatexDecodingMiddleware(keep_braced_groups=False)
    library = parse_string(lines.read(), append_middleware=[decode])
    for entry in library.entries:
        fields = {field.key: _unwrapped(field.value) for field in entry.fields}
        yield paper_from(fields, f"@{entry.entry_type}{{{entry.key}}}")
    for block in library.failed_blocks:
        reason = f"Not BibTeX: {block.error}. Mend the entry, or export again."
        yield Refusal(f"line {(block.start_line or 0) + 1}", " ".join(reason.split()))


def _unwrapped(value: object) -> str:
    """One line, without the braces that only guard capitals."""
    return re.sub(r"(?<!\\)[{}]", "", " ".join(str(value).split()))


def _pasted(lines: TextIOBase) -> Records:
    """Long blocks under short ones are abstracts under titles; the rest is the web page's own furniture."""
    blocks = [" ".join(block.split()) for block in re.split(r"\n\s*\n", lines.read().replace("\r\n", "\n"))]
    blocks = [block for block in blocks if block]
    found = 0
    for title, abstract in pairwise(blocks):
        if len(abstract) >= ABSTRACT and len(title) <= TITLE and len(title) < len(abstract):
            found += 1
            yield paper_from({"title": title, "abstract": abstract}, f"paper {found}")
    if not found:
        yield Refusal("", f"No paper is found in it. {READ}.")
