"""A follow-up and what was said before, as one question that stands alone. By rule; pure but for looking papers up."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rag.errors import UnknownPaper
from rag.question import names
from rag.types import Paper, Turn
from rag.words import tokens

Lookup = Callable[[str], Paper]
TURNS = 20  # of the history that are read

_NEW_TOPIC = re.compile(
    r"\b(?:something else|unrelated|different (?:question|topic|thing)|another (?:question|topic)|change of topic"
    r"|new (?:question|topic)|switching|by the way)\b",
    re.IGNORECASE,
)
_POINTS_BACK = re.compile(
    r"\b(?:it|its|itself|they|their|theirs|them|he|she|his|her|those|these|both|former|latter|there)\b"
    r"|\b(?:this|that)\b(?! (?:is|are|was|were|can|could|do|does|did|has|have|will|would|[a-z]+s)\b)"
    r"|\bthe (?:same|other|paper|authors?|method|model|approach|work|study|data ?set|results?|code|benchmark)\b",
    re.IGNORECASE,
)
_EXPLETIVE = re.compile(
    r"\b(?:is|are|was|were) there\b|\bthere (?:is|are|was|were|any)\b|\bis it (?:possible|true)\b", re.IGNORECASE
)
_CONTINUES = re.compile(r"^\s*(?:and|but|or|so|also|then|what about|how about|what of)\b", re.IGNORECASE)
_PLACES = {"first": 0, "former": 0, "second": 1, "third": 2, "fourth": 3, "fifth": 4, "last": -1, "latter": -1}
_ORDINAL = re.compile(
    rf"\bthe ({'|'.join(_PLACES)})\b(?: (?:one|paper|method|model|work|study|system))?", re.IGNORECASE
)
FEW_WORDS = 3  # content words up to which a question without a name leans on what was said


@dataclass(frozen=True, slots=True)
class Standalone:
    """A question that needs no history, and the ids of the papers that it is about, where known."""

    text: str
    papers: tuple[str, ...] = ()


def standalone(question: str, history: Sequence[Turn], lookup: Lookup) -> Standalone:
    """The question itself where it stands alone already, or opens a new topic."""
    turns = tuple(history)[-TURNS:]
    if not turns or _NEW_TOPIC.search(question) or not _leans(question):
        return Standalone(question)
    about = _meant(question, turns, lookup)
    asked = _carried(question, turns)
    if not about:
        return Standalone(asked)
    titles = " and ".join(f"“{paper.title}”" for paper in about)
    return Standalone(f"{asked.rstrip(' ?.!')} (about {titles})?", tuple(paper.id for paper in about))


def _leans(question: str) -> bool:
    bare = _EXPLETIVE.sub(" ", question)
    if _POINTS_BACK.search(bare) or _ORDINAL.search(bare) or _CONTINUES.search(bare):
        return True
    return len(set(tokens(question))) <= FEW_WORDS and not names(question)


def _meant(question: str, turns: Sequence[Turn], lookup: Lookup) -> tuple[Paper, ...]:
    """Papers by ordinal ("the second one"), else those of the last answer that cited any."""
    lists = [papers for turn in turns if (papers := _papers(turn, lookup))]
    if not lists:
        return ()
    last, everything = lists[-1], tuple(dict.fromkeys(paper for papers in lists for paper in papers))
    picked = [_pick(match.group(1).lower(), last, everything) for match in _ORDINAL.finditer(question)]
    chosen = tuple(paper for paper in picked if paper)
    if chosen and not re.search(r"\b(?:it|its|that|this|compare[sd]?)\b", question, re.IGNORECASE):
        return tuple(dict.fromkeys(chosen))
    return tuple(dict.fromkeys((*last, *chosen)))


def _pick(ordinal: str, last: Sequence[Paper], everything: Sequence[Paper]) -> Paper | None:
    """Counted in the last answer, or, where that has fewer, over the conversation."""
    place = _PLACES[ordinal]
    among = last if len(last) > max(place, 1) or (place < 0 and len(last) > 1) else everything
    return among[place] if -len(among) <= place < len(among) else None


def _papers(turn: Turn, lookup: Lookup) -> tuple[Paper, ...]:
    found = []
    for name in turn.papers:
        try:
            found.append(lookup(name))
        except UnknownPaper:  # removed since, or never ours: the history is not the library
            continue
    return tuple(dict.fromkeys(found))


def _carried(question: str, turns: Sequence[Turn]) -> str:
    """ "and on COCO?" says nothing without the question before it."""
    before = next((turn.content for turn in reversed(turns) if turn.role == "user"), "")
    if _CONTINUES.search(question) or len(set(tokens(question))) <= FEW_WORDS:
        return f"{before.strip()} {question}" if len(before) <= 500 else question
    return question
