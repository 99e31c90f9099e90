"""Whether a model's answer is that there is none: by its words, and by whether anything else it says holds. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.types import PAPERS_DONT_SAY, Span
from rag.verify import Weighed

_SOURCES = r"(?:papers?|quotes?|abstracts?|evidence|sources?|context|passages?|excerpts?|documents?|text)"
_TELL = r"(?:say|answer|mention|contain|provide|specify|state|include|address|give|discuss|report|cover|reveal)"
_TOLD = (
    r"(?:said|answered|mentioned|contained|provided|specified|stated|included|addressed|given|discussed|reported"
    r"|covered|revealed|described|disclosed|available|found|clear|determined|established)"
)
_REFUSES = re.compile(
    rf"\b{_SOURCES}\b[^.]{{0,40}}\b(?:do(?:es)?\s?n[o'’]?t|cannot|can['’]t)\s+(?:\w+\s+)?{_TELL}\b"
    r"|\bI (?:cannot|can['’]t|could not|am (?:not able|unable) to|do(?:n['’]t| not) (?:know|have))\b"
    rf"|\bno (?:information|answer|mention)\b[^.]{{0,60}}\b(?:{_SOURCES}|provided|given)\b"
    rf"|\b(?:none|neither) of the\b[^.]{{0,30}}\b{_SOURCES}\b[^.]{{0,20}}\b{_TELL}s?\b"
    r"|\b(?:question|this|that|it) (?:cannot|can['’]t|could not) be (?:answered|determined|inferred)\b"
    rf"|\b(?:not|n['’]t) (?:\w+ly )?{_TOLD} (?:in|by|from|within|anywhere)\b[^.]{{0,30}}\b{_SOURCES}\b"
    r"|\b(?:not enough|insufficient|no sufficient|not sufficient) (?:\w+ )?(?:information|evidence|detail|context)s?\b"
    rf"|\A\W*(?:not {_TOLD}|no answer|no information|unknown|n/a)\W*\Z",
    re.IGNORECASE,
)
_GOES_ON = re.compile(r"[,;]\s*(?:but|however|though|although|yet)\b", re.IGNORECASE)


def is_refusal(weighed: Sequence[Weighed], quotes: Sequence[Span]) -> bool:
    """Whether it begins with the sentence agreed on, or says so otherwise and nothing else of it is supported."""
    if weighed and _plain(weighed[0].said.text) == _plain(PAPERS_DONT_SAY):
        return True
    refusing = [_refuses(one, quotes) for one in weighed]
    answers = any(
        one.verdict.support == "supported" for one, refuses in zip(weighed, refusing, strict=True) if not refuses
    )
    return any(refusing) and not answers


def _refuses(one: Weighed, quotes: Sequence[Span]) -> bool:
    """Not where a quote that it cites says so of its own subject, or where it goes on with what is supported."""
    text = one.said.text
    if _plain(PAPERS_DONT_SAY) not in _plain(text) and not _REFUSES.search(text):
        return False
    if any(_REFUSES.search(quotes[number - 1].text) for number in one.said.cited):
        return False
    return not (_GOES_ON.search(text) and one.verdict.support == "supported")


def _plain(text: str) -> str:
    return re.sub(r"[^a-z]", "", text.casefold())
