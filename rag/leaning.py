"""Whether a question leans on what was said before it, and whether it asks something by itself. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

from rag.errands import is_on
from rag.question import names
from rag.words import stem, tokens

Owner = Callable[[str], str | None]
LONGEST_POINTER = 8  # words, of any kind, up to which a question that points back has no topic of its own
FEW_WORDS = 3  # content words up to which a question may lean on what was said
OF_ANY_PAPER = Path(__file__).with_name("of-any-paper.txt")  # words for what is asked of any paper: no topic

_NEW_TOPIC = re.compile(
    r"\b(?:something (?:\w+ )?(?:else|different)|unrelated|(?:completely|totally|entirely) different"
    r"|different (?:question|topic|thing)|another (?:question|topic)|change of topic"
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
COUNTED = {
    2: re.compile(r"\b(?:both|(?:the|these|those|of the) two)\b", re.IGNORECASE),
    3: re.compile(r"\b(?:the|these|those|of the) three\b", re.IGNORECASE),
}
CHOOSES = re.compile(
    r"\b(?:which|what) one\b(?! of (?!them|these|those|the))|\bof (?:them|these|those|both|the (?:two|three|four))\b"
    r"|\b(?:which|what)(?:['’]s| is| are| was)? (?:the )?"
    r"(?:best|better|worst|(?!test|rest|inter|requ)\w+est|most \w+)(?: ones?)?\W*$",
    re.IGNORECASE,
)
REMAINING = re.compile(
    r"\bthe other(?: (?:one|two|three|paper|method|model|approach|work|study|system))?\b(?! (?:\w+ )?papers\b)"
    r"|\bthe others\b",
    re.IGNORECASE,
)
_OTHERS = re.compile(
    r"\b(?:something|anything|one|anyone|anybody|works?|papers?|methods?|models?)"
    r" (?:else|like (?:that|this|it)|similar(?: to (?:that|this|it))?)\b"
    r"|\b(?:is|are) there (?:also )?(?:something|anything|some|any|another|an?|others?)\b"
    r".*\b(?:also|too|else|other way|instead|better|more)\b"
    r"|\b(?:is|are) there also (?:some|any|another|one|others?)|\b(?:any|some|which|what) others?\b"
    r"|\banother (?:one|paper|method|model|approach|work)\b",
    re.IGNORECASE,
)
_ONE_THAT = re.compile(  # "isn't there one that ...?", "is there a paper going the other way?"
    r"\b(?:is|are|isn['’]t|aren['’]t)(?: there| not there)(?: not)? (?:also )?(?:one|any|some|an?)"
    r"(?: (?:papers?|works?|methods?|models?|approach(?:es)?))? (?:that|which|who|to|for|on|with|in|\w+ing)\b",
    re.IGNORECASE,
)
_POINTS_AT_IT = re.compile(
    r"\b(?:is|are|was|were|does|do|did|has|have|can|could|will|would) (?:that|this|these|those)\b", re.IGNORECASE
)
_EXPLETIVE = re.compile(
    r"\b(?:is|are|was|were) there\b|\bthere (?:is|are|was|were|any)\b"
    r"|\bis it (?:possible|true|known|necessary)\b",
    re.IGNORECASE,
)
_OF_LIBRARY = re.compile(r"\b(?:papers|works|studies|articles|abstracts|titles|library|collection)\b", re.IGNORECASE)
_LEANING = ("summary", "abstract", "code", "entry", "citation")  # errands on whatever was spoken of last
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
_ELLIPTICAL = re.compile(  # no verb: "how many pairs?", "on what hardware?", "which LLM then?"
    r"^\W*(?:(?:on|in|for|with|by|at|from|of|to|over|using) )?(?:what|which|whose"
    r"|how (?:many|much|long|big|large|fast|often))"
    r"(?! (?:about|of|if)\b)(?: (?!(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would|should|uses?|works?"
    r"|exists?|helps?|there)\b)[\w-]+){1,3}?(?: (?:then|exactly|though|precisely))?\W*$",
    re.IGNORECASE,
)
_CONTINUES = re.compile(r"^\s*(?:and|but|or|so|also|then|what about|how about|what of)\b", re.IGNORECASE)
PLACES = {
    "first": 0, "former": 0, "second": 1, "third": 2, "fourth": 3, "fifth": 4, "last": -1, "latter": -1,
    "1st": 0, "2nd": 1, "3rd": 2, "4th": 3, "5th": 4,
}  # fmt: skip
FIRST_OF_ALL = frozenset({"original", "initial", "earliest"})
ORDINAL = re.compile(
    rf"\bthe ({'|'.join(PLACES)})\b(?: (?:one|paper|method|model|work|study|system))?"
    r"|\bthe (original|initial|earliest) (?:one|paper|method|model|work|study|system)\b",
    re.IGNORECASE,
)
COMPARES = re.compile(
    r"\b(?:compare[sd]?|comparison|differ\w*|than|versus|vs|better|worse|relate[sd]?)\b", re.IGNORECASE
)


def leans(question: str, owner: Owner) -> bool:
    """Whether the question says nothing without what came before; `owner` knows whose a name is."""
    if _NEW_TOPIC.search(question):
        return False
    if any(sign.search(question) for sign in (_CONTINUES, _FRAGMENT, ORDINAL, CHOOSES, _OTHERS, *COUNTED.values())):
        return True
    if pointer := _POINTS_BACK.search(_EXPLETIVE.sub(lambda match: " " * len(match.group()), question)):
        beside = COMPARES.search(question) and pointer.group().lower() in ("it", "this", "that", "them")
        return bool(beside) or not any(map(owner, names(question[: pointer.start()])))  # "What is UL2? How is it ...?"
    if is_on("others", question):
        return True
    if _OF_LIBRARY.search(question):
        return False
    if _ELLIPTICAL.search(question) and not any(map(owner, names(question))):
        return True
    return is_of_a_paper(question) or (is_short(question) and not names(question) and has_no_topic(question))


def asks(question: str) -> bool:
    """Whether it makes a request of its own, whatever the one before was."""
    if is_of_a_paper(question):
        return True
    if _SWAPS.search(question):
        return False
    content = set(tokens(question))
    if _ASKS.search(question):
        return bool(content or _ITS.search(question))
    return bool(content) and has_no_topic(question)


def is_of_a_paper(question: str) -> bool:
    """Whether it asks for what any paper has: a summary, its abstract, its code, an entry."""
    return any(is_on(errand, question) for errand in _LEANING)


def stays(question: str) -> bool:
    """Whether it can't open a topic of its own: "does it beat GPT-4?", "how many pairs?". In more words, it may."""
    if len(question.split()) > LONGEST_POINTER:
        return False
    points = _ITS.search(_EXPLETIVE.sub("", question)) or _POINTS_AT_IT.search(question)
    return bool(points or _ELLIPTICAL.search(question))


def is_of_others(question: str) -> bool:
    """Whether other papers than those spoken of are asked for."""
    return bool(_OTHERS.search(question)) or is_on("others", question)


def asks_for_one(question: str) -> bool:
    """Whether a paper is asked for that does something: of one spoken of, another is meant."""
    return bool(_ONE_THAT.search(question))


def without_others(question: str) -> str:
    """What it says beside that it is of others: "... for video?"."""
    return _OTHERS.sub("", question)


def is_short(question: str) -> bool:
    """Whether it has few words that say something."""
    return len(set(tokens(question))) <= FEW_WORDS


def has_no_topic(question: str) -> bool:
    """Whether it has no word but those by which something is asked of any paper."""
    return set(tokens(question)) <= _of_any_paper()


def only_continues(question: str) -> bool:
    """Whether it is too short to be carried on: "and on COCO?"."""
    return is_short(question) and bool(_CONTINUES.search(question))


@cache
def _of_any_paper() -> frozenset[str]:
    return frozenset(map(stem, OF_ANY_PAPER.read_text(encoding="utf-8").split()))
