"""What a question asks for, read from its words: names, a figure, several papers. Pure."""

from __future__ import annotations

import re
from functools import lru_cache

from rag.words import tokens

_WORD = re.compile(r"[^\W_][\w.+@/-]*[\w+@]|[^\W_]")
_LETTER_AND_FIGURE = re.compile(r"[^\W\d_]-?\d|\d-?[^\W\d_]{3}")
_SENTENCE_START = re.compile(r"(?:^|[.?!:;]\s+|[\"“(¿¡]\s*)$")
_FIGURE = re.compile(
    r"\bhow (?:many|much|large|big|small|long|few|often|well|accurate|fast|far|high|low)\b|\bby how\b|\bnumbers? of\b"
    r"|\b(?:percentage|share|accuracy|score|size|top-1|bleu|figures?|gains?|speed-?up|fraction|proportion)\b",
    re.IGNORECASE,
)
_PLURAL = r"papers|works|methods|models|approaches|studies|systems|techniques|articles|frameworks"
_SEVERAL = re.compile(
    rf"\b(?:which|what|any|all|some|list|show|find|name|other|of the|these|those|many)\b(?:\W+\w+){{0,3}}?\W+"
    rf"(?:{_PLURAL})\b|\b(?:{_PLURAL}) (?:that|which|about|on|for|using|with|report|do|use)\b"
    r"|\bwho (?:is|are|has|have|else|(?!was|does)[a-z]+s)\b|\bwhich ones\b|\band\b.*\bboth\b"
    r"|\bcompare\b|\bcomparison (?:of|between|with)\b|\bversus\b|\bvs\b"
    r"|\bdiffer(?:s|ences?|ent)?\b.*\b(?:between|from)\b",
    re.IGNORECASE,
)
_NO_NAMES = frozenset({"tl", "dr", "phd", "et", "al", "ok", "faq", "asap", "fyi", "btw", "tldr", "eli5", "pls", "q&a"})
_JOINT = re.compile(r"[-/@+_]")
_HAS_FIGURE = re.compile(r"\d")
_IS_DEFINED = re.compile(
    r"^\W*(?:what(?:['’]?s| is| are| was| does)|define|explain|tell me about|(?:meaning|definition) of)\b",
    re.IGNORECASE,
)
_VERSION = re.compile(r"v?\d[\d.]*", re.IGNORECASE)
_SUBJECT = re.compile(
    r"^\W*(?:(?:how|why|what|when|where) )?(?:do|does|did|is|are|was|were|can)(?: an?| the)? "
    r"(?!(?:any|some|every)(?:one|body|thing)\b|there\b|wrong\b|authors?\b|abstracts?\b|papers?\b|[a-z]+(?:est|ly|ing|ed)\b)([^\W\d_]{5,})\b(?!-)",
    re.IGNORECASE,
)
_EXPLAINS = re.compile(
    r"stands?|mean(?:s|ing)?|short|works?|explain(?:ed)?|defin(?:e|ed|ition)|describe|tell|know|summary|summari[sz]e"
    r"|tl|dr|tldr|paper|article|method|model|thing|idea|about|called|exactly|pls|please|ok|hi|hey|like|five|child|kid"
    r"|simple|simply|layman|terms|words",
    re.IGNORECASE,
)
_NO_NOUN = "else|it|they|people|we|you|one|do|does|did|is|are|was|were|has|have|can|could"
_KIND = re.compile(
    r"\b(?:what|which)(?: (?:kinds?|types?|sorts?|is|are|was|were) (?:of|the))?"
    rf"((?: (?!(?:{_NO_NOUN})\b)[\w/-]+){{1,3}}) (?:do|does|did|is|are|was|were|has|have|can|could|will)\b",
    re.IGNORECASE,
)
_ANY_KIND = re.compile(
    r"(?:paper|work|method|model|approach|thing|way|problem|idea|name|part|kind|type|sort|one|result|figure|value|number"
    r"|amount|degree|extent|author|technique|trick|difference|benefit|advantage|reason|purpose|goal|system|finding"
    r"|setting|condition|case|strategy|solution|effect|role|measure|baseline|share|fraction|percentage|proportion|margin|rate|score|accuracy|aspect|factor|component|step|change)(?:e?s)?",
    re.IGNORECASE,
)
_PROPOSES = re.compile(
    r"\b(?:we|paper|work|study|article) (?:\w+ )?(?:propos|introduc|present|develop|designs?\b)\w*"
    r"|\b(?:is|are) (?:proposed|introduced|presented)\b",
    re.IGNORECASE,
)
_NUMERAL = re.compile(
    r"\d|\b(?:two|three|four|five|six|seven|eight|nine|ten|twelve|dozens?|hundreds?|thousands?|[mb]illions?|half|twice)\b",
    re.IGNORECASE,
)


