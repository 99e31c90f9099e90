"""What is asked of the library or of a whole paper, told by its words: a count, an entry, a summary. Pure."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import NamedTuple

from rag.words import plain

TABLE = Path(__file__).with_name("errands.toml")
_WORD = re.compile(r"[^\W_](?:[\w.+@/-]*[\w+@])?")


class Errand(NamedTuple):
    """The sign by which it is known, and the words that say no more than that."""

    sign: re.Pattern[str]
    words: frozenset[str]


@cache
def _errands() -> dict[str, Errand]:
    table = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    common = table.pop("any").split()
    return {
        name: Errand(
            re.compile(row["sign"].replace("\n", ""), re.IGNORECASE), frozenset([*common, *row["words"].split()])
        )
        for name, row in table.items()
    }


def beyond(errand: str, question: str) -> str | None:
    """The words that a question on this errand has beside those of the errand; None where it is on another.

    >>> beyond("entry", "the BibTeX for RetroMAE v2, please?")
    'RetroMAE v2'
    """
    known = _errands()[errand]
    if not known.sign.search(question):
        return None
    return " ".join(word for word in _WORD.findall(question) if plain(word) not in known.words)


def is_on(errand: str, question: str) -> bool:
    """Whether it asks this and nothing more."""
    return beyond(errand, question) == ""
