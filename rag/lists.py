"""What is asked of a list of papers: topic, time, author; and what no abstract tells of, as what is not. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from rag.question import asks_for_several, names
from rag.words import of_one_family, tokens

LONGEST_TOPIC = 3  # words, of each named beside another; in more, the wording is the asker's own, and in no abstract
_PAPERS = r"(?:papers?|works?|articles?|stud(?:y|ies)|abstracts?)"
_DOES = (
    r"(?:us(?:es?|ing)|(?:work|deal)(?:s|ing)? (?:with|on)|focus(?:es|ing)? on"
    r"|(?:discuss|cover|mention|address|handl|tackl|stud|explor|appl|employ|support|involv|consider|need|requir)(?:y|i?es|e?s|y?ing|e)?)"
)
_THAT = r"(?:(?:that|which|here|are|is|do you have|deal(?:ing)?)\W+){0,3}"
_TOPIC = re.compile(
    rf"\b{_PAPERS}\W+{_THAT}(?:about|on|with|related to|concerning|{_DOES})\W+([^?.!,;]+)"
    rf"|\b(?:is|are) there (?:one|any|some|something|anything)\W+(?:about|on|for|with)\W+([^?.!,;]+)"
    rf"|\b(?:models|methods|approaches|systems|frameworks)\W+{_THAT}{_DOES}\W+([^?.!,;]+)"
    rf"|\b(?:which|what|any) of (?:the|these|those|them)\b.*?\b(?:about|{_DOES})\W+([^?.!,;]+)",
    re.IGNORECASE,
)
_LONGEST_QUESTION = 14  # words; in more, what is said of papers describes one
_HERE = re.compile(r"\W+(?:here|at all|in (?:the|this|your) (?:collection|library))\W*$", re.IGNORECASE)
_BESIDE = re.compile(r"\W+(?:and|or)\W+|[/,]", re.IGNORECASE)
_OF_NAMES = re.compile(
    rf"\b{_PAPERS}\W+(?:(?:that|which|here|are|is|do|have|been)\W+){{0,3}}"
    r"(?:(?:us|mention|cit|evaluat|test|train|pre-?train|experiment|report|discuss|benchmark)(?:es?|s|e?d|ing)?|about|on|with)\W+"
    r"(?:(?:results|experiments) )?(?:(?:on|with|of|about|for) )?([^?.!;]+)",
    re.IGNORECASE,
)
_NO_TOPIC = frozenset(tokens("data dataset datasets benchmark benchmarks set model models"))
_PART = re.compile(r"[^\W\d_]+|\d+|[^\w\s-]")  # ADE, 20, K
_NOT = re.compile(
    r"\b(?:which|that|who|papers|works|methods|models|approaches|ones)\b (?:\w+ ){0,2}?"
    r"(?:do|does|did|are|is|was|were|have|has|can)(?: not|n['’]t)\b",
    re.IGNORECASE,
)
_YEAR = r"((?:19|20)\d\d)"
_TIME = rf"(from|in|of|since|after|before|until)(?: the)?(?: year)? {_YEAR}(?: (?:to|and|until) {_YEAR})?\b"
_WHEN = re.compile(rf"\b(?:papers|works|articles|studies|abstracts)\b(?: [\w-]+){{0,5}}? {_TIME}", re.IGNORECASE)
_OPENS_WITH_PAPERS = re.compile(rf"^\W*{_PAPERS}\b", re.IGNORECASE)
_OF_THESE = re.compile(
    rf"\b(?:which|what|any) of (?:the|these|those|them)\b|\b(?:list|every|any|all|each)\b.{{0,12}}\b{_PAPERS}\b",
    re.IGNORECASE,
)
_EXISTS = re.compile(
    rf"\b(?:(?:is|are) there|have you|do you have|got)\b.{{0,20}}\b{_PAPERS}\b"
    r"|\b(?:is|are) there (?:one|any|some|something|anything) (?:about|on|for|with)\b",
    re.IGNORECASE,
)
_NAME = r"(?-i:[A-Z])[\w.'’-]+(?: (?:(?:of|de|van|von|der) )?(?-i:[A-Z])[\w.'’-]*)*"
_MADE = re.compile(
    rf"\b{_PAPERS}(?: (?:that|which|here|are|is|were|was|written|authored|published|come|comes))*"
    rf" (?:by|from|at) (?:the )?({_NAME})",
    re.IGNORECASE,
)
_WROTE = re.compile(rf"\b(?:did|has|have) ({_NAME}) (?:writ(?:e|ten)|publish(?:ed)?|author(?:ed)?)\b", re.IGNORECASE)
_APPEARED = re.compile(rf"\b(?:published|written|appeared|new|came out) {_TIME}", re.IGNORECASE)
_OF_A_YEAR = re.compile(rf"\b{_YEAR} (?:papers|works|articles)\b", re.IGNORECASE)
_NEWEST = re.compile(rf"\b(?:newest|latest|most recent|recent) (?:\w+ ){{0,2}}{_PAPERS}\b", re.IGNORECASE)
_BEST = re.compile(
    rf"\b(?:best|most (?:important|influential|cited|popular)|top) (?:\w+ ){{0,2}}{_PAPERS}\b", re.IGNORECASE
)
_COUNTS = {"two": 2, "three": 3, "four": 4, "five": 5, "2": 2, "3": 3, "4": 4, "5": 5}
_SO_MANY = re.compile(
    rf"\b(?:give|list|name|find|show|recommend|suggest|need|want|which|what)\b(?: (?:me|us|any|at most|up to))*"
    rf" ({'|'.join(_COUNTS)}) (?:[\w-]+ ){{0,3}}?{_PAPERS}\b",
    re.IGNORECASE,
)
_BOUNDS = {"since": (0, 9999), "after": (1, 9999), "before": (-9999, -1), "until": (-9999, 0)}  # from the year on


@dataclass(frozen=True, slots=True)
class Wanted:
    """`topic` where it is a few words; `years` from, to; what is `denied` or `best` no abstract tells.

    `made` names an author, or a venue.
    """

    topic: str | None = None
    made: str | None = None
    years: tuple[int, int] | None = None
    newest: bool = False
    denied: bool = False
    best: bool = False
    several: bool = False
    most: int | None = None  # papers, where it says so


def wanted(question: str) -> Wanted:
    """What of it there is."""
    signs = (_OPENS_WITH_PAPERS, _OF_THESE, _EXISTS)
    several = asks_for_several(question) or any(sign.search(question) for sign in signs)
    made = (_MADE.search(question) if several else None) or _WROTE.search(question)
    return Wanted(
        _topic(question) if several else None,
        made[1].rstrip(".") if made else None,
        _years(question),
        bool(_NEWEST.search(question)),
        several and bool(_NOT.search(question)),
        bool(_BEST.search(question)),
        several,
        _COUNTS[match[1].lower()] if (match := _SO_MANY.search(question)) else None,
    )


def _topic(question: str) -> str | None:
    if len(question.split()) > _LONGEST_QUESTION:
        return None
    match = _TOPIC.search(_WHEN.sub(lambda found: found.group().split(found[1])[0], question))
    topic = _HERE.sub("", next(filter(None, match.groups()))).strip() if match else ""
    longest = max(len(one.split()) for one in _BESIDE.split(topic))
    return topic if 0 < longest <= LONGEST_TOPIC and tokens(topic) else None


def _years(question: str) -> tuple[int, int] | None:
    if match := _OF_A_YEAR.search(question):
        return int(match[1]), int(match[1])
    match = _WHEN.search(question) or _APPEARED.search(question)
    if not match:
        return None
    year = int(match[2])
    before, after = _BOUNDS.get(match[1].lower(), (0, 0))
    return (year, int(match[3])) if match[3] else (year + before, year + after)


def speaks_of(text: str, topic: str) -> bool:
    """Whether all words of the topic, or of what it names beside ("audio or video"), stand in it, endings aside."""
    held = set(tokens(text))
    return any(words and all(_stands(word, held) for word in words) for words in alternatives(topic))


def alternatives(topic: str) -> list[list[str]]:
    """The words of each topic that is named beside another: audio; video."""
    return [[word for word in one.split() if tokens(word)] for one in _BESIDE.split(topic)]


def _stands(word: str, held: set[str]) -> bool:
    """A compound (time-series) does so too where its parts do."""
    whole, *parts = tokens(word)
    return any(of_one_family(whole, one) for one in held) or (
        bool(parts) and all(any(of_one_family(part, one) for one in held) for part in parts)
    )


def mentions(text: str, name: str) -> bool:
    """Whether a name stands there, by itself or in a compound: CLIP in CLIP-like, not in LaCLIP; ADE20K as ADE-20K."""
    return bool(_written(name).search(text))


@lru_cache(maxsize=64)
def _written(name: str) -> re.Pattern[str]:
    """What is written in capitals alone is no word in small letters: PRE, and "pre"."""
    bare = name[:-1] if name.endswith("s") and name[:-1].isupper() else name
    parts = "[-_ ]?".join(re.escape(part) for part in _PART.findall(bare))
    return re.compile(rf"(?<![^\W_]){parts}s?(?![^\W_])", 0 if bare.isupper() and bare.isalpha() else re.IGNORECASE)


def only_names(question: str) -> tuple[str, ...]:
    """The names, where papers are asked for that use or mention them and nothing else is asked; else none."""
    match = _OF_NAMES.search(question)
    named = names(f"of {match[1]}") if match else ()
    beside = set(tokens(match[1])) - {token for name in named for token in tokens(name)} if match else set()
    return named if beside <= _NO_TOPIC else ()
