"""Whether a question is in English, by its letters and little words: no more is known of any language. Pure."""

from __future__ import annotations

import re
import unicodedata

from rag.question import names

_WORD = re.compile(r"[^\W\d_]+")
_ENGLISH = re.compile(
    r"an?|and|are|can|compare|did|do|does|for|from|has|have|how|in|is|it|list|of|on|papers|show|tell|that|the|their"
    r"|they|this|to|use|was|were|what|when|where|which|who|why|with"
)
_SPANISH = (
    "cómo|como|cuáles|cuál|cuándo|cuántos|cuántas|del|es|hace|los|las|para|por|qué|que|quién|sobre|una|são|quais|quantos"
    "|não"
)
_FRENCH = "combien|comment|dans|des|est|fait|les|parle|parlent|pour|pourquoi|quand|quelles?|quels?|qui|sur|une"
_GERMAN = (
    "das|der|eine?|funktionier(?:t|en)|für|gibt|hat|ist|mach(?:t|en)|mit|oder|über|und|verwende[tn]|viele|warum"
    "|welche[rs]?|wer|werden?|wie|wieviele|wurden?|zu"
)
_ITALIAN = "che|cosa|cos|della|gli|perché|quali|quanti|sono"
_OTHERS = re.compile("|".join((_SPANISH, _FRENCH, _GERMAN, _ITALIAN)))


def is_foreign(word: str) -> bool:
    """Whether it is a little word of another language."""
    return bool(_OTHERS.fullmatch(word.casefold()))


def is_english(question: str) -> bool:
    """As far as can be told: not where other letters prevail, or as many little words are of another language."""
    words = [word.casefold() for name in names(question) for word in _WORD.findall(name)]
    rest = [word for word in map(str.casefold, _WORD.findall(question)) if word not in words]
    letters = "".join(rest)
    if sum(not unicodedata.name(letter, "").startswith("LATIN") for letter in letters) > len(letters) / 2:
        return False
    others = sum(map(is_foreign, rest))
    return not others or others < sum(bool(_ENGLISH.fullmatch(word)) for word in rest)
