"""A follow-up and what was said before, as one question that stands alone. By rule; pure but for looking papers up."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from rag.attributes import uncounted, unmet
from rag.clause import asking
from rag.errands import is_on
from rag.errors import UnknownPaper
from rag.leaning import (
    CHOOSES,
    COMPARES,
    COUNTED,
    FIRST_OF_ALL,
    ORDINAL,
    PLACES,
    REMAINING,
    Owner,
    asks,
    asks_for_one,
    has_no_topic,
    is_of_a_paper,
    is_of_others,
    is_short,
    leans,
    only_continues,
    stays,
    without_others,
)
from rag.lists import LONGEST_TOPIC, wanted
from rag.question import asks_for_several, names
from rag.types import Paper, Standalone, Turn
from rag.words import tokens

Lookup = Callable[[str], Paper]
TURNS = 20  # of the history that are read

_ONE = re.compile(r"\b(?:it|its|itself|this|that|the (?:paper|method|model|approach|work|study))\b", re.IGNORECASE)
_LIKE_IT = re.compile(
    r"\b(?:like (?:that|this|it)|do(?:es|ing)? (?:that|this|it|so)|same|similar|alike|also|too)\b", re.IGNORECASE
)
_STANDS_FOR = re.compile(r"\b(?:it|this)\b|\bthat\W*$", re.IGNORECASE)
_OPENS_A_TOPIC = re.compile(r"^(?:(?:one|any|some|something|papers?) )?(?:about|on) ", re.IGNORECASE)
_OR = re.compile(r"\bor\b", re.IGNORECASE)
_MANY = re.compile(r"\b(?:they|theirs?|them|these|those|both|each|all|two|three)\b", re.IGNORECASE)
_TURNS_TO = re.compile(r"^\s*(?:and|but|or|so|ok|okay|,)*\s*(?:(?:what|how) (?:about|of)|and|for)\b", re.IGNORECASE)
_INSTEAD = re.compile(
    r"^\s*(?:(?:and|but|or|so|ok|okay|,)\s*)*(?:\b(?:what|how) (?:about|of)\b)?(.*?)\W*$", re.IGNORECASE
)
_UP_TO_SUBJECT = re.compile(
    r"^.*?\b(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would|should)\b"
    r"(?:\W+(?:the|an?|any)\b[^.?!]*?\b(?:of|for|in|behind|by)\b)?",
    re.IGNORECASE,
)
LONGEST_CARRIED = 500  # characters of the question before, to be said again


class _Exchange(NamedTuple):
    """A question of the history; the papers that its reply cited, or else that it names."""

    asked: str
    papers: tuple[Paper, ...]
    is_answered: bool


def turned(question: str, history: Sequence[Turn], lookup: Lookup, owner: Owner) -> str:
    """ "What about CapsFusion?" as the question before, asked of CapsFusion; any other question as it is."""
    turns = tuple(history)[-TURNS:]
    place = max((place for place, turn in enumerate(turns) if turn.role == "user"), default=None)
    if place is None or not _TURNS_TO.search(question):
        return question
    before = turned(turns[place].content.strip(), turns[:place], lookup, owner)
    if listed := _of_another_topic(question, before):
        return listed
    if not (subject := _subject(question, turns, lookup, owner)):
        return question
    spoken_of = names(before)
    if len(spoken_of) > 1 or len(before) > LONGEST_CARRIED:
        return question
    if spoken_of:
        return before.replace(spoken_of[0], subject)
    points = [match.group() for pattern in (ORDINAL, _ONE) for match in pattern.finditer(before)]
    return before.replace(points[0], subject) if len(points) == 1 else question


def _of_another_topic(question: str, before: str) -> str | None:
    """ "And about captioning?" after "Which papers are about speech?" """
    topic, said = wanted(before).topic, _OPENS_A_TOPIC.sub("", _instead(question))
    is_pointing = _MANY.search(said) or _ONE.search(said) or names(f"of {said}")
    is_topic = bool(tokens(said)) and len(said.split()) <= LONGEST_TOPIC and not is_pointing
    return before.replace(topic, said) if topic and is_topic else None


def _instead(question: str) -> str:
    """What stands behind "what about": all that it says."""
    found = _INSTEAD.match(question)
    return found[1].strip() if found else ""


def _subject(question: str, turns: Sequence[Turn], lookup: Lookup, owner: Owner) -> str | None:
    """The paper's name that is all it says, or the title of the one that "the other" is."""
    said = _instead(question)
    if REMAINING.fullmatch(said):
        others = _remaining([one.papers for one in _exchanges(turns, lookup, owner) if one.papers])
        return _titles(others) if len(others) == 1 else None
    return said if names(f"of {said}") == (said,) and owner(said) else None


def standalone(question: str, history: Sequence[Turn], lookup: Lookup, owner: Owner) -> Standalone:
    """The question itself where it stands alone already, or opens a new topic; `owner` knows whose a name is."""
    turns = tuple(history)[-TURNS:]
    if not turns or not leans(question, owner) or _lists(question):
        return Standalone(question, question)
    said = tuple(_exchanges(turns, lookup, owner))
    if _is_of_another(question, said, lookup, owner):
        return Standalone(question, question)
    lists = [one.papers for one in said if one.papers] or _named(turns, lookup, owner)
    rest = _remaining(lists) if REMAINING.search(question) else ()
    is_of_one = bool(lists) and len(lists[-1]) == 1
    if not rest and (is_of_others(question) or (is_of_one and asks_for_one(question))):
        return _others(question, said, lists)
    about = rest or _meant(question, lists, lookup, owner)
    asked = _carried(question, said, about)
    if not about:
        return Standalone(asked, asked)
    text = f"{asked.rstrip(' ?.!')} (about {_titles(about)})?"
    is_bound = bool(rest or CHOOSES.search(question))
    said_alone = asked == question and (is_bound or has_no_topic(question))  # it can't open another topic
    return Standalone(text, text if said_alone else asked, tuple(paper.id for paper in about))


