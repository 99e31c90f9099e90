"""A follow-up and what was said before, as one question that stands alone. By rule; pure but for looking papers up."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from rag.attributes import uncounted, unmet
from rag.errands import is_on
from rag.errors import UnknownPaper
from rag.question import asks_for_several, names
from rag.types import Paper, Standalone, Turn
from rag.words import stem, tokens

Lookup = Callable[[str], Paper]
Owner = Callable[[str], str | None]
TURNS = 20  # of the history that are read

_NEW_TOPIC = re.compile(
    r"\b(?:something else|unrelated|different (?:question|topic|thing)|another (?:question|topic)|change of topic"
    r"|new (?:question|topic)|switching|by the way|never ?mind|forget (?:it|that|about)|moving on|anyway)\b",
    re.IGNORECASE,
)
_POINTS_BACK = re.compile(
    r"\b(?:it|its|itself|they|their|theirs|them|he|she|his|her|those|these|both|former|latter|there)\b"
    r"|\b(?:this|that)\b(?! (?:is|are|was|were|can|could|do|does|did|has|have|will|would|[a-z]+s)\b)"
    r"|\bthe (?:same|other|paper|authors?|method|model|approach|work|study|data ?set|results?|code|benchmark)\b"
    r"(?! (?:of|behind|called|named|about|from|that|which|(?:proposed|used|released) by)\b)",  # those say which
    re.IGNORECASE,
)
_ONE = re.compile(r"\b(?:it|its|itself|this|that|the (?:paper|method|model|approach|work|study))\b", re.IGNORECASE)
_MANY = re.compile(r"\b(?:they|theirs?|them|these|those|both|each|all|two|three)\b", re.IGNORECASE)
_COUNTED = {
    2: re.compile(r"\b(?:both|(?:the|these|those|of the) two)\b", re.IGNORECASE),
    3: re.compile(r"\b(?:the|these|those|of the) three\b", re.IGNORECASE),
}
_OTHERS = re.compile(
    r"\b(?:something|anything|one|anyone|anybody|works?|papers?|methods?|models?)"
    r" (?:else|like (?:that|this|it)|similar)\b"
    r"|\b(?:is|are) there (?:also )?(?:something|anything|some|any|another|an?|others?)\b"
    r".*\b(?:also|too|else|other way|instead|better|more)\b"
    r"|\b(?:is|are) there also (?:some|any|another|one|others?)|\b(?:any|some|which|what) others?\b"
    r"|\banother (?:one|paper|method|model|approach|work)\b",
    re.IGNORECASE,
)
_TURNS_TO = re.compile(r"^\s*(?:and|but|or|so|ok|okay|,)*\s*(?:(?:what|how) (?:about|of)|and|for)\b", re.IGNORECASE)
_EXPLETIVE = re.compile(
    r"\b(?:is|are|was|were) there\b|\bthere (?:is|are|was|were|any)\b|\bis it (?:possible|true)\b", re.IGNORECASE
)
_OF_LIBRARY = re.compile(r"\b(?:papers|works|studies|articles|abstracts|titles|library|collection)\b", re.IGNORECASE)
_LEANING = ("summary", "code", "entry", "citation", "others")  # errands on whatever was spoken of last
_ASKS = re.compile(
    r"^\W*(?:(?:and|but|or|so|also|then|ok|okay|well|now|please)\W+)*(?:(?:on|in|for|of|to|by|with|from) )?"
    r"(?:how|what(?!\W+(?:about|of)\b)|which|who|whose|why|when|where|is|are|was|were|do|does|did|has|have|can|could|will"
    r"|would|tell|give|show|list|explain|describe|name|compare)\b",
    re.IGNORECASE,
)
_ITS = re.compile(
    r"\b(?:it|its|they|their|them|the (?:paper|authors?|method|model|approach|work|study))\b", re.IGNORECASE
)
_SWAPS = re.compile(
    r"^\W*(?:(?:and|but|or|so|also|then)\W+)*(?:(?:what|how)\W+(?:about|of)\W+)?"
    r"(?:(?:on|in|for|with|at|by|from|to|without|of|against|when|if|under|over)\b|.*\bones?\W*$)",
    re.IGNORECASE,
)
_FRAGMENT = re.compile(
    r"^\W*(?:on|for|in|with|at|without|against|over|under) (?!(?:which|what|whom?|how)\b)\S+(?: \S+){0,3}$",
    re.IGNORECASE,
)
_UP_TO_SUBJECT = re.compile(
    r"^.*?\b(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would|should)\b"
    r"(?:\W+(?:the|an?|any)\b[^.?!]*?\b(?:of|for|in|behind|by)\b)?",
    re.IGNORECASE,
)
_CONTINUES = re.compile(r"^\s*(?:and|but|or|so|also|then|what about|how about|what of)\b", re.IGNORECASE)
_PLACES = {
    "first": 0, "former": 0, "second": 1, "third": 2, "fourth": 3, "fifth": 4, "last": -1, "latter": -1,
    "1st": 0, "2nd": 1, "3rd": 2, "4th": 3, "5th": 4,
}  # fmt: skip
_FIRST_OF_ALL = frozenset({"original", "initial", "earliest"})
_ORDINAL = re.compile(
    rf"\bthe ({'|'.join(_PLACES)})\b(?: (?:one|paper|method|model|work|study|system))?"
    r"|\bthe (original|initial|earliest) (?:one|paper|method|model|work|study|system)\b",
    re.IGNORECASE,
)
_COMPARES = re.compile(
    r"\b(?:compare[sd]?|comparison|differ\w*|than|versus|vs|better|worse|relate[sd]?)\b", re.IGNORECASE
)
LONGEST_CARRIED = 500  # characters of the question before, to be said again
FEW_WORDS = 3  # content words up to which a question may lean on what was said
OF_ANY_PAPER = Path(__file__).with_name("of-any-paper.txt")  # words for what is asked of any paper: no topic


class _Exchange(NamedTuple):
    """A question of the history; the papers that its reply cited, or else that it names."""

    asked: str
    papers: tuple[Paper, ...]
    is_answered: bool


def standalone(question: str, history: Sequence[Turn], lookup: Lookup, owner: Owner) -> Standalone:
    """The question itself where it stands alone already, or opens a new topic; `owner` knows whose a name is."""
    turns = tuple(history)[-TURNS:]
    if not turns or _NEW_TOPIC.search(question) or not _leans(question, owner):
        return Standalone(question, question)
    said = tuple(_exchanges(turns, lookup, owner))
    lists = [one.papers for one in said if one.papers] or _named(turns, lookup, owner)
    if _is_of_others(question):
        return _others(question, said, lists)
    about = _meant(question, lists, lookup, owner)
    asked = _carried(question, said, about)
    if not about:
        return Standalone(asked, asked)
    text = f"{asked.rstrip(' ?.!')} (about {_titles(about)})?"
    said_alone = asked == question and set(tokens(question)) <= _of_any_paper()  # no topic: it can't open another
    return Standalone(text, text if said_alone else asked, tuple(paper.id for paper in about))


def _titles(papers: Sequence[Paper]) -> str:
    return " and ".join(f"“{paper.title}”" for paper in papers)


def _is_of_others(question: str) -> bool:
    return bool(_OTHERS.search(question)) or is_on("others", question)


def _others(question: str, said: Sequence[_Exchange], lists: Sequence[tuple[Paper, ...]]) -> Standalone:
    """Others than any cited so far: that answer the question before, or are like the papers that it was about."""
    without = tuple(dict.fromkeys(paper.id for papers in lists for paper in papers))
    before = [one for one in said if not is_on("others", one.asked)]
    anchor = next((one for one in reversed(before) if one.papers), None)
    if not is_on("others", question) or not anchor or asks_for_several(anchor.asked):
        asked = f"{_before(before)} {question}".strip()
        return Standalone(asked, asked, without=without)
    like = tuple(paper.id for paper in anchor.papers)
    return Standalone(f"Which other papers are like {_titles(anchor.papers)}?", question, like, without)


def _leans(question: str, owner: Owner) -> bool:
    """Whether the question says nothing without what came before."""
    if any(sign.search(question) for sign in (_CONTINUES, _FRAGMENT, _ORDINAL, _OTHERS, *_COUNTED.values())):
        return True
    if pointer := _POINTS_BACK.search(_EXPLETIVE.sub(lambda match: " " * len(match.group()), question)):
        beside = _COMPARES.search(question) and pointer.group().lower() in ("it", "this", "that", "them")
        return bool(beside) or not any(map(owner, names(question[: pointer.start()])))  # "What is UL2? How is it ...?"
    if is_on("others", question):
        return True
    if _OF_LIBRARY.search(question):
        return False
    return any(is_on(errand, question) for errand in _LEANING) or (
        _is_short(question) and not names(question) and set(tokens(question)) <= _of_any_paper()
    )


@cache
def _of_any_paper() -> frozenset[str]:
    return frozenset(map(stem, OF_ANY_PAPER.read_text(encoding="utf-8").split()))


def _is_short(question: str) -> bool:
    return len(set(tokens(question))) <= FEW_WORDS


def _meant(question: str, lists: Sequence[tuple[Paper, ...]], lookup: Lookup, owner: Owner) -> tuple[Paper, ...]:
    """Papers by ordinal ("the second one") or name, else of the last answer: all ("they"), or its first ("it")."""
    if not lists:
        return ()
    last, everything = lists[-1], tuple(dict.fromkeys(paper for papers in lists for paper in papers))
    picked = [_pick((match[1] or match[2]).lower(), last, everything) for match in _ORDINAL.finditer(question)]
    chosen = tuple(paper for paper in (*picked, *_owned(question, lookup, owner)) if paper)
    if chosen and not _COMPARES.search(question) and (any(picked) or _TURNS_TO.search(question)):
        return chosen
    compared = chosen if any(picked) or _COMPARES.search(question) else ()  # "how does it compare with the first?"
    return tuple(dict.fromkeys((*_of_last(question, last, everything), *compared)))


def _of_last(question: str, last: tuple[Paper, ...], everything: tuple[Paper, ...]) -> tuple[Paper, ...]:
    """As many as the question speaks of; "both" reach back beyond an answer that cited one."""
    for count, pattern in _COUNTED.items():
        if pattern.search(question) and len(last) < count:
            return everything[-count:]
    return last[:1] if _ONE.search(question) and not _MANY.search(question) else last


def _exchanges(turns: Sequence[Turn], lookup: Lookup, owner: Owner) -> Iterator[_Exchange]:
    """Oldest first. What was refused was asked of some paper all the same: "it" is that one."""
    for turn, after in zip(turns, (*turns[1:], Turn("assistant", "")), strict=True):
        if turn.role == "user":
            reply = after if after.role == "assistant" else Turn("assistant", "")
            papers = _papers(reply, lookup) or _papers(turn, lookup) or _owned(turn.content, lookup, owner)
            yield _Exchange(turn.content.strip(), papers, bool(reply.papers))


def _named(turns: Sequence[Turn], lookup: Lookup, owner: Owner) -> list[tuple[Paper, ...]]:
    """Of a history whose questions lead to no paper: those cited or named anywhere in it."""
    found = [_papers(turn, lookup) or _owned(turn.content, lookup, owner) for turn in turns]
    return [papers for papers in found if papers]


def _owned(text: str, lookup: Lookup, owner: Owner) -> tuple[Paper, ...]:
    """The papers whose names stand in it."""
    return tuple(dict.fromkeys(lookup(paper) for name in names(text) if (paper := owner(name))))


def _pick(ordinal: str, last: Sequence[Paper], everything: Sequence[Paper]) -> Paper | None:
    """Counted in the last answer, or, where that has fewer, over the conversation."""
    if ordinal in _FIRST_OF_ALL:
        return everything[0]
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


def _carried(question: str, said: Sequence[_Exchange], about: Sequence[Paper]) -> str:
    """ "and on COCO?" says nothing without the question before it; "how is it trained?" needs its topic at most."""
    if not _is_short(question):
        return question
    if not _asks(question):
        return f"{_before(said)} {question}".strip()
    return question if about else f"{question.rstrip(' ?.!')} ({topic})?" if (topic := _topic(said)) else question


def _asks(question: str) -> bool:
    """Whether it makes a request of its own, whatever the one before was."""
    if any(is_on(errand, question) for errand in _LEANING):
        return True
    if _SWAPS.search(question):
        return False
    content = set(tokens(question))
    if _ASKS.search(question):
        return bool(content or _ITS.search(question))
    return bool(content) and content <= _of_any_paper()


def _topic(said: Sequence[_Exchange]) -> str:
    """What the last question was asked of, without what it asked: that may be what no paper says."""
    before = _before(said)
    topic = _UP_TO_SUBJECT.sub("", before).strip(" ?.!")
    return "" if unmet(topic, "") or uncounted(topic, "") else topic


def _before(said: Sequence[_Exchange]) -> str:
    """The last question that papers answered, and that said what it asked, unless it is too long to be said again."""
    asked = [one.asked for one in said if one.is_answered] or [one.asked for one in said]
    whole = [question for question in asked if not (_is_short(question) and _CONTINUES.search(question))]
    before = next(reversed(whole or asked), "")
    return before if len(before) <= LONGEST_CARRIED else ""
