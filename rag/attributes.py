"""What people ask of a paper that its abstract may not give: who wrote it, its learning rate, how many heads. Pure."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

from rag.words import plain, tokens

PARAMETERS = "parameter count"  # the attribute
TABLE = Path(__file__).with_name("attributes.toml")


class Attribute(NamedTuple):
    """Its name in an answer, what asks for it, and what an abstract that offers it says."""

    name: str
    asks: re.Pattern[str]
    offers: re.Pattern[str]


@cache
def _attributes() -> tuple[Attribute, ...]:
    table = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    return tuple(
        Attribute(name, _any_of(row["asks"], r"\b"), _any_of(row.get("offers", row["asks"])))
        for name, row in table.items()
    )


def _any_of(patterns: list[str], before: str = "") -> re.Pattern[str]:
    """One that matches nothing, where there are none."""
    return re.compile(f"{before}(?:{'|'.join(patterns)})" if patterns else "(?!)", re.IGNORECASE)


_NUMBER = (
    r"(?:\d[\d.,]*|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|[a-z]+teen|dozens?|hundreds?|thousands?)"
)
_HOW_MANY = re.compile(r"\b(?:how many|number of)\b(?: (?:of )?the)?((?: [\w/+-]+){1,6})", re.IGNORECASE)
_ENDS_A_NOUN = re.compile(
    r"(?:do|does|did|is|are|was|were|has|have|had|can|could|will|would|should|must|may|in|on|at|for|with|from|by|to|per|of"
    r"|that|which|who|there|it|they|we|you|i|and|or|than|as|between|among|across|over|under)",
    re.IGNORECASE,
)
_PLURAL = re.compile(r".{2,}[^su]s|(?-i:[A-Z]{2,}s)|people|data|children|men|women", re.IGNORECASE)
_FACTORS = frozenset({"times", "points", "percent"})  # how much, and no count
_OF_PAPERS = frozenset({"papers", "works", "articles", "abstracts", "publications"})  # no abstract counts these
_COUNT = re.compile(rf"^{_NUMBER}|\d|^[mb]illions?$|^both$")
_APART = 4  # words that may stand between a number and what it counts
_ALIKE = 4  # letters at the beginning that make two long words of one family


@lru_cache(maxsize=64)  # a question is held against many sentences
def asked(question: str) -> tuple[Attribute, ...]:
    """The attributes that a question asks for, in the table's order."""
    return tuple(attribute for attribute in _attributes() if attribute.asks.search(question))


def unmet(question: str, abstract: str) -> tuple[str, ...]:
    """Names of the attributes that the question asks for, and nothing in the abstract offers."""
    return tuple(attribute.name for attribute in asked(question) if not attribute.offers.search(abstract))


def counted(question: str) -> str | None:
    """What "how many" asks the number of: "attention heads", up to the first plural."""
    asked = _HOW_MANY.search(question)
    words = asked[1].split() if asked else []
    for place, word in enumerate(words):
        if _ENDS_A_NOUN.fullmatch(word) or word in _FACTORS or word in _OF_PAPERS:
            return None
        if _PLURAL.fullmatch(word):
            return " ".join(words[: place + 1])
    return None


def uncounted(question: str, abstract: str) -> str | None:
    """What "how many" asks the number of, where no number in the abstract stands before it, nor offers it otherwise."""
    noun = counted(question)
    is_met = any(one.name == PARAMETERS and one.offers.search(abstract) for one in asked(question))  # 458M, by itself
    return noun if noun and not is_met and not _counts(abstract, noun) else None


def _counts(abstract: str, noun: str) -> bool:
    wanted = set(tokens(noun))
    return any(_of_one_family(token, want) for token in _after_numbers(abstract) for want in wanted)


def _after_numbers(text: str) -> Iterator[str]:
    words = [word.strip(".,;:()") for word in plain(text).split()]
    for place, word in enumerate(words):
        if _COUNT.search(word):
            yield from (token for near in words[place : place + _APART + 1] for token in tokens(near))


def _of_one_family(one: str, other: str) -> bool:
    return one == other or (len(one) > _ALIKE and len(other) > _ALIKE and one[:_ALIKE] == other[:_ALIKE])
