"""Questions to begin with, made from what the library holds. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.types import Paper

MOST = 4
_NAMED = re.compile(r"(?=\S*[A-Z]\S*[A-Z])([\w-]{3,20}): ")  # CapsFusion: Rethinking Image-Text Data at Scale


def starters(papers: Sequence[Paper]) -> tuple[str, ...]:
    """At most four, about papers from all over the library; those whose title gives a name first."""
    named = [paper for paper in papers if _NAMED.match(paper.title)]
    about = _spread(named, MOST) or _spread(papers, MOST)
    return tuple(dict.fromkeys(map(_question, about)))


def _spread(papers: Sequence[Paper], most: int) -> list[Paper]:
    return [papers[place * len(papers) // most] for place in range(most)] if papers else []


def _question(paper: Paper) -> str:
    name = _NAMED.match(paper.title)
    return f"What is {name.group(1)}?" if name else f"What does “{paper.title}” find?"
