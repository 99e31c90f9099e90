"""An answer as data for the page: its sentences, quotes and papers, who wrote it and how. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from rag.pipeline import LONGEST
from rag.reference import address
from rag.types import Answer, Paper, Passage, Span, Statement
from ui.bibliography import byline
from ui.chat import Exchange, whom

STOPPED = "Stopped before it was answered."
ONLY_ABSTRACTS = "only abstracts are known"
TIMES = {"retrieval_ms": "found in", "first_token_ms": "first word after", "total_ms": "all in"}


def drawn(exchange: Exchange, is_live: bool, is_fresh: bool) -> dict[str, Any]:
    """The question and what came of it; a fresh answer is read out once, and its first quote opened."""
    titles = {passage.span.paper.id: passage.span.paper.title for passage in _passages(exchange)}
    asked = {"question": exchange.question, "longest": LONGEST, "fresh": is_fresh, "whom": whom(exchange.scope, titles)}
    if exchange.answer is None:
        return asked | ({"live": True} if is_live else {"ended": STOPPED})
    if exchange.answer.status == "failed":
        return asked | {"ended": exchange.answer.reason}
    return asked | painted(exchange.answer)


def _passages(exchange: Exchange) -> tuple[Passage, ...]:
    return exchange.answer.passages if exchange.answer else ()


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
        "facts": list(_facts(answer)),
        "copied": _copied(answer),
        "looser": answer.status == "abstained" and bool(nearest),
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
    return {
        "id": paper.id,
        "title": paper.title,
        "byline": byline(paper),
        "url": address(paper),
        "segments": segments(paper.abstract, marks),
    }


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


def _facts(answer: Answer) -> Iterator[tuple[str, str]]:
    """What stands behind the footer, by name."""
    yield "written by", answer.model
    if answer.standalone_question != answer.question:
        yield "read as", answer.standalone_question
    times = [f"{words} {answer.timings[name]:,.0f} ms" for name, words in TIMES.items() if name in answer.timings]
    if times:
        yield "time", ", ".join(times)
    if any(answer.usage.values()):
        yield "tokens", ", ".join(f"{count:,} {name.removesuffix('_tokens')}" for name, count in answer.usage.items())
    if answer.confidence:
        yield "chance that the papers answer", f"{answer.confidence:.2f}"


def _copied(answer: Answer) -> str:
    """For the clipboard: what was said, and what it rests on."""
    quotes = [f"[{one.number}] {one.span.paper.title}: “{one.span.text}”" for one in answer.citations]
    said = "\n".join(filter(None, (answer.text, answer.reason)))
    return "\n\n".join(filter(None, (said, "\n".join(quotes))))
