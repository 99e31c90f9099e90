"""Papers from pasted text: titles over abstracts, amid a web page's own furniture. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from ingest.record import LEAST_ABSTRACT, Refusal, paper_from
from rag.types import Paper

TITLE = 300  # characters up to which a block reads like a title
AUTHORS = 3000  # ... and like the names under it
ABSTRACT = 200  # characters from which text with a full stop reads like an abstract ...
SENTENCE = 100  # ... and from which text does that ends with one

_STOP = re.compile(r"[.!?。！？][\"'”’)\]]*(?:\s|$)")
_ENDS = re.compile(r"[.。][\"'”’)\]]*$")
_PASSED_OVER = re.compile(  # headings inside an abstract, and how to cite it
    r"(?:abstract|summary|background|introduction|objectives?|aims?|purpose|(?:materials and )?methods?|results?"
    r"|findings|discussion|conclusions?)[:.]?|@\w+\s*\{.*",
    re.IGNORECASE,
)
_DATE = re.compile(
    r"[\d\W]*(?:(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\b)?[\d\W]*", re.IGNORECASE
)  # or a bare number
_BY = re.compile(r"(?:by|authors?:)\s", re.IGNORECASE)
_MARKS = re.compile(rf"[\d*∗†‡§¶]+|^{_BY.pattern}", re.IGNORECASE)
_BETWEEN_NAMES = re.compile(r"(?:[,;·|&]|\band\b|\s)*(?:[,;·|&]|\band\b)(?:[,;·|&]|\band\b|\s)*")
_NAME = re.compile(r"[^\W\d_a-z][\w'’.-]*(?: (?:[a-z]{2,3} )*[^\W\d_a-z][\w'’.-]*){1,3}")
_INITIAL = re.compile(r"\b[^\W\d_a-z]\.")


@dataclass
class _Draft:
    """A title, and what stands under it so far."""

    title: str
    authors: str = ""
    paragraphs: list[str] = field(default_factory=list)


def pasted(text: str) -> Iterator[Paper | Refusal]:
    """The papers, and what reads like one that lacks its title or most of its abstract; the rest is furniture."""
    drafts = _drafts([*_parts(text)])
    for number, (draft, after) in enumerate(pairwise([*drafts, _Draft("")]), start=1):
        abstract = "\n\n".join(draft.paragraphs)
        if draft.title and abstract:
            yield paper_from({"title": draft.title, "authors": draft.authors, "abstract": abstract}, f"block {number}")
        elif len(abstract) >= ABSTRACT:
            yield Refusal(f"{abstract[:60]!r}", "No title. Put one above it, and a blank line between.")
        elif draft.title and not after.paragraphs and _is_short_abstract(after.title):
            yield _too_short(draft.title, after.title)


def _is_short_abstract(text: str) -> bool:
    return len(text) >= LEAST_ABSTRACT and len(text.split()) > 3 and _ENDS.search(text) is not None


def _too_short(title: str, abstract: str) -> Refusal:
    few = f"What is under it has {len(abstract)} characters: too few to tell an abstract ({SENTENCE} or more) from"
    return Refusal(f"{title[:60]!r}", f"{few} a web page's furniture. Give it as JSON Lines or CSV.")


def _drafts(parts: list[str]) -> list[_Draft]:
    drafts = [_Draft("")]
    for part, after in pairwise([*parts, ""]):
        last = drafts[-1]
        if _PASSED_OVER.fullmatch(part):
            continue
        if authors := _authors(part, last):
            last.authors = authors
        elif _is_prose(part) and not (_may_end_titles(last) and _is_title_of(part, after)):
            last.paragraphs.append(part)
        else:
            drafts.append(_Draft(part))
    return drafts


def _is_prose(part: str) -> bool:
    if len(part) < ABSTRACT:
        return len(part) >= SENTENCE and _ENDS.search(part) is not None
    return len(part) > TITLE or _STOP.search(part) is not None


def _may_end_titles(last: _Draft) -> bool:
    """Whether titles end with a full stop here, as PubMed's do: by the one before."""
    return not last.title or (bool(last.paragraphs) and last.title.endswith("."))


def _is_title_of(part: str, after: str) -> bool:
    return len(part) <= TITLE and not _STOP.search(part[:-1]) and len(after) > len(part) and _is_prose(after)


def _authors(part: str, last: _Draft) -> str:
    """Names under a title that waits for its abstract, or nothing."""
    if last.paragraphs or len(part) > AUTHORS or _DATE.fullmatch(last.title):
        return ""
    names = [name for name in _BETWEEN_NAMES.split(" ".join(_MARKS.sub(" ", part).split())) if name]
    sure = _BY.match(part) or any(map(_INITIAL.search, names)) or (len(names) > 1 and " " in last.title)
    return "; ".join(names) if sure and all(map(_NAME.fullmatch, names)) else ""


def _parts(text: str) -> Iterator[str]:
    """What stands between blank lines, each on one line; a title that no blank line parts from its abstract, apart."""
    waiting = False  # whether a title has been and its abstract has not
    for block in re.split(r"\n[^\S\n]*\n", text):
        lines = [joined for line in block.split("\n") if (joined := " ".join(line.split()))]
        parts = [" ".join(lines)] if waiting or not _is_glued(lines) else [lines[0], *_rest(lines)]
        yield from filter(None, parts)
        waiting = (waiting or bool(lines)) and not _is_prose(parts[-1]) and not _DATE.fullmatch(parts[-1])


def _rest(lines: list[str]) -> list[str]:
    """The abstract under a title, or the authors and the abstract."""
    names = _authors(lines[1], _Draft(lines[0]))
    return [lines[1], " ".join(lines[2:])] if names else [" ".join(lines[1:])]


def _is_glued(lines: list[str]) -> bool:
    """A first line that ends before it is full, with an abstract under it."""
    if len(lines) < 2 or len(lines[0]) > TITLE or _ENDS.search(lines[0]):
        return False
    full = max(map(len, lines))
    return len(lines[0]) + 1 + len(lines[1].split()[0]) < full and _is_prose(" ".join(lines[1:]))
