"""When two records are the same paper. Pure."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace

from rag.types import Paper


def title_key(title: str) -> str:
    """The title's letters and digits; case, accents and everything else aside (the title itself where it has none)."""
    letters = unicodedata.normalize("NFKD", title.casefold())
    return re.sub(r"[\W_]+", "", "".join(c for c in letters if not unicodedata.combining(c))) or title


def same_paper(one: Paper, other: Paper) -> bool:
    """A shared DOI or arXiv id decides; else the title, where neither id conflicts and year or first author agree.

    What only one of the two knows can't disagree.
    """
    ids = (_agree(one.doi, other.doi), _agree(one.arxiv, other.arxiv))
    if True in ids:
        return True
    rest = (_agree(one.year, other.year), _agree(_family_name(one), _family_name(other)))
    return False not in ids and (True in rest or False not in rest) and title_key(one.title) == title_key(other.title)


def _agree(one: object, other: object) -> bool | None:
    return one == other if one and other else None


def _family_name(paper: Paper) -> str | None:
    """The first author's, whether written "Ada Lovelace" or "Lovelace, Ada"."""
    if not paper.authors:
        return None
    first = paper.authors[0]
    return title_key(first.split(",")[0] if "," in first else first.split()[-1] if first.split() else "")


def merged(old: Paper, new: Paper) -> Paper:
    """The newer record under the older's id; what it doesn't say stays known."""
    return replace(
        new,
        id=old.id,
        authors=new.authors or old.authors,
        year=new.year or old.year,
        venue=new.venue or old.venue,
        url=new.url or old.url,
        doi=new.doi or old.doi,
        arxiv=new.arxiv or old.arxiv,
    )
