"""A conversation to take along: Markdown with its quotes and a bibliography; the cited papers as BibTeX or RIS. Pure.

Words of papers, models and people are escaped: whatever shows the Markdown shows them as words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from eval.readme import plain
from rag.reference import address, bibliography, ris
from rag.types import Answer, Paper
from ui.chat import Exchange, whom
from ui.conversations import whole

DOUBTS = {"partial": " (only partly borne out by its quotes)", "unsupported": " (not borne out by any quote)"}
ONLY_ABSTRACTS = "Only the papers' abstracts are known; quotes are theirs, word for word."
_BULLET = re.compile(r"^([-+=])")  # begins a list, or underlines a heading
_NUMBER = re.compile(r"^(\d+)([.)])")
_WWW = re.compile(r"\bwww\.", re.IGNORECASE)


def as_markdown(title: str, exchanges: Sequence[Exchange]) -> str:
    """Each question with its answer and the quotes that it cites, then the papers; failures are left out."""
    parts = [f"# {escaped(title)}", ONLY_ABSTRACTS]
    for exchange in exchanges:
        if answer := whole(exchange):
            parts += [f"## {escaped(exchange.question)}", *_whom(exchange, answer), *_answer(answer)]
    if papers := cited(exchanges):
        parts += ["## Papers", *(f"- {_reference(paper)}" for paper in papers)]
    return "\n\n".join(parts) + "\n"


def as_bibtex(exchanges: Sequence[Exchange]) -> str:
    """An entry for each paper that is cited."""
    return bibliography(cited(exchanges))


def as_ris(exchanges: Sequence[Exchange]) -> str:
    """A record for each paper that is cited."""
    return "".join(map(ris, cited(exchanges)))


def cited(exchanges: Iterable[Exchange]) -> tuple[Paper, ...]:
    """In the order of their first citation; one that changed meanwhile, as it was cited last."""
    answers = filter(None, map(whole, exchanges))
    papers = (citation.span.paper for answer in answers for citation in answer.citations)
    return tuple({paper.id: paper for paper in papers}.values())


def escaped(text: str) -> str:
    """On one line; nothing in it is a heading, a list, a link, an image or an address for Markdown.

    >>> escaped("1. see http://a.b or *www.c.d*")
    '1\\\\. see http&#58;//a.b or \\\\*www&#46;c.d\\\\*'
    """
    line = plain(text).replace("://", "&#58;//")
    line = _WWW.sub(lambda found: f"{found[0][:-1]}&#46;", line)
    return _BULLET.sub(r"\\\1", _NUMBER.sub(r"\1\\\2", line))


def _whom(exchange: Exchange, answer: Answer) -> Iterator[str]:
    """Where not all papers were asked, which."""
    titles = {passage.span.paper.id: passage.span.paper.title for passage in answer.passages}
    if asked := whom(exchange.scope, titles):
        yield f"Asked of: {escaped(asked)}"


def _answer(answer: Answer) -> Iterator[str]:
    """Its paragraphs, what is to be noted, its quotes; where it abstained, why and from what."""
    yield from map(escaped, filter(str.strip, _text(answer).splitlines()))
    if answer.reason:
        yield escaped(answer.reason)
    if answer.status == "abstained" and answer.passages:
        nearest = dict.fromkeys(passage.span.paper for passage in answer.passages)
        yield "\n".join(["Nearest papers:", "", *(f"- {_reference(paper)}" for paper in nearest)])
    for citation in answer.citations:
        paper = citation.span.paper
        yield f"> \\[{citation.number}\\] “{escaped(citation.span.text)}”\n>\n> {_titled(paper)}"
    yield from (f"Note: {escaped(note)}" for note in (answer.fallback, *answer.notes) if note)
    yield f"(Answered by {escaped(answer.model)})"


def _text(answer: Answer) -> str:
    """With a word after each statement that its quotes don't bear out."""
    said = (statement.painted + DOUBTS.get(statement.support, "") for statement in answer.statements)
    return "".join(said) or answer.text


def _titled(paper: Paper) -> str:
    return escaped(paper.title) + (f" ({paper.year})" if paper.year else "")


def _reference(paper: Paper) -> str:
    """Authors, title, year and where it is to be found."""
    parts = (
        ", ".join(paper.authors),
        paper.venue,
        paper.doi and f"doi:{paper.doi}",
        paper.arxiv and f"arXiv:{paper.arxiv}",
    )
    authors, *rest = (escaped(part) if part else "" for part in parts)
    link = f"<{web}>" if (web := address(paper)) else ""
    return ". ".join(filter(None, (authors, _titled(paper), *rest, link)))
