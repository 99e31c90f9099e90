"""Folders in BEIR's form: a collection, queries, and which documents answer them how well."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

from rag.errors import CallerMistake
from rag.types import Paper

Qrels = dict[str, dict[str, float]]  # grades above 0 by document, by query


@dataclass(frozen=True, slots=True)
class Asked:
    """A query that has judgements; `without`: a document that is left out of its ranking."""

    id: str
    text: str
    without: str | None = None


@dataclass(frozen=True, slots=True)
class Dataset:
    """A folder in BEIR's form."""

    corpus: Path
    queries: tuple[Asked, ...]
    qrels: Qrels


def read_dataset(folder: Path) -> Dataset:
    """Queries that have a judgement above 0. Raises CallerMistake, naming file and line."""
    qrels = read_qrels(
        next((f for f in (folder / "qrels.tsv", folder / "qrels" / "test.tsv") if f.is_file()), None), folder
    )
    queries = tuple(
        Asked(key, str(entry.get("text") or ""), _optional(entry.get("query_doc_id")))
        for key, entry in _entries(folder / "queries.jsonl")
        if key in qrels
    )
    corpus = folder / "corpus.jsonl"
    if not queries or not corpus.is_file():
        raise CallerMistake(f"{folder} holds no corpus.jsonl, or no query of queries.jsonl has a judgement above 0.")
    return Dataset(corpus, queries, qrels)


def read_qrels(file: Path | None, folder: Path) -> Qrels:
    """Query, document and grade a line, with or without a header. Raises CallerMistake."""
    if file is None:
        raise CallerMistake(f"{folder} has neither qrels.tsv nor qrels/test.tsv.")
    qrels: Qrels = {}
    for number, line in enumerate(_text(file).splitlines(), start=1):
        match line.split("\t"):
            case [query, document, grade] if _is_number(grade):
                if float(grade) > 0:
                    qrels.setdefault(query, {})[document] = float(grade)
            case [_, _, _] if number == 1:  # a header
                continue
            case _ if not line.strip():
                continue
            case _:
                raise CallerMistake(f"{file}, line {number}: query, document and grade, parted by tabs, are wanted.")
    return qrels


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise CallerMistake(f"{file} can't be read: {error.strerror}.") from None
    except UnicodeDecodeError as error:
        raise CallerMistake(f"{file} is not UTF-8: {error.reason}. Save it as UTF-8.") from None


def _is_number(text: str) -> bool:
    try:
        return isfinite(float(text))
    except ValueError:
        return False


def _optional(value: object) -> str | None:
    return None if value in (None, "") else str(value)


def _entries(file: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """(id, object) of each line. Raises CallerMistake."""
    number = 0
    try:
        with file.open(encoding="utf-8") as lines:
            for line in lines:
                number += 1
                if line.strip():
                    yield _entry(json.loads(line))
    except OSError as error:
        raise CallerMistake(f"{file} can't be read: {error.strerror}.") from None
    except (ValueError, KeyError, TypeError) as error:
        raise CallerMistake(f"{file}, line {number}: {type(error).__name__} {error}.") from None


def _entry(value: Any) -> tuple[str, dict[str, Any]]:
    if not isinstance(value, dict):
        raise TypeError("an object is wanted")
    return str(value["_id"] if "_id" in value else value["id"]), value


def documents(corpus: Path) -> Iterator[Paper]:
    """A paper a document, under the document's own id; what has no text is left out."""
    for key, entry in _entries(corpus):
        text = str(entry.get("abstract") or entry.get("text") or "").strip()
        if text:  # a DOI of its own keeps two documents of one title apart
            yield Paper(key, " ".join(str(entry.get("title") or "").split()), text, doi=f"10.0000/{key}")
