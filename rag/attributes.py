"""What people ask of a paper that its abstract may not give: who wrote it, its learning rate, its licence. Pure."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from rag.words import plain, tokens

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
_HOW_MANY = re.compile(r"\b(?:how many|number of|count of)\b([^.?!,;()]*)", re.IGNORECASE)
_COUNT = re.compile(rf"^{_NUMBER}|\d|^[mb]illions?$|^both$")
_COUNTED = 3  # content words after "how many" among which the counted noun is
_APART = 4  # words that may stand between a number and what it counts
_ALIKE = 4  # letters at the beginning that make two long words of one family


def unmet(question: str, abstract: str) -> tuple[str, ...]:
    """Names of the attributes that the question asks for, and nothing in the abstract offers."""
    asked = (attribute for attribute in _attributes() if attribute.asks.search(question))
    return tuple(attribute.name for attribute in asked if not attribute.offers.search(abstract))


def uncounted(question: str, abstract: str) -> str | None:
    """What "how many" asks the number of, where no number in the abstract stands before it."""
    asked = _HOW_MANY.search(question)
    nouns = [word for word in asked[1].split() if tokens(word)][:_COUNTED] if asked else []
    return " ".join(nouns).strip() if nouns and not _counts(abstract, nouns) else None


def _counts(abstract: str, nouns: Sequence[str]) -> bool:
    wanted = {token for noun in nouns for token in tokens(noun)}
    return any(_of_one_family(token, want) for token in _after_numbers(abstract) for want in wanted)


def _after_numbers(text: str) -> Iterator[str]:
    words = [word.strip(".,;:()") for word in plain(text).split()]
    for place, word in enumerate(words):
        if _COUNT.search(word):
            yield from (token for near in words[place : place + _APART + 1] for token in tokens(near))


def _of_one_family(one: str, other: str) -> bool:
    return one == other or (len(one) > _ALIKE and len(other) > _ALIKE and one[:_ALIKE] == other[:_ALIKE])
