"""What the pages about the papers themselves draw: a list of them, one, a map of them, a table of their quotes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

import streamlit as st

from rag.side_by_side import Column
from rag.topics import Topic
from rag.types import Paper
from ui.bibliography import byline, links
from ui.comparison_export import NOT_STATED, Cells
from ui.components import _component

ADDRESS = "papers"  # of the page that shows one, from any page of the window


def show_papers(
    papers: Sequence[Paper],
    label: str,
    key: str,
    chosen: Collection[str] | None = None,
    revision: int = 0,
    on_ticked: Callable[[list[str], list[str]], None] | None = None,
) -> str | None:
    """Titles; gives the id of the one that was opened just now.

    Where `on_ticked` is given, papers can be ticked; it is told ids, and which of them are ticked, before the page is
    drawn anew. Boxes are drawn anew when papers or `revision` change.
    """
    lines = [
        {"id": paper.id, "title": paper.title, "byline": byline(paper), "chosen": paper.id in (chosen or ())}
        for paper in papers
    ]
    data = {"label": label, "papers": lines, "address": ADDRESS, "choosing": bool(on_ticked), "revision": revision}

    def tell() -> None:
        if on_ticked and (ticked := st.session_state[key].chosen):
            on_ticked([str(one) for one in ticked["of"]], [str(one) for one in ticked["chosen"]])

    did = _component("papers", "<section></section>")(
        data=data, key=key, on_opened_change=lambda: None, on_chosen_change=tell
    )
    return _one_of(did.opened, papers)


def show_head(paper: Paper) -> None:
    """Its title, who wrote it, and where it is to be read."""
    leads = [{"name": name, "url": url} for name, url in links(paper).items()]
    _paper()(data={"title": paper.title, "byline": _in_full(paper), "links": leads}, key="paper")


def show_abstract(paper: Paper) -> None:
    """All that is known of what it says."""
    _paper()(data={"abstract": paper.abstract}, key="abstract")


def _paper() -> Any:
    return _component("paper", "<article></article>")


def _in_full(paper: Paper) -> str:
    return " · ".join(str(part) for part in (", ".join(paper.authors), paper.year, paper.venue) if part)


def show_map(papers: Sequence[Paper], places: Any, topics: Sequence[Topic], label: str, key: str) -> str | None:
    """Dots at `places` (n, 2), the wider side 0 to 1; gives the id of the paper that was opened just now."""
    of = {place: number for number, topic in enumerate(topics) for place in topic.papers}
    dots = [
        {"id": paper.id, "title": paper.title, "x": round(float(x), 4), "y": round(float(y), 4), "topic": of[place]}
        for place, (paper, (x, y)) in enumerate(zip(papers, places, strict=True))
    ]
    data = {
        "label": label,
        "papers": dots,
        "topics": [{"name": topic.name or "others", "count": f"{len(topic.papers):,}"} for topic in topics],
        "height": float(max(y for _, y in places)),
        "size": max(0.45, min(0.9, 13 / len(dots) ** 0.5)),
    }
    did = _component("map", "<section></section>")(data=data, key=key, on_opened_change=lambda: None)
    return _one_of(did.opened, papers)


def show_grid(papers: Sequence[Paper], columns: Sequence[Column], cells: Cells, key: str) -> tuple[str, str] | None:
    """Papers side by side; gives what was done just now and to what: opened, dropped (papers) or without (a column)."""
    rows = [
        {
            "id": paper.id,
            "title": paper.title,
            "byline": byline(paper),
            "number": number,
            "cells": [span.text if (span := cells[paper.id, column.question]) else None for column in columns],
        }
        for number, paper in enumerate(papers, start=1)
    ]
    heads = [{"name": column.name, "question": column.question} for column in columns]
    data = {"label": "Papers side by side", "address": ADDRESS, "missing": NOT_STATED, "columns": heads, "rows": rows}
    ignored = {f"on_{what}_change": lambda: None for what in ("opened", "dropped", "without")}
    did = _component("grid", "<section></section>")(data=data, key=key, **ignored)
    acts = (("opened", did.opened), ("dropped", did.dropped), ("without", did.without))
    return next(((what, str(value)) for what, value in acts if value), None)


def _one_of(opened: str | None, papers: Iterable[Paper]) -> str | None:
    return opened if opened in {paper.id for paper in papers} else None
