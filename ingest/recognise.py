"""What a file is, told by its first bytes and never by its name. Pure."""

from __future__ import annotations

import codecs
import csv
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from io import StringIO
from typing import Any, Literal

from charset_normalizer import from_bytes

from ingest.record import known

Format = Literal["JSON Lines", "JSON", "CSV", "BibTeX", "text"]

HEAD = 1 << 16  # bytes by which encoding and format are told
ABSTRACT = 200  # characters from which a block of pasted text reads like an abstract
NESTS = ("papers", "data", "results", "items", "entries", "records", "articles", "documents")
READ = "Read are JSON Lines, JSON, CSV, BibTeX, and text as title, blank line, abstract"
JSON = json.JSONDecoder(
    strict=False,  # a raw line break in a string is no reason to lose the paper
    parse_int=str,  # as written: an integer of 5,000 digits would raise
    parse_float=str,
    parse_constant=lambda _: None,  # NaN and Infinity are no words
)

_EXPORT = "Export BibTeX or CSV, with abstracts"
_MANAGER = "Open it in a reference manager (Zotero, say) and export BibTeX or CSV, with abstracts"
# What is recognised and not read: a pattern in its first characters (bytes, read as Latin-1), what it is, what to do.
_OTHER_BYTES = (
    (r"%PDF", "a PDF; only abstracts are read", "Export its reference as BibTeX or CSV, with the abstract"),
    (r"PK\x03\x04", "a zip archive or office document", "Unpack it, or save it as CSV"),
    (r"\x1f\x8b", "a gzip archive", "Unpack it: gunzip FILE"),
    (r"BZh\d|\xfd7zXZ|7z\xbc\xaf|Rar!\x1a|\x28\xb5\x2f\xfd", "a compressed archive", "Unpack it"),
    (r"\xd0\xcf\x11\xe0", "an old office document", "Save it as CSV"),
)
_OTHER_TEXTS = (
    (r"<(?:!doctype html|html)", "a web page", "Save its papers as BibTeX, CSV or JSON Lines"),
    (r"<(?:\?xml|!doctype|[a-z][^<>]*>\s*<)", "XML, which is not read yet", f"{_EXPORT}, or JSON Lines"),
    (r"(?:.*\n){0,30}?PMID- ?\d", "MEDLINE, which is not read yet", _MANAGER),
    (r"(?:.*\n){0,30}?TY  ?- ", "RIS, which is not read yet", _MANAGER),
    (r"%[0A] ", "EndNote, which is not read yet", _MANAGER),
    (r"FN (?:Clarivate|Thomson|ISI)|PT\t(?:AU|BA)\t", "Web of Science's own format, not read yet", _MANAGER),
    (r"\{\\rtf", "RTF, a word processor's format", "Save it as plain text"),
    (r"(?:.*\n){0,99}?\\(?:documentclass|begin\{document\})", "LaTeX source", "Give the papers as BibTeX or CSV"),
)
_NO_PAPERS = (  # looked for only in what would else be pasted text: an abstract in a CSV cell may show code
    (
        r"(?-i:#!|(?:.*\n){0,99}?(?:from [\w.]+ import [\w(*]|import [\w.]+(?: as \w+)?;?\n|(?:async )?def \w+\("
        r"|class \w+[(:{]|#include [<\"]|package [\w.]+;|(?:const|let|var|export|public|static) .*;\n"
        r"|.*\{\n|\[[\w.-]+\]\n[\w-]+ ?=))",
        "a program's source code",
        "Give files that hold papers",
    ),
    (
        r"(?:.*\n){0,99}?(?:#{1,6} \S|```)",
        "Markdown, which is not read",
        "Take the # from titles that stand over abstracts",
    ),
)
_OTHER_JSON = {
    "abstract_inverted_index": "OpenAlex's JSON",
    "message-type": "Crossref's JSON",
    "api_url": "bioRxiv's JSON",
}
_CONTROLS = bytes({*range(32)} - {*b"\t\n\v\f\r\x1b"})
_JSON_START = re.compile(r'\{\s*(?:["}]|$)|\[\s*(?:["{\[\]]|$)')
_BIBTEX = re.compile(
    r"^[ \t]*@[ \t]*(?:(?:string|comment|preamble)[ \t]*[{(]|\w+[ \t]*[{(][^{}\"=,]{0,200},\s{0,99}[\w-]+\s{0,99}=)",
    re.IGNORECASE | re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Recognised:
    """A format that is read, the encoding of its text, and what stands between the cells of a CSV row."""

    format: Format
    encoding: str
    delimiter: str = ","


def recognise(head: bytes) -> Recognised | str:
    """What begins so (HEAD bytes or more, or all there is), or why it is not read and what to do."""
    if other := _other(_OTHER_BYTES, head[:99].decode("latin-1")):
        return other
    encoding = _encoding(head)
    if encoding is None:
        return f"This is no text. {READ}."
    text = re.sub(r"\r\n?", "\n", head.decode(encoding, errors="replace")).lstrip("\ufeff \t\n\0")
    if other := _other(_OTHER_TEXTS, text):
        return other
    found = _format(text, encoding)
    none = (_other(_NO_PAPERS, text) or _late_header(text)) if found.format == "text" else None
    return none or found


def _other(others: tuple[tuple[str, str, str], ...], text: str) -> str | None:
    found = next(((what, do) for start, what, do in others if re.match(start, text, re.IGNORECASE)), None)
    return f"This is {found[0]}. {found[1]}. {READ}." if found else None


def _encoding(head: bytes) -> str | None:
    """By its mark, by UTF-16's zeros, as UTF-8 (a stray byte aside), or the likeliest; None for what is no text."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    sample = head[:HEAD]
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    if max(even, odd) * 5 > len(sample) and min(even, odd) * 50 <= len(sample):
        return "utf-16-le" if odd > even else "utf-16-be"
    if len(sample.translate(None, _CONTROLS)) < 0.95 * len(sample):
        return None
    return "utf-8-sig" if _is_utf8(sample) else _likeliest(sample)


def _is_utf8(sample: bytes) -> bool:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(sample)  # its last character may be cut
        return True
    except UnicodeDecodeError:
        text = sample.decode("utf-8", errors="replace")
        return sum(not char.isascii() for char in text) > 2 * text.count("\ufffd")


def _likeliest(sample: bytes) -> str | None:
    """Windows-1252 where nothing fits better: of short texts the guesser makes Romanian as soon as Spanish."""
    guesses = from_bytes(sample)
    best = guesses.best()
    if best is None:
        return None
    equals = (guess for guess in guesses if guess.chaos <= best.chaos)
    western = any("cp1252" in (guess.encoding, *guess.could_be_from_charset) for guess in equals)
    return "cp1252" if western else best.encoding


def _format(text: str, encoding: str) -> Recognised:
    if _JSON_START.match(text):
        return Recognised("JSON Lines" if _is_lines(text) else "JSON", encoding)
    if delimiter := _delimiter(text):
        return Recognised("CSV", encoding, delimiter)
    return Recognised("BibTeX" if _is_bibtex(text) else "text", encoding)


def _is_lines(text: str) -> bool:
    """Whether the first line is a record by itself, or is broken and the next ones are."""
    first, *others = [line for line in text.split("\n", 9)[:9] if line.strip()][:3]
    return _is_record(first) or (bool(others) and all(map(_is_record, others)))


def _is_record(line: str) -> bool:
    try:
        value = JSON.decode(line)
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict) and listed(value) == [value]


def listed(value: Any) -> list[Any]:
    """The records of an array, of an object that holds one, or of a single object."""
    if isinstance(value, list):
        return value
    if isinstance(value, Mapping) and "title" not in map(known, value):
        nests = (nest for key, nest in value.items() if key.lower() in NESTS and isinstance(nest, list))
        return max(nests, key=len, default=[value])
    return [value]


def foreign(record: object) -> str | None:
    """Why another service's JSON is not read, and what to do."""
    if not isinstance(record, Mapping) or record.get("abstract"):
        return None
    what = next((what for key, what in _OTHER_JSON.items() if key in record), None)
    return f"This is {what}, which is not read yet. {_EXPORT}. {READ}." if what else None


def _delimiter(text: str) -> str | None:
    """What stands between the cells, where the first row names a title or an abstract, and something else."""
    names = {delimiter: {known(cell) for cell in _first_row(text, delimiter)} - {None} for delimiter in ",;\t|"}
    best = max(names, key=lambda delimiter: len(names[delimiter]))
    return best if len(names[best]) > 1 and names[best] & {"title", "abstract"} else None


def _late_header(text: str) -> str | None:
    """Why a table is not read that an exporter's own lines stand above."""
    for number, line in enumerate(text.split("\n", 9)[1:9], start=2):
        if _delimiter(line):
            return f"The names of its columns come only on line {number}. Take out the lines above them. {READ}."
    return None


def _first_row(text: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader(StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True), [])
    except csv.Error:
        return []


def _is_bibtex(text: str) -> bool:
    """An entry, and before it at most comments: an abstract that shows one doesn't make the text BibTeX."""
    found = _BIBTEX.search(text)
    return found is not None and all(len(block) < ABSTRACT for block in blocks(text[: found.start()]))


def blocks(text: str) -> list[str]:
    """What stands between blank lines, each on one line."""
    return [block for part in re.split(r"\n[^\S\n]*\n", text) if (block := " ".join(part.split()))]
