"""Papers side by side, as files to take away: CSV for a spreadsheet, Markdown for a text. Pure."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from io import StringIO

from rag.side_by_side import Column
from rag.types import Paper, Span
from ui.bibliography import address, reference

NOT_STATED = "not stated in the abstract"
Cells = Mapping[tuple[str, str], Span | None]  # by paper's id and question
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_MARKUP = re.compile(r"([\\`*_{}\[\]<>()#+!|$~&:-])")


def as_csv(papers: Sequence[Paper], columns: Sequence[Column], cells: Cells) -> str:
    """A row a paper, its number in front; no cell of it is a formula to a spreadsheet."""
    written = StringIO()
    rows = csv.writer(written)
    rows.writerow(map(inert, ("number", "title", "authors", "year", "venue", "link", *_headings(columns))))
    for number, paper in enumerate(papers, start=1):
        known = (paper.title, "; ".join(paper.authors), str(paper.year or ""), paper.venue or "", address(paper))
        said = (_said(cells.get((paper.id, one.question)), number) for one in columns)
        rows.writerow(map(inert, (str(number), *known, *said)))
    return written.getvalue()


def as_markdown(papers: Sequence[Paper], columns: Sequence[Column], cells: Cells) -> str:
    """A table whose quotes bear numbers, and the list of references that these lead to."""
    head = ["Paper", *map(literal, _headings(columns))]
    rows = [
        [literal(paper.title), *(_marked(cells.get((paper.id, one.question)), number) for one in columns)]
        for number, paper in enumerate(papers, start=1)
    ]
    lines = [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows)]
    listed = [f"{number}. {literal(reference(paper))}{_linked(paper)}" for number, paper in enumerate(papers, start=1)]
    return "\n".join((*lines, "", "## References", "", *listed, ""))


def _headings(columns: Sequence[Column]) -> list[str]:
    return [one.name if one.name == one.question else f"{one.name}: {one.question}" for one in columns]


def _said(span: Span | None, number: int) -> str:
    return f"“{span.text}” [{number}]" if span else NOT_STATED


def _linked(paper: Paper) -> str:
    return f" <{where}>" if (where := address(paper)) else ""


def _marked(span: Span | None, number: int) -> str:
    return f"“{literal(span.text)}” [{number}]" if span else NOT_STATED


def inert(cell: str) -> str:
    """As text, whatever it begins with: a spreadsheet would work out a formula, and may call for a program."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def literal(text: str) -> str:
    """In one line of Markdown, where no letter of it is markup."""
    return _MARKUP.sub(r"\\\1", " ".join(text.split()))
