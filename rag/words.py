"""What counts as a word when words are matched: stemmed, no stop words, names and figures kept whole. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from os.path import commonprefix

import Stemmer
from bm25s.stopwords import STOPWORDS_EN_PLUS

# Names and figures stay one token: GPT-4, IL-6, p<0.05, 2.5x, 81.4%, F_{1}, gpt-3.5-turbo
_TOKEN = re.compile(r"\w+(?:[-.:/@+<>=_^{}]+\w+)*[%+]?")
_PART = re.compile(r"[^\W\d_]{2,}|\d+(?:\.\d+)?")
_STEMMER = Stemmer.Stemmer("english")
STOP_WORDS = frozenset(STOPWORDS_EN_PLUS)
_ALIKE = 5  # letters at the beginning of one family
_MOST = 0.75  # of the shorter one's letters
_NO_KIN = (("general", "generat"), ("generat", "general"))  # though they are alike
_OPENS = 4  # letters of a word that may be the beginning of another
_SHORTEST_PLURAL = 3  # letters before the s may go


def plain(text: str) -> str:
    """Lower case, without accents."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def tokens(text: str) -> list[str]:
    """The text's words in order; a compound yields itself and its parts ("image-text": image-text, image, text)."""
    return list(_tokens(text))


@lru_cache(maxsize=2048)  # a question meets the same sentences from many sides, and so does the next one
def _tokens(text: str) -> tuple[str, ...]:
    return tuple(token for match in _TOKEN.finditer(plain(text)) for token in _forms(match.group()))


def stem(word: str) -> str:
    """One word, stemmed, stop word or not."""
    return _stemmed(plain(word))


def _stemmed(word: str) -> str:
    """The stemmer keeps the plural of what is no word: GPUs, CNNs, LLMs."""
    found = str(_STEMMER.stemWord(word))
    return found.removesuffix("s") if len(found) > _SHORTEST_PLURAL and not found.endswith("ss") else found


@lru_cache(maxsize=1 << 16)
def _forms(token: str) -> tuple[str, ...]:
    return tuple(_kept(token))


def _kept(token: str) -> Iterator[str]:
    if token.isalpha():
        if token not in STOP_WORDS:
            yield _stemmed(token)
        return
    yield token
    for part in _PART.findall(token):
        if part != token and part not in STOP_WORDS:
            yield _stemmed(part)


def of_one_family(one: str, other: str) -> bool:
    """Whether two stems begin alike: medicine, medical; images, imagery. A compound has no family: text-to-speech.

    Most of the shorter one is to be in the longer: translation is no kin of transformers, nor multilingual of multi.
    """
    short, long = sorted((one, other), key=len)
    if short == long or not (short.isalpha() and long.isalpha()) or len(short) < _OPENS:
        return short == long
    alike = commonprefix((short, long))  # noqa: RUF071 - of letters, as is wanted
    is_kin = len(alike) >= max(min(_ALIKE, len(short)), _MOST * len(short)) and 2 * len(short) > len(long)
    return is_kin and not any(one.startswith(pair[0]) and other.startswith(pair[1]) for pair in _NO_KIN)