def _lists(question: str) -> bool:
    """Whether it asks for the papers on a topic: "and are there any on captioning?"."""
    return bool(wanted(question).topic) and not CHOOSES.search(question) and not is_of_others(question)


def _is_of_another(question: str, said: Sequence[_Exchange], lookup: Lookup, owner: Owner) -> bool:
    """After a question of no paper here, a whole one that names a paper of its own."""
    return bool(said) and not said[-1].papers and asks(question) and bool(_owned(question, lookup, owner))


def _titles(papers: Sequence[Paper]) -> str:
    return " and ".join(f"“{paper.title}”" for paper in papers)


def _others(question: str, said: Sequence[_Exchange], lists: Sequence[tuple[Paper, ...]]) -> Standalone:
    """Others than any cited so far: that answer the question before, or are like the papers that it was about."""
    without = tuple(dict.fromkeys(paper.id for papers in lists for paper in papers))
    before = [one for one in said if not is_on("others", one.asked)]
    anchor = next((one for one in reversed(before) if one.papers), None)
    if not is_on("others", question) or not anchor or asks_for_several(anchor.asked):
        asked = _in_full(question, before, anchor)
        return Standalone(asked, asked, without=without)
    like = tuple(paper.id for paper in anchor.papers)
    return Standalone(f"Which other papers are like {_titles(anchor.papers)}?", question, like, without)


def _in_full(question: str, before: Sequence[_Exchange], anchor: _Exchange | None) -> str:
    """ "Is there one that does better than it?" names "it"; other questions have what was asked before them."""
    if anchor and asks_for_one(question):
        about = " and ".join(paper.title.partition(": ")[2] or paper.title for paper in anchor.papers)
        clause = asking(question)
        asked = question if _STANDS_FOR.search(clause) else clause
        return f"{asked.rstrip(' ?.!')} (beside {about.lower()})?"  # no name of a paper that is left out
    return f"{_nameless(question, _before(before))} {question}".strip()


def _nameless(question: str, before: str) -> str:
    """The question before, or what of it can be asked of others than it names: "... anything like that for video?"."""
    if stays(question) or has_no_topic(without_others(question)):
        return before
    if not _LIKE_IT.search(question):
        return ""
    for name in names(before):
        before = before.replace(name, "it")
    return "" if has_no_topic(before) else before


def _meant(question: str, lists: Sequence[tuple[Paper, ...]], lookup: Lookup, owner: Owner) -> tuple[Paper, ...]:
    """Papers by ordinal ("the second one") or name, else of the last answer: all ("they"), or its first ("it")."""
    if not lists:
        return ()
    last, everything = lists[-1], tuple(dict.fromkeys(paper for papers in lists for paper in papers))
    picked = [_pick((match[1] or match[2]).lower(), last, everything) for match in ORDINAL.finditer(question)]
    chosen = tuple(paper for paper in (*picked, *_owned(question, lookup, owner)) if paper)
    if chosen and not COMPARES.search(question) and (any(picked) or _TURNS_TO.search(question)):
        return chosen
    beside = COMPARES.search(question) or _OR.search(question)  # "how does it compare with the first?"
    compared = chosen if any(picked) or beside else ()
    return tuple(dict.fromkeys((*_of_last(question, lists, everything), *compared)))


def _of_last(question: str, lists: Sequence[tuple[Paper, ...]], everything: tuple[Paper, ...]) -> tuple[Paper, ...]:
    """As many as the question speaks of; "both" reach back beyond an answer that cited one."""
    last = lists[-1]
    for count, pattern in COUNTED.items():
        if pattern.search(question) and len(last) < count:
            return everything[-count:]
    if CHOOSES.search(question):
        return _chosen_among(lists) or last
    return last[:1] if _ONE.search(question) and not _MANY.search(question) else last


def _chosen_among(lists: Sequence[tuple[Paper, ...]]) -> tuple[Paper, ...]:
    """The last several, that hold all spoken of since: one may have been chosen of them already."""
    several = next((papers for papers in reversed(lists) if len(papers) > 1 and {*lists[-1]} <= {*papers}), ())
    return several or tuple(dict.fromkeys(paper for papers in lists for paper in papers))[-2:]


def _remaining(lists: Sequence[tuple[Paper, ...]]) -> tuple[Paper, ...]:
    """Of those, the ones not spoken of last; none after several at once."""
    if not lists or len(lists[-1]) > 1:
        return ()
    return tuple(paper for paper in _chosen_among(lists) if paper not in lists[-1])


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
    if ordinal in FIRST_OF_ALL:
        return everything[0]
    place = PLACES[ordinal]
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
    if not is_short(question):
        return question
    if not asks(question):
        return f"{_before(said)} {question}".strip()
    return question if about else f"{question.rstrip(' ?.!')} ({topic})?" if (topic := _topic(said)) else question


def _topic(said: Sequence[_Exchange]) -> str:
    """What the last question was asked of, without what it asked: that may be what no paper says."""
    before = _before(said)
    topic = _UP_TO_SUBJECT.sub("", before).strip(" ?.!")
    return "" if unmet(topic, "") or uncounted(topic, "") else topic


def _before(said: Sequence[_Exchange]) -> str:
    """The last question that papers answered, and that said what it asked, unless it is too long to be said again."""
    asked = [one.asked for one in said if one.is_answered] or [one.asked for one in said]
    whole = [question for question in asked if not only_continues(question) and not is_of_a_paper(question)]
    before = next(reversed(whole or asked), "")
    return before if len(before) <= LONGEST_CARRIED else ""
