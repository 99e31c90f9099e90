"""When two records are the same paper. Pure."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace

from rag.types import Paper

VERSION = 0.5  # share of common words from which two abstracts are versions of one


def title_key(title: str) -> str:
    """The title's letters and digits; case, accents and everything else aside (the title itself where it has none)."""
    letters = unicodedata.normalize("NFKD", title.casefold())
    return re.sub(r"[\W_]+", "", "".join(c for c in letters if not unicodedata.combining(c))) or title


def same_paper(one: Paper, other: Paper) -> bool:
    """A shared DOI or arXiv id decides; else the title, where neither id conflicts and year or first author agree.

    Where nothing agrees and nothing conflicts, as of pasted text, which knows titles only, the abstract tells
    namesakes ("Introduction") apart.
    """
    ids = (_agree(one.doi, other.doi), _agree(one.arxiv, other.arxiv))
    if True in ids:
        return True
    if False in ids or title_key(one.title) != title_key(other.title):
        return False
    rest = (_agree(one.year, other.year), _agree(_family_name(one), _family_name(other)))
    return True in rest or (False not in rest and _alike(one.abstract, other.abstract))


def _alike(one: str, other: str) -> bool:
    """The same abstract, or a version of it."""
    words, others = (set(re.findall(r"\w+", text.casefold())) for text in (one, other))
    return len(words & others) >= VERSION * len(words | others)


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
