"""A paper as others cite it: a byline, a reference, where it is to be read. Pure."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

from rag.types import Paper

FEW = 3  # authors named in a byline


def byline(paper: Paper) -> str:
    """The first authors, year and venue; what is not known is left out."""
    authors = ", ".join(paper.authors[:FEW]) + (" et al." if len(paper.authors) > FEW else "")
    return " · ".join(str(part) for part in (authors, paper.year, paper.venue) if part)


def links(paper: Paper) -> dict[str, str]:
    """What is to be read elsewhere, by name: http(s) addresses only, of url, DOI and arXiv."""
    found = {}
    if paper.url and is_web(paper.url):
        found["Paper"] = quote(paper.url, safe="%/:;,?#&=+@!$'()*~[]")
    if paper.doi:
        found["DOI"] = f"https://doi.org/{quote(paper.doi, safe='/:;()._-')}"
    if paper.arxiv:
        found["arXiv"] = f"https://arxiv.org/abs/{quote(paper.arxiv, safe='/.')}"
    return found


def is_web(address: str) -> bool:
    """Whether it leads to a host of the web, and runs nothing."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def reference(paper: Paper) -> str:
    """In one line, as in a list of references; its address is not part of it."""
    parts = (", ".join(paper.authors), paper.title, paper.venue, paper.year)
    return ". ".join(str(part).rstrip(".") for part in parts if part) + "."


def address(paper: Paper) -> str:
    """Where it is to be read; "" where that is not known."""
    return next(iter(links(paper).values()), "")
