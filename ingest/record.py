"""From a record, as files have it, to a paper, or to why it is none. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from rag.identity import title_key
from rag.types import Paper

LEAST_ABSTRACT = 20  # characters; what is shorter says nothing that could be quoted
SYNONYMS = {
    "id": ("id", "key", "paperid", "corpusid", "docid"),
    "title": ("title", "papertitle", "articletitle", "displayname", "name"),
    "abstract": ("abstract", "text", "abstracttext", "abstractnote", "summary", "description"),
    "authors": ("authors", "author", "creators", "creator", "authornames", "authorshipsrawauthorname"),
    "year": ("year", "publicationyear", "pubyear", "date", "publicationdate", "published", "publisheddate"),
    "venue": (
        "venue", "journal", "journaltitle", "booktitle", "publicationtitle", "conference", "containertitle",
        "primarylocationsourcedisplayname", "publication", "source",
    ),
    "url": ("url", "link", "htmlurl", "pdfurl", "landingpageurl", "primarylocationlandingpageurl"),
    "doi": ("doi",),
    "arxiv": ("arxiv", "arxivid", "eprint"),
}  # fmt: skip
_NOT_AN_ABSTRACT = re.compile(
    r"(?:none|null|nan|n/?a|-+|no abstract.*|abstract (?:is )?(?:not|un)\s?available.*"
    r"|(?:pp?\.? *)?[\d\s.,:\u2013-]+)\.?",
    re.IGNORECASE | re.DOTALL,
)
_UNREADABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_YEAR = re.compile(r"(?<!\d)(1[5-9]\d\d|20\d\d)(?!\d)")
_DOI = re.compile(r"10\.\d{4,9}/\S+")
_ARXIV = re.compile(r"(?:^|arxiv[.:/]|abs/|pdf/)((?:\d{4}\.\d{4,5})|(?:[a-z-]+(?:\.[a-z]{2})?/\d{7}))(?:v\d+)?", re.I)


@dataclass(frozen=True, slots=True)
class Refusal:
    """What was not added: where in the file ("" means the file as a whole), and why, with the next step."""

    where: str
    reason: str


def paper_from(record: Mapping[str, Any], where: str) -> Paper | Refusal:
    """Reads the names that files commonly use for what a Paper knows."""
    fields = _fields(record)
    title, abstract = " ".join(text(fields.get("title")).split()), text(fields.get("abstract"))
    if title:
        where = f"{where} ({title[:60]!r})"
    if not title:
        return Refusal(where, 'No title. Give it one, in a field "title".')
    if len(abstract) < LEAST_ABSTRACT or _NOT_AN_ABSTRACT.fullmatch(abstract):
        return Refusal(
            where, f'No abstract (found {abstract[:40]!r}). Export it with abstracts, in a field "abstract".'
        )
    return _paper(fields, title, abstract)


def _fields(record: Mapping[str, Any]) -> dict[str, Any]:
    """By our names; of several synonyms the first that says something."""
    given = {re.sub(r"[^a-z]", "", str(key).lower()): value for key, value in record.items()}
    found = {name: [given[key] for key in keys if text(given.get(key))] for name, keys in SYNONYMS.items()}
    return {name: values[0] for name, values in found.items() if values}


def _paper(fields: Mapping[str, Any], title: str, abstract: str) -> Paper:
    authors, year, url = people(fields.get("authors")), _year(fields.get("year")), _url(fields.get("url"))
    key = _UNREADABLE.sub("", " ".join(text(fields.get("id")).split()))[:200]
    return Paper(
        id=key or derived_id(title, year, authors),
        title=title,
        abstract=abstract,
        authors=authors,
        year=year,
        venue=" ".join(text(fields.get("venue")).split()) or None,
        url=url,
        doi=_first(_DOI, text(fields.get("doi")).lower()),
        arxiv=_first(_ARXIV, text(fields.get("arxiv")))
        or (_first(_ARXIV, url) if url and "arxiv.org" in url else None),
    )


def text(value: object) -> str:
    """A field's words; what no database holds (NUL, lone surrogates) becomes U+FFFD, one for one."""
    if isinstance(value, list | tuple):
        return "; ".join(filter(None, map(text, value)))
    if isinstance(value, Mapping):
        return text(value.get("name") or value.get("value") or "")
    if value is None or isinstance(value, bool):
        return ""
    return _UNREADABLE.sub("\ufffd", str(value)).strip()


def people(value: object) -> tuple[str, ...]:
    """Names from a list, a list of objects, or one string ("A; B", "A and B", "A|B")."""
    if isinstance(value, str):
        return tuple(
            filter(None, (" ".join(text(name).split()) for name in re.split(r"\s*(?:;|\||\band\b)\s*", value)))
        )
    if isinstance(value, Mapping):
        parts = [text(value.get(key)) for key in ("given", "first", "forename", "family", "last", "surname")]
        return tuple(filter(None, [text(value.get("name")) or " ".join(filter(None, parts))]))
    return tuple(name for item in value for name in people(item)) if isinstance(value, list | tuple) else ()


def derived_id(title: str, year: int | None, authors: tuple[str, ...]) -> str:
    """The title as a slug of at most 48 characters, and six hex digits over title, year and first author."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    if len(slug) > 48:
        slug = slug[:49].rpartition("-")[0] or slug[:48]
    seed = "\n".join((title_key(title), str(year or ""), authors[0] if authors else ""))
    return f"{slug or 'paper'}-{sha256(seed.encode()).hexdigest()[:6]}"


def _year(value: object) -> int | None:
    if isinstance(value, Mapping):
        value = value.get("date-parts") or value.get("year")
    found = _YEAR.search(str(value))
    return int(found.group(1)) if found else None


def _url(value: object) -> str | None:
    """Only addresses that a browser may be sent to."""
    address = text(value).split("; ")[0]
    return address if re.match(r"https?://[^\s<>\"']+$", address, re.IGNORECASE) else None


def _first(pattern: re.Pattern[str], value: str) -> str | None:
    found = pattern.search(value)
    return found.group(found.lastindex or 0).rstrip(".,;") if found else None
