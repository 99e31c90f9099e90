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
    "title": ("title", "papertitle", "articletitle", "documenttitle", "displayname", "name"),
    "abstract": ("abstract", "text", "abstracttext", "abstractnote", "summary", "description"),
    "authors": ("authors", "author", "creators", "creator", "authornames", "authorshipsrawauthorname"),
    "year": ("year", "publicationyear", "pubyear", "date", "publicationdate", "published", "publisheddate", "issued"),
    "venue": (
        "venue", "journal", "journaltitle", "booktitle", "publicationtitle", "conference", "containertitle",
        "primarylocationsourcedisplayname", "publication", "source", "sourcetitle",
    ),
    "url": (
        "url", "link", "htmlurl", "pdfurl", "landingpageurl", "primarylocationlandingpageurl", "pdflink",
        "howpublished",
    ),
    "doi": ("doi",),
    "arxiv": ("arxiv", "arxivid", "eprint"),
}  # fmt: skip
_MEANT = {synonym: name for name, synonyms in SYNONYMS.items() for synonym in synonyms}
_NOT_AN_ABSTRACT = re.compile(
    r"(?:none|null|nan|n/?a|-+|no abstract.{0,40}|abstract (?:is )?(?:not|un)\s?available.{0,40}"
    r"|(?:pp?\.? *)?[\W\d_]+)\.?",
    re.IGNORECASE | re.DOTALL,
)
_UNREADABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_YEAR = re.compile(r"(?<!\d)(1[5-9]\d\d|20\d\d)(?!\d)")
_DOI = re.compile(r"(10\.\d{4,9}/\S+)")
_ARXIV_ID = r"(\d{4}\.\d{4,5}(?!\d)|[a-z-]+(?:\.[a-z]{2})?/\d{7}(?!\d))(?:v\d+)?"
_ARXIV = re.compile(rf"{_ARXIV_ID}(?:$|\s)", re.IGNORECASE)
_ARXIV_NAMED = re.compile(rf"arxiv(?:\.org/(?:abs|pdf|html)/|[.:/]\s*){_ARXIV_ID}", re.IGNORECASE)
_OTHERS = re.compile(r"others|et al\.?", re.IGNORECASE)


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
    if not any(map(str.isalnum, title)):
        return Refusal(where, 'No title. Give it one, in a field "title".')
    if len(abstract) < LEAST_ABSTRACT or _NOT_AN_ABSTRACT.fullmatch(abstract):
        return Refusal(
            where, f'No abstract (found {abstract[:40]!r}). Export it with abstracts, in a field "abstract".'
        )
    return _paper(fields, title, abstract)


def known(name: str) -> str | None:
    """What of a Paper the field of this name holds, however the name is written."""
    return _MEANT.get(_key(name))


def _key(name: object) -> str:
    return re.sub(r"[^a-z0-9]", "", str(name).lower())


def _fields(record: Mapping[str, Any]) -> dict[str, Any]:
    """By our names; of several synonyms, and of one name given twice, the first that says something."""
    given = {_key(name): value for name, value in reversed([*record.items()]) if _says(value)}
    if isinstance(ids := given.get("externalids"), Mapping):  # Semantic Scholar's
        given = {_key(name): value for name, value in ids.items()} | given
    if text(given.get("archiveprefix") or given.get("eprinttype")).lower() not in {"", "arxiv"}:
        given.pop("eprint", None)
    found = {name: [given[key] for key in keys if key in given] for name, keys in SYNONYMS.items()}
    return {name: values[0] for name, values in found.items() if values}


def _says(value: object) -> bool:
    return bool(value) if isinstance(value, list | Mapping) else bool(text(value))


def _paper(fields: Mapping[str, Any], title: str, abstract: str) -> Paper:
    authors, year, url = people(fields.get("authors")), _year(fields.get("year")), _url(fields.get("url"))
    venue, doi = " ".join(text(fields.get("venue")).split()), _first(_DOI, text(fields.get("doi")).lower())
    return Paper(
        id=" ".join(text(fields.get("id")).split())[:200] or derived_id(title, year, authors),
        title=title,
        abstract=abstract,
        authors=authors,
        year=year,
        venue=venue or None,
        url=url,
        doi=doi,
        arxiv=_arxiv(text(fields.get("arxiv"))) or _first(_ARXIV_NAMED, f"{doi} {url} {venue}"),
    )


def text(value: object) -> str:
    """A field's words; what no database holds (NUL, lone surrogates) becomes U+FFFD, one for one."""
    if isinstance(value, list):
        return " ".join(filter(None, map(_scalar, value)))
    return _scalar(value)


def _scalar(value: object) -> str:
    """Of what is nested deeper, nothing: a file may nest as deep as the stack."""
    if isinstance(value, Mapping):
        value = value.get("name") or value.get("value")
    if value is None or isinstance(value, bool | list | Mapping):
        return ""
    return _UNREADABLE.sub("\ufffd", str(value)).strip()


def people(value: object) -> tuple[str, ...]:
    """Names from a list, a list of objects, or one string ("A; B", "A and B", "A|B", "Ada Bee, Cy Dee")."""
    if isinstance(value, str):
        value = _names(value)
    names = (" ".join(_name(one).split()) for one in (value if isinstance(value, list) else [value]))
    return tuple(name for name in names if name and not _OTHERS.fullmatch(name))


def _names(value: str) -> list[str]:
    """A comma parts names only where every part has several words: "Lovelace, Ada" is one person."""
    if re.search(r"[;|]", value):
        return re.split(r"[;|]", value)
    names = re.split(r",? and ", " ".join(value.split()), flags=re.IGNORECASE)
    parts = [part for name in names for part in name.split(",")]
    if all(len(part.split()) > 1 for part in parts) and (len(names) == 1 or "," not in names[-1]):
        return parts
    return names


def _name(person: object) -> str:
    if not isinstance(person, Mapping):
        return text(person)
    given = {_key(name): part for name, part in person.items()}
    first, last = (
        next((text(given[key]) for key in keys if key in given), "")
        for keys in (("given", "first", "forename", "firstname"), ("family", "last", "surname", "lastname"))
    )
    return text(person) or text(given.get("literal")) or f"{first} {last}"


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
    while isinstance(value, list) and value:
        value = value[0]
    found = _YEAR.search(text(value))
    return int(found.group(1)) if found else None


def _url(value: object) -> str | None:
    """Only addresses that a browser may be sent to."""
    address = text(value[0] if isinstance(value, list) else value).split("; ")[0]
    return address if re.fullmatch(r"https?://[^\s<>\"'\ufffd]+", address, re.IGNORECASE) else None


def _arxiv(value: str) -> str | None:
    return _first(_ARXIV_NAMED, value) or (found.group(1) if (found := _ARXIV.match(value)) else None)


def _first(pattern: re.Pattern[str], value: str) -> str | None:
    found = pattern.search(value)
    return found.group(1).rstrip(".,;") if found else None
