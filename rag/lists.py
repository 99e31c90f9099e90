"""What is asked of a list of papers: a topic, a time, the newest; and what no abstract tells, as what is not. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rag.question import asks_for_several
from rag.words import tokens

_ALIKE = 5  # letters at the beginning
LONGEST_TOPIC = 3  # words; in more, the wording is the asker's own and need not be found
_PAPERS = r"(?:papers?|works?|articles?|stud(?:y|ies)|abstracts?)"
_TOPIC = re.compile(
    rf"\b{_PAPERS}\W+(?:(?:that|which|here|are|is|do you have|deal(?:ing)?)\W+){{0,3}}"
    r"(?:about|on|with|related to|discuss(?:es|ing)?|cover(?:s|ing)?|mention(?:s|ing)?|address(?:es|ing)?)\W+"
    r"([^?.!,;]+)|\b(?:which|what) of (?:the|these) .*\babout\W+([^?.!,;]+)",
    re.IGNORECASE,
)
_NOT = re.compile(
    r"\b(?:which|that|who|papers|works|methods|models|approaches|ones)\b (?:\w+ ){0,2}?"
    r"(?:do|does|did|are|is|was|were|have|has|can)(?: not|n['’]t)\b",
    re.IGNORECASE,
)
_YEAR = r"((?:19|20)\d\d)"
_WHEN = re.compile(
    r"\b(?:papers|works|articles|studies|abstracts)\b(?: [\w-]+){0,5}? (from|in|of|since|after|before|until)"
    rf"(?: the)?(?: year)? {_YEAR}(?: (?:to|and|until) {_YEAR})?\b",
    re.IGNORECASE,
)
_NEWEST = re.compile(rf"\b(?:newest|latest|most recent|recent) (?:\w+ ){{0,2}}{_PAPERS}\b", re.IGNORECASE)
_BEST = re.compile(
    rf"\b(?:best|most (?:important|influential|cited|popular)|top) (?:\w+ ){{0,2}}{_PAPERS}\b", re.IGNORECASE
)
_BOUNDS = {"since": (0, 9999), "after": (1, 9999), "before": (-9999, -1), "until": (-9999, 0)}  # from the year on


@dataclass(frozen=True, slots=True)
class Wanted:
    """`topic` where it is a few words; `years` from, to; what is `denied` or `best` no abstract tells."""

    topic: str | None = None
    years: tuple[int, int] | None = None
    newest: bool = False
    denied: bool = False
    best: bool = False


def wanted(question: str) -> Wanted:
    """What of it there is."""
    several = asks_for_several(question) or bool(re.match(rf"\W*{_PAPERS}\b", question, re.IGNORECASE))
    return Wanted(
        _topic(question) if several else None,
        _years(question),
        bool(_NEWEST.search(question)),
        several and bool(_NOT.search(question)),
        bool(_BEST.search(question)),
    )


def _topic(question: str) -> str | None:
    match = _TOPIC.search(_WHEN.sub(lambda found: found.group().split(found[1])[0], question))
    topic = (match[1] or match[2]).strip() if match else ""
    return topic if 0 < len(topic.split()) <= LONGEST_TOPIC and tokens(topic) else None


def _years(question: str) -> tuple[int, int] | None:
    match = _WHEN.search(question)
    if not match:
        return None
    year = int(match[2])
    before, after = _BOUNDS.get(match[1].lower(), (0, 0))
    return (year, int(match[3])) if match[3] else (year + before, year + after)


def holds(text: str, topic: str) -> bool:
    """Whether the topic's words stand there together, endings aside."""
    wanted, words = tokens(topic), tokens(text)
    runs = (words[place : place + len(wanted)] for place in range(len(words) - len(wanted) + 1))
    return any(all(map(_of_one_family, run, wanted)) for run in runs)


def _of_one_family(one: str, other: str) -> bool:
    """Medicine, medical."""
    return one == other or (len(one) >= _ALIKE and len(other) >= _ALIKE and one[:_ALIKE] == other[:_ALIKE])
