"""What Streamlit has no widget for: an answer with its evidence, questions to click, figures with intervals, words.

Words of papers, models and people go to the page as data and are set there as text: no Markdown, LaTeX or HTML of
theirs is ever rendered, and nothing of theirs fetched.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import streamlit as st

from rag.types import Answer, Paper, Span, Statement

ASSETS = Path(__file__).with_name("components")
ONLY_ABSTRACTS = "only abstracts are known"


def show_answer(answer: Answer, key: str) -> None:
    """The answer's text with its citations; one click on a number opens the abstract with the quote highlighted."""
    _component("answer", "<article></article>")(data=painted(answer), key=key)


def show_starters(questions: Sequence[str], key: str) -> str | None:
    """Buttons; gives the question that was clicked just now."""
    section = _component("starters", '<section aria-label="Questions to begin with"></section>')
    asked = section(data=list(questions), key=key, on_asked_change=lambda: None).asked
    return asked if asked in questions else None


def show_table(table: dict[str, Any], key: str) -> str | None:
    """A table as `ui.tables` makes them; gives the id of the row that was chosen just now."""
    section = _component("table", "<section></section>")
    chosen: str | None = section(data=table, key=key, on_chosen_change=lambda: None).chosen
    return chosen if chosen in [row.get("id") for row in table["rows"]] else None


def show_words(words: Sequence[tuple[str, str]], key: str) -> None:
    """What somebody else wrote, as text; a paragraph each, by what it is: asked, said or small."""
    shown = [{"kind": kind, "text": text} for kind, text in words if text]
    _component("words", "<section></section>")(data=shown, key=key)


def _component(name: str, html: str) -> Any:
    """Registered at every run of the page, as the registry belongs to the running server."""
    css, js = ((ASSETS / f"{name}.{kind}").read_text(encoding="utf-8") for kind in ("css", "js"))
    return st.components.v2.component(name, html=html, css=css, js=js)


def painted(answer: Answer) -> dict[str, Any]:
    """What the page draws; papers are named by their place in `papers`."""
    quoted = list(dict.fromkeys(citation.span.paper for citation in answer.citations))
    nearest = [passage.span.paper for passage in answer.passages] if answer.status == "abstained" else []
    papers = list(dict.fromkeys([*quoted, *nearest]))
    return {
        "paragraphs": _paragraphs(answer),
        "reason": answer.reason,
        "notes": [note for note in (answer.fallback, *answer.notes) if note],
        "citations": {
            citation.number: {"paper": papers.index(citation.span.paper), "quote": citation.span.text}
            for citation in answer.citations
        },
        "papers": [_paper(paper, answer) for paper in papers],
        "nearest": [papers.index(paper) for paper in dict.fromkeys(nearest)],
        "footer": _footer(answer, len(quoted)),
        "prompt": [{"role": message.role, "content": message.content} for message in answer.prompt],
    }


def _paragraphs(answer: Answer) -> list[list[dict[str, Any]]]:
    """Its sentences, where the text breaks its lines."""
    paragraphs: list[list[dict[str, Any]]] = [[]]
    whole = Statement(answer.text, (), "supported", 1.0, (answer.text,))
    for statement in answer.statements or (whole,):
        gap, *pieces = statement.pieces
        if "\n" in str(gap) and paragraphs[-1]:
            paragraphs.append([])
        lead = _lead(statement, answer)
        drawn = [piece for piece in (str(gap).lstrip(), *pieces) if piece != ""]
        paragraphs[-1].append({"lead": lead, "pieces": drawn, "support": statement.support})
    return paragraphs


def _lead(statement: Statement, answer: Answer) -> str:
    """What names the paper, so that the page can set it off from the quote."""
    quotes = [citation.span.text for citation in answer.citations if citation.number in statement.citations]
    return next((statement.text.removesuffix(quote) for quote in quotes if statement.text.endswith(quote)), "")


def _paper(paper: Paper, answer: Answer) -> dict[str, Any]:
    marks = {citation.number: citation.span for citation in answer.citations if citation.span.paper == paper}
    authors = ", ".join(paper.authors[:3]) + (" et al." if len(paper.authors) > 3 else "")
    byline = " · ".join(str(part) for part in (authors, paper.year, paper.venue) if part)
    return {"title": paper.title, "byline": byline, "url": paper.url, "segments": segments(paper.abstract, marks)}


def segments(abstract: str, marks: dict[int, Span]) -> list[dict[str, Any]]:
    """The abstract cut where quotes begin and end; each piece with the numbers of the quotes that cover it."""
    cuts = sorted({0, len(abstract), *(cut for span in marks.values() for cut in (span.start, span.end))})
    return [
        {"text": abstract[a:b], "numbers": [n for n, span in marks.items() if span.start <= a and b <= span.end]}
        for a, b in pairwise(cuts)
    ]


def _footer(answer: Answer, quoted: int) -> str:
    """Who answered, from what, how fast, and what is not known."""
    found = f"{quoted} {'paper' if quoted == 1 else 'papers'} quoted" if quoted else "nothing quoted"
    spent = sum(answer.usage.values())
    tokens = f"{spent:,} tokens" if spent and not answer.fallback else None
    taken = f"{answer.timings['total_ms']:.0f} ms" if "total_ms" in answer.timings else None
    parts = (answer.model, found, taken, tokens, ONLY_ABSTRACTS)
    return " · ".join(filter(None, parts))
