"""Where the sentences and passages of an abstract begin and end. Pure; offsets are characters, half-open."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

Bounds = tuple[int, int]

# Behind these a sentence goes on, whatever follows; behind those of the second kind when a number does.
_GOES_ON = re.compile(
    r"(?:^|[\s(\[,;~/-])(?:[eE]\.\s?g|[iI]\.\s?e|a\.k\.a|[cC]f|vs|viz|w\.r\.t|resp|approx|Dr|Drs|Prof|Mr|Mrs|Ms|St)\.$"
)
_NUMBERED = re.compile(
    r"(?:^|[\s(\[~])(?:[fF]igs?|[eE]qs?|[sS]ecs?|[tT]abs?|[rR]efs?|[cC]haps?|[nN]os?|[vV]ols?|pp?)\.$"
)
_ET_AL = re.compile(r"\bet\s+al\.$")
_NO_SENTENCE_START = re.compile(r"[a-z(\[\d,;]")
# A full stop that lost its space ("video-text data.Specifically, STAN"), but not Node.js, URLs or file names.
_GLUED = re.compile(r"(?<=[a-z][a-z][a-z)\]\"'])[.?!](?=[A-Z][a-z]+[\s,])")
_NAME = re.compile(r"^[A-Z]|[@/\\_.]")
_WORD_BEFORE = re.compile(r"\S*$")
_LOOKBACK = 80  # characters read before a break: longer than any abbreviation, so the work stays linear


def sentences(text: str) -> tuple[Bounds, ...]:
    """Sentence bounds in order, without the white space around them; every other character lies in one."""
    pieces = (glued for start, end in _punkt().span_tokenize(text) for glued in _unglued(text, start, end))
    return tuple(_mended(text, pieces))


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
        if before and not _NAME.search(before.group()):
            yield from _stripped(text, start, match.end())
            start = match.end()
    yield from _stripped(text, start, end)


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
    before, after = text[max(0, stop - _LOOKBACK) : stop], text[start : start + 1]
    if _ET_AL.search(before):
        return bool(_NO_SENTENCE_START.match(after))
    return bool(_GOES_ON.search(before) or (_NUMBERED.search(before) and after.isdigit()))