@lru_cache(maxsize=1024)  # one question is looked through for them from many sides
def names(question: str) -> tuple[str, ...]:
    """Words that look like names: GPT-4, CapsFusion, CLIP, and capitalised ones inside a sentence; each once.

    Where most words begin with a capital (A Title), a first one says nothing, and where most are SHOUTED, none does.
    """
    words = list(_WORD.finditer(question))
    most = len(words) / 2 if len(words) > 3 else len(words)
    if sum(len(word.group()) > 1 and word.group().isupper() for word in words) > most:
        return ()
    bare = [word.group() for word in words[1:] if not _is_marked(word.group())]
    titled = sum(word[0].isupper() for word in bare) > (len(bare) / 2 if len(words) > 3 else len(bare))
    found = [
        word.group() for word in words if _is_marked(word.group()) or (not titled and _is_capitalised(question, word))
    ]
    return tuple(dict.fromkeys(name for name in found if tokens(name) and name.casefold() not in _NO_NAMES))


def parts_of_name(name: str) -> tuple[str, ...]:
    """The names that a compound is made of: CLIP of CLIP-like, both of CoOp/PRE; none of GPT-4, which is one name."""
    parts = _JOINT.split(name)
    named = tuple(part for part in parts if part[:1].isupper() or _is_marked(part))
    alone = len(parts) > 1 and all(len(part) > 1 and not _HAS_FIGURE.search(part) for part in named)
    return named if alone and not any(part.isdigit() for part in parts) else ()


def bare_name(question: str) -> str | None:
    """The name of a question that asks nothing but what it is: "What is CapsFusion?", "meaning of MoD"; else None."""
    asked = names(question)
    if len(asked) == 1 or (asked and all(map(_VERSION.fullmatch, asked[1:]))):
        return asked[0] if not _beyond(re.sub("|".join(map(re.escape, asked)), " ", question)) else None
    words = [] if asked else _beyond(question)
    return words[0] if len(words) == 1 and _IS_DEFINED.search(question) else None


def asked_kind(question: str) -> str | None:
    """The noun of "which annotation tool was used": tool. None where no kind of thing is asked for, or any would do."""
    match = _KIND.search(question)
    found = _WORD.findall(match[1]) if match else []
    words = [word for word in found if not _is_marked(word) and not word.endswith("ly")]
    return words[-1] if words and tokens(words[-1]) and not _ANY_KIND.fullmatch(words[-1]) else None


def subject(question: str) -> str | None:
    """The word that a question is about by its place: alphafold in "how does alphafold work on dimers?"; else None."""
    match = _SUBJECT.match(question)
    return match[1] if match and tokens(match[1]) else None


def _beyond(question: str) -> list[str]:
    """Its words but those by which an explanation is asked for."""
    return [word for word in _WORD.findall(question) if tokens(word) and not _EXPLAINS.fullmatch(word)]


def _is_marked(word: str) -> bool:
    """By a capital inside, or a figure: LaCLIP, GPT, UL2."""
    return any(letter.isupper() for letter in word[1:]) or bool(_LETTER_AND_FIGURE.search(word))


def _is_capitalised(question: str, match: re.Match[str]) -> bool:
    word = match.group()
    return word[0].isupper() and len(word) > 1 and not _SENTENCE_START.search(question[: match.start()])


def asks_for_figure(question: str) -> bool:
    """Whether a number would answer it."""
    return bool(_FIGURE.search(question))


def asks_for_several(question: str) -> bool:
    """Whether more than one paper is asked for."""
    return bool(_SEVERAL.search(question))


def proposes(sentence: str) -> bool:
    """Whether it says what its paper proposes."""
    return bool(_PROPOSES.search(sentence))


def holds_figure(sentence: str) -> bool:
    """Whether a number stands in it."""
    return bool(_NUMERAL.search(sentence))
