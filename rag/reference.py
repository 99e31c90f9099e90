"""A paper's entry for reference managers: BibTeX and RIS. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import accumulate

from rag.types import Paper
from rag.words import STOP_WORDS, plain

_ESCAPED = re.compile(r"\\(?:[{}]|$)")
_ADDRESS = re.compile(r"https?://[^\s<>\"'\ufffd\x00-\x1f\x7f-\x9f\ud800-\udfff]+", re.IGNORECASE)
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f\x80-\x9f\u2028\u2029\ud800-\udfff]+")


def bibliography(papers: Iterable[Paper]) -> str:
    """BibTeX of them all; no two entries bear the same key."""
    used: Counter[str] = Counter()
    entries = []
    for paper in papers:
        key = _key(paper)
        used[key] += 1
        entries.append(bibtex(paper, f"{key}-{used[key]}" if used[key] > 1 else key))  # no key of ours holds a hyphen
    return "".join(f"{entry}\n\n" for entry in entries)


def bibtex(paper: Paper, key: str | None = None) -> str:
    """An entry with what is known of the paper."""
    from bibtexparser.entrypoint import write_string  # seldom needed, and slow to import
    from bibtexparser.library import Library
    from bibtexparser.model import Entry, Field

    known = {
        "title": paper.title,
        "author": " and ".join(paper.authors),
        "year": paper.year,
        "journal": paper.venue,
        "doi": paper.doi,
        "eprint": paper.arxiv,
        "url": paper.url,
    }
    fields = [Field(name, _braced(str(value))) for name, value in known.items() if value]
    return write_string(Library([Entry("article" if paper.venue else "misc", key or _key(paper), fields)])).strip()


def _braced(value: str) -> str:
    """Braces must pair, and none be escaped, or the entry swallows what follows it."""
    depths = list(accumulate((char == "{") - (char == "}") for char in value))
    paired = min(depths, default=0) == 0 == depths[-1] and not _ESCAPED.search(value)
    return value if paired else re.sub(r"[{}\\]", "", value)


def _key(paper: Paper) -> str:
    family = next(iter(paper.authors), "").partition(",")[0].split()[-1:]
    word = next(iter(title_words(paper.title)), "paper")
    return re.sub(r"\W", "", plain(f"{''.join(family)}{paper.year or ''}{word}")) or "paper"


def title_words(title: str) -> list[str]:
    """Those that tell what a paper is about: long ones, lower case, no stop words."""
    return [word for word in re.findall(r"[^\W\d_][\w-]{3,}", plain(title)) if word not in STOP_WORDS]


def ris(paper: Paper) -> str:
    """A tag a line, lines ending as the format demands; no value can begin a line of its own."""
    return "".join(f"{tag}  - {value}\r\n" for tag, value in _tagged(paper) if value or tag == "ER")


def _tagged(paper: Paper) -> Iterator[tuple[str, str]]:
    yield "TY", "JOUR" if paper.venue else "GEN"
    yield "TI", line(paper.title)
    yield from (("AU", line(author)) for author in paper.authors)
    yield "PY", str(paper.year or "")
    yield "JO", line(paper.venue)
    yield "DO", line(paper.doi)
    yield "AN", line(paper.arxiv and f"arXiv:{paper.arxiv}")
    yield "UR", line(paper.url)
    yield "AB", line(paper.abstract)
    yield "ER", ""


def address(paper: Paper) -> str | None:
    """Where the paper is on the web, if a browser may be sent there."""
    return paper.url if paper.url and _ADDRESS.fullmatch(paper.url) else None


def line(value: str | None) -> str:
    """On one line, without what can't be printed."""
    return " ".join(_UNPRINTABLE.sub(" ", value or "").split())
