"""What every abstract may be asked (its task, data, method, result, code), and which sentence answers it. Pure."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

TABLE = Path(__file__).with_name("aspects.toml")
ANSWERS = 1.0  # what a sentence's cues are worth together from which it answers


class Aspect(NamedTuple):
    """Its heading in a table, the question in full, other ways to put it, what a late place is worth, weighed cues."""

    name: str
    question: str
    asks: re.Pattern[str]
    later: float
    cues: tuple[tuple[re.Pattern[str], float], ...]

    def worth(self, sentence: str) -> float:
        """Of the cues in it together."""
        return round(sum(worth for cue, worth in self.cues if cue.search(sentence)), 3)


@cache
def aspects() -> tuple[Aspect, ...]:
    """In the order of their columns."""
    table = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    return tuple(
        Aspect(
            name,
            row["question"],
            re.compile(row.get("asks", re.escape(row["question"].rstrip("?"))), re.IGNORECASE),
            row["later"],
            tuple((re.compile(cue, re.IGNORECASE), worth) for cue, worth in row["cues"]),
        )
        for name, row in table.items()
    )


def answering(aspect: Aspect, sentences: Sequence[str]) -> int | None:
    """The place of the sentence that answers best; None where none does."""
    worths = {place: worth for place, sentence in enumerate(sentences) if (worth := aspect.worth(sentence)) >= ANSWERS}
    return max(worths, key=lambda place: worths[place] + aspect.later * place / len(sentences), default=None)
