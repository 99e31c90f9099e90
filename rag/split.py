"""Where the sentences and passages of an abstract begin and end. Pure; offsets are characters, half-open."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

Bounds = tuple[int, int]

# Behind what the first of a pair finds, a sentence goes on where the second finds what follows.
_OPEN = r"(?:^|[\s(\[,;~/\u2010-\u2015-])"
_GOES_ON = tuple(
    (re.compile(before), re.compile(after))
    for before, after in (
        (
            rf"{_OPEN}(?:[eE]\.\s?g|[iI]\.\s?e|a\.k\.a|[cC]f|vs|viz|w\.r\.t|resp|esp|approx|Dr|Drs|Prof|Mr|Mrs|Ms|St)\.$",
            "",
        ),
        (rf"{_OPEN}(?:[nN]os?|[vV]ols?|pp?|ca|max|min)\.$", r"\d"),
        (rf"{_OPEN}(?:[fF]igs?|[eE]qs?|[sS]ecs?|[tT]abs?|[rR]efs?|[cC]haps?)\.$", r"\(?\d"),
        (r"\bet\s+al\.$", r"[a-z(\[\d,;]|['’]s\b"),
        (rf"{_OPEN}(?:etc|i\.\s?i\.\s?d)\.$", r"[a-z,;]"),
    )
)
# A full stop that lost its space ("video-text data.Specifically, STAN"), but not Node.js, URLs or file names.
_GLUED = re.compile(r"(?<=[\w)\]}\"'%])[.?!](?=[A-Z][a-z]+[\s,])")
_NAME = re.compile(r"[@/\\_]|[A-Za-z]\.")
_PLAIN = re.compile(r"(?![A-Z]).*[a-z][a-z][a-z)\]\"']")
# Behind a capital, a figure or a sign ("in Africa.For", "72.07%.Our"), which may be a name's, only a word that opens.
_OPENS = re.compile(
    r"(?:The|This|These|That|Those|There|They|We|Our|It|Its|In|On|For|To|By|With|From|As|At|An|And|But|Here|However|Thus"
    r"|Then|Also|Such|Both|After|If|When|While|Although|Despite|Unlike|Using|Based|Moreover|Furthermore|Finally"
    r"|Additionally|Specifically|Experiments|Results|Code|Codes)[\s,]"
)
_STOP = re.compile(r"(?<=[.!?])\s+")
_WORD_BEFORE = re.compile(r"\S*$")
_LOOKBACK = 80  # characters read before a break: longer than any abbreviation, so the work stays linear


def sentences(text: str) -> tuple[Bounds, ...]:
    """Sentence bounds in order, without the white space around them; every other character lies in one."""
    pieces = (glued for start, end in _punkt().span_tokenize(text) for glued in _unglued(text, start, end))
    return tuple(_mended(text, pieces))


def roughly(text: str) -> list[str]:
    """Its sentences in a moment, cut behind any full stop: where many texts are only looked through."""
    return _STOP.split(text)


def passages(bounds: Sequence[Bounds], sizes: Sequence[int], budget: int) -> tuple[Bounds, ...]:
    """Runs of sentences of at most `budget` word pieces (`sizes`, one a sentence), as few as can be, evenly filled.

    A sentence beyond the budget stands alone.
    """
    fewest = len(_packed(bounds, sizes, budget))
    low, high = 1, budget  # the smallest budget that needs no more passages: filled evenly, no tiny last one
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if len(_packed(bounds, sizes, middle)) <= fewest else (middle + 1, high)
    return _packed(bounds, sizes, high)


def _packed(bounds: Sequence[Bounds], sizes: Sequence[int], budget: int) -> tuple[Bounds, ...]:
    runs: list[Bounds] = []
    filled = budget + 1
    for (start, end), size in zip(bounds, sizes, strict=True):
        if filled + size > budget:
            runs.append((start, end))
            filled = size
        else:
            runs[-1] = (runs[-1][0], end)
            filled += size
    return tuple(runs)


@cache
def _punkt() -> Any:
    """NLTK's Punkt for English, with the tables that llama-index-core carries: nothing is downloaded."""
    import nltk  # half a second, and only adding papers needs it

    spec = find_spec("llama_index")
    for folder in spec.submodule_search_locations if spec and spec.submodule_search_locations else ():
        nltk.data.path.insert(0, str(Path(folder) / "core" / "_static" / "nltk_cache"))
    return nltk.tokenize.PunktTokenizer("english")


def _unglued(text: str, start: int, end: int) -> Iterator[Bounds]:
    for match in _GLUED.finditer(text, start, end):
        before = _WORD_BEFORE.search(text[max(start, match.start() - _LOOKBACK) : match.start()])
        if before and _ends_glued(before.group(), text[match.end() : match.end() + _LOOKBACK]):
            yield from _stripped(text, start, match.end())
            start = match.end()
    yield from _stripped(text, start, end)


def _ends_glued(before: str, after: str) -> bool:
    """Whether the word before a full stop ends a sentence, by itself, by what follows, or by being said again."""
    if _NAME.search(before):
        return False
    return bool(_PLAIN.fullmatch(before) or _OPENS.match(after) or after.startswith(f"{before} "))


def _stripped(text: str, start: int, end: int) -> Iterator[Bounds]:
    """Without white space at the ends; nothing where there is nothing else."""
    piece = text[start:end]
    if piece.strip():
        yield start + len(piece) - len(piece.lstrip()), end - len(piece) + len(piece.rstrip())


def _mended(text: str, pieces: Iterator[Bounds]) -> Iterator[Bounds]:
    """Joins what Punkt broke behind an abbreviation."""
    held: Bounds | None = None
    for start, end in pieces:
        if held and _continues(text, held[1], start):
            held = (held[0], end)
            continue
        if held:
            yield held
        held = (start, end)
    if held:
        yield held


def _continues(text: str, stop: int, start: int) -> bool:
    before, after = text[max(0, stop - _LOOKBACK) : stop], text[start : start + 3]
    return any(ends.search(before) and goes_on.match(after) for ends, goes_on in _GOES_ON)
