"""What a statement puts in the place of a quote's words, where it otherwise follows the quote word by word. Pure.

Finds what the same words elsewhere in the quote would hide: two figures or names exchanged, a "not" slipped in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from functools import lru_cache

from rag.figures import figures, fits, held
from rag.names import holds, names
from rag.notation import legible
from rag.polarity import negations, turned

_WORD = re.compile(r"[^\W_](?:\w|[-.,@/^+&'](?=\w))*%?")
_MOST = 300  # words compared: the work grows with their square
_LONGEST = 4  # words that one place may be changed by
_LEAST = 3  # equal words beside the place, left and right together

Words = tuple[str, ...]


def substitutions(statement: str, quote: str) -> tuple[str, ...]:
    """Figures and names that stand where the quote has others, and "negation" where one was put in or left out."""
    places = _places(_words(statement), _words(quote))
    return tuple(dict.fromkeys(fault for pair in places for fault in _faults(*pair, statement, quote)))


@lru_cache(maxsize=1024)
def _words(text: str) -> Words:
    return tuple(word.removesuffix("'s") for word in _WORD.findall(legible(text))[:_MOST])


def _places(said: Words, quoted: Words) -> Iterator[tuple[Words, Words]]:
    """Short stretches that differ between stretches that don't."""
    changed = [place for place, pair in enumerate(zip(said, quoted, strict=False)) if pair[0] != pair[1]]
    if len(said) == len(quoted) and len(changed) == 1:  # where words repeat, the shortest difference may lie elsewhere
        yield said[changed[0] : changed[0] + 1], quoted[changed[0] : changed[0] + 1]
        return
    codes = SequenceMatcher(None, _folded(quoted), _folded(said), autojunk=False).get_opcodes()
    for place, (tag, first, last, start, stop) in enumerate(codes):
        beside = [*codes[max(0, place - 1) : place], *codes[place + 1 : place + 2]]
        equal = sum(code[2] - code[1] for code in beside if code[0] == "equal")
        if tag != "equal" and equal >= _LEAST and max(last - first, stop - start) <= _LONGEST:
            yield said[start:stop], quoted[first:last]


def _folded(words: Words) -> list[str]:
    return [word.casefold() for word in words]


def _faults(said: Words, quoted: Words, statement: str, quote: str) -> Iterator[str]:
    here, there = " ".join(said), " ".join(quoted)
    others = figures(there)
    for place, figure in enumerate(figures(here) if others else ()):
        among = others[place : place + 1] if len(said) == len(quoted) == 1 else others  # "2-5" is not "5-5"
        if not fits(figure, held(among)):
            yield figure.text
    if any(name in quoted and not holds(here, name) for name in names(quote)):
        yield from (name for name in names(statement) if name in said and not holds(there, name))
    if (negations(here) - negations(there)) % 2 or turned(here, there):
        yield "negation"
