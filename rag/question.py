"""What a question asks for, read from its words: names, a figure, several papers. Pure."""

from __future__ import annotations

import re

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
_NUMERAL = re.compile(
    r"\d|\b(?:two|three|four|five|six|seven|eight|nine|ten|twelve|dozens?|hundreds?|thousands?|[mb]illions?|half|twice)\b",
    re.IGNORECASE,
)


def names(question: str) -> tuple[str, ...]:
    """Words that look like names: GPT-4, CapsFusion, CLIP, and capitalised ones inside a sentence; each once.

    Where most words begin with a capital (A Title), a first one says nothing, and where most are SHOUTED, none does.
    """
    words = list(_WORD.finditer(question))
    most = len(words) / 2 if len(words) > 3 else len(words)
    if sum(len(word.group()) > 1 and word.group().isupper() for word in words) > most:
        return ()
    titled = sum(word.group()[0].isupper() for word in words) > most
    found = [
        word.group() for word in words if _is_marked(word.group()) or (not titled and _is_capitalised(question, word))
    ]
    return tuple(dict.fromkeys(name for name in found if tokens(name) and name.casefold() not in _NO_NAMES))


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


def holds_figure(sentence: str) -> bool:
    """Whether a number stands in it."""
    return bool(_NUMERAL.search(sentence))
