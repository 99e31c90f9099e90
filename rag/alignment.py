"""What a statement puts in the place of a quote's words, where it otherwise follows the quote word by word. Pure.

Finds what the same words elsewhere in the quote would hide: two figures or names exchanged, a "not" slipped in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from functools import lru_cache

from rag.figures import agree, figures
from rag.names import holds, names
from rag.notation import legible
from rag.polarity import negations, turned

_WORD = re.compile(r"[^\W_](?:\w|[-.,@/^+&'](?=\w))*%?")
_MOST = 300  # words compared: beyond, alignment takes too long
_LONGEST = 4  # words that one place may be changed by
_LEAST = 3  # equal words beside the place, left and right together

Words = tuple[str, ...]


def substitutions(statement: str, quote: str) -> tuple[str, ...]:
    """Figures and names that stand where the quote has others, and "negation" where one was put in or left out."""
    said, held = _words(statement), _words(quote)
    return tuple(dict.fromkeys(fault for pair in _places(said, held) for fault in _faults(*pair, statement, quote)))


@lru_cache(maxsize=1024)
def _words(text: str) -> Words:
    return tuple(match.removesuffix("'s") for match in _WORD.findall(legible(text))[:_MOST])


def _places(said: Words, held: Words) -> Iterator[tuple[Words, Words]]:
    """Short stretches that differ between stretches that don't."""
    fold = [tuple(map(str.casefold, words)) for words in (held, said)]
    codes = SequenceMatcher(None, *fold, autojunk=False).get_opcodes()
    for place, (tag, first, last, start, stop) in enumerate(codes):
        beside = [*codes[max(0, place - 1) : place], *codes[place + 1 : place + 2]]
        equal = sum(code[2] - code[1] for code in beside if code[0] == "equal")
        if tag != "equal" and equal >= _LEAST and max(last - first, stop - start) <= _LONGEST:
            yield said[start:stop], held[first:last]


def _faults(said: Words, held: Words, statement: str, quote: str) -> Iterator[str]:
    here, there = " ".join(said), " ".join(held)
    others = figures(there)
    if others:
        yield from (one.text for one in figures(here) if not any(agree(one, other) for other in others))
    replaced = [name for name in names(quote) if name in held and not holds(here, name)]
    if replaced:
        yield from (name for name in names(statement) if name in said and not holds(there, name))
    if (negations(here) - negations(there)) % 2 or turned(here, there):
        yield "negation"
