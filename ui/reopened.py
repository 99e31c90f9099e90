"""An answer from disk as the page paints it: its marks found again in its text, its quotes in today's abstracts. Pure.

What can't be found again is shown all the same, and a note says so; nothing on disk is trusted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence

from eval.results import Cited, Near, Result, Said
from rag.types import Answer, Citation, Paper, Passage, Span, Statement

Lookup = Callable[[str], Paper | None]  # a paper by its id

UNPLACED = "Which sentence is borne out by which quote can't be told from this text."
GONE = "A quote that the library's abstracts do not hold (any more) is shown by itself."
_GAP = re.compile(r"\s*(?:(?:[-*•]|\d{1,2}[.)])\s+)?")
_SPACE = re.compile(r"\s*")
_MARK = re.compile(r"\[(\d{1,6})\]")
_TRAILING = re.compile(r"([^\S\n]*)\[(\d{1,6})\]")


def reopened(result: Result, lookup: Lookup) -> Answer:
    """The answer that was given, as far as it can be painted."""
    citations = tuple(Citation(cited.number, _quoted(cited, lookup)) for cited in result.citations)
    parts = statements(result.text, result.statements, {citation.number for citation in citations})
    strange = any(c.span.paper != lookup(c.span.paper.id) for c in citations)
    notes = [*_noted(result), *([UNPLACED] if result.statements and not parts else []), *([GONE] if strange else [])]
    return Answer(
        question=result.question,
        standalone_question=result.standalone_question,
        status=result.status,
        text=result.text,
        reason=result.reason,
        fallback=result.fallback,
        statements=parts or (_whole(result.text, {citation.number for citation in citations}),),
        citations=citations,
        passages=tuple(Passage(_near(near, lookup), near.score) for near in result.passages),
        confidence=result.confidence,
        notes=tuple(notes),
        model=result.model,
        usage=result.usage,
        timings=result.timings,
    )


def _noted(result: Result) -> list[str]:
    notes = (result.model_extra or {}).get("notes")
    return [str(note) for note in notes] if isinstance(notes, list) else []


def _quoted(cited: Cited, lookup: Lookup) -> Span:
    """The quote in the library's abstract, if it stands there, else by itself; no address is believed."""
    paper = lookup(cited.paper.id)
    if paper and cited.quote and cited.start >= 0 and paper.abstract[cited.start : cited.end] == cited.quote:
        return Span(paper, cited.start, cited.end)
    quote = cited.quote or "(nothing)"
    return Span(Paper(cited.paper.id, cited.paper.title, quote, year=cited.paper.year), 0, len(quote))


def _near(near: Near, lookup: Lookup) -> Span:
    text = near.text or "(nothing)"
    paper = lookup(near.paper_id) or Paper(near.paper_id, near.title, text)
    return Span(paper, 0, len(paper.abstract))


def statements(text: str, said: Sequence[Said], numbers: Collection[int]) -> tuple[Statement, ...]:
    """Each with its share of the text; none where text and statements don't belong together."""
    found: list[Statement] = []
    place = 0
    for one in said:
        share = _share(text, place, one, numbers)
        if share is None:
            return ()
        place, pieces = share
        found.append(Statement(one.text, one.citations, one.support, one.score, pieces))
    return () if text[place:].strip() else tuple(found)


def _share(text: str, place: int, said: Said, numbers: Collection[int]) -> tuple[int, tuple[str | int, ...]] | None:
    """Where the statement ends, and its pieces; a list's mark may stand before it."""
    for opening in (_SPACE, _GAP):
        gap = opening.match(text, place)
        start = gap.end() if gap else place
        if (share := _walked(text, start, said, numbers)) is not None:
            end, pieces = share
            return end, (text[place:start], *pieces)
    return None


def _walked(text: str, start: int, said: Said, numbers: Collection[int]) -> tuple[int, list[str | int]] | None:
    """Letter by letter; what the statement lacks may be white space, or a mark."""
    pieces: list[str | int] = []
    at = done = start
    for letter in "".join(said.text.split()):
        while text[at : at + 1] != letter:
            if mark := _MARK.match(text, at):
                at = mark.end()
                if int(mark[1]) in numbers:
                    pieces += [text[done : mark.start()], int(mark[1])]
                    done = at
            elif text[at : at + 1].isspace():
                at += 1
            else:
                return None
        at += 1
    while (mark := _TRAILING.match(text, at)) and int(mark[2]) in {*said.citations}:
        if int(mark[2]) in numbers:
            pieces += [text[done : mark.end(1)], int(mark[2])]
            done = mark.end()
        at = mark.end()
    return at, [piece for piece in [*pieces, text[done:at]] if piece != ""]


def _whole(text: str, numbers: Collection[int]) -> Statement:
    """The text as one statement, of which nothing is said."""
    return Statement(text, (), "supported", 1.0, ("", *_cut(text, numbers)))


def _cut(text: str, numbers: Collection[int]) -> Iterator[str | int]:
    done = 0
    for mark in _MARK.finditer(text):
        if int(mark[1]) in numbers:
            yield from (text[done : mark.start()], int(mark[1]))
            done = mark.end()
    yield text[done:]
