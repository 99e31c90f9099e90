"""A mistyped word, as the collection spells it; a name keeps what may be another name's letters."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from rapidfuzz import process
from rapidfuzz.distance import OSA

from rag.language import is_foreign
from rag.words import plain

LEAST = 5  # letters of a word that is corrected
SMALL = ("what", "which", "where", "when", "how", "who", "why", "does", "tell", "about", "the", "and")
_FEW_LETTERS = re.compile(r"\b[^\W\d_]{3,5}\b")
_WORD = re.compile(r"[^\W\d_]{5,}")
_SCRIPTS_MEET = re.compile(r"(?<=[a-z0-9])(?=[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af])"
                           r"|(?<=[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af])(?=[a-z0-9])", re.IGNORECASE)  # fmt: skip

Knows = Callable[[str], bool]


class Vocabulary(NamedTuple):
    """Words by first letter, the commonest first, without accents and capitals; and how names among them look."""

    words: Mapping[str, Sequence[str]]
    dressed: Mapping[str, str]  # metaclip: MetaCLIP


class Spelled(NamedTuple):
    """A text as it is read, and the names in it that were read as another: (typed, meant)."""

    text: str
    renamed: tuple[tuple[str, str], ...] = ()


def vocabulary(texts: Iterable[str]) -> Vocabulary:
    """Of these texts; a name is what is written with a capital inside more often than otherwise."""
    written = Counter(word for text in texts for word in _WORD.findall(text))
    total: Counter[str] = Counter()
    dress: dict[str, str] = {}
    for word, count in written.most_common():
        total[plain(word)] += count
        dress.setdefault(plain(word), word)
    words: defaultdict[str, list[str]] = defaultdict(list)
    for word, _ in total.most_common():
        words[word[0]].append(word)
    return Vocabulary(words, {word: name for word, name in dress.items() if _is_name(name)})


def corrected(text: str, knows: Knows, is_english: Knows, known: Vocabulary) -> Spelled:
    """Each word that is not known, as the known one that is a slip away: a letter added, left out, changed or swapped.

    The distance is that of optimal string alignment (Damerau 1964); the first letter is held to be right. In a name no
    letter is changed for another: that is how names differ (LaCLIP is no LeCLIP).
    """
    text = _SCRIPTS_MEET.sub(" ", text)
    if any(plain(word) in known.dressed for word in _WORD.findall(text)):  # it is known to be a question of a paper
        text = _FEW_LETTERS.sub(lambda found: _small(found.group(), knows, is_english), text)
    shouted = text.isupper()

    def meant(word: str) -> str:
        if is_english(word) or is_foreign(word):
            return word
        return _dressed(word, known) if knows(word) else _mended(word, known, _is_name(word) and not shouted)

    read = {word: meant(word) for word in _WORD.findall(text)}
    renamed = tuple((word, name) for word, name in read.items() if _is_another_name(word, name, known))
    return Spelled(_WORD.sub(lambda found: read[found.group()], text), renamed)


def resembling(name: str, known: Vocabulary) -> str | None:
    """The known name that a letter tells from this one."""
    return next((known.dressed[near] for near in _near(name, known) if near in known.dressed), None)


def _small(word: str, knows: Knows, is_english: Knows) -> str:
    if not word[1:].islower() or is_english(word) or knows(word):
        return word
    return _in_the_case_of(word, next((small for small in SMALL if _is_slip_of_small(plain(word), small)), word))


def _mended(word: str, known: Vocabulary, named: bool) -> str:
    meant = next((near for near in _near(word, known) if _is_slip(word, near, known, named)), None)
    return known.dressed.get(meant) or _in_the_case_of(word, meant) if meant else word


def _is_another_name(word: str, name: str, known: Vocabulary) -> bool:
    return plain(name) != plain(word) and known.dressed.get(plain(name)) == name


def _near(word: str, known: Vocabulary) -> list[str]:
    """Known words a slip away, the commonest first."""
    letters = plain(word)
    if len(letters) < LEAST:
        return []
    among = known.words.get(letters[0], ())
    return [found[0] for found in process.extract(letters, among, scorer=OSA.distance, score_cutoff=1, limit=None)]


def _is_slip(word: str, near: str, known: Vocabulary, named: bool) -> bool:
    """A name is mistaken for nothing but a name."""
    if near not in known.dressed:
        return not named
    letters = plain(word)
    return len(letters) != len(near) or sorted(letters) == sorted(near)


def _is_slip_of_small(word: str, small: str) -> bool:
    """Its letters in another order, or one added or left out."""
    return sorted(word) == sorted(small) or (len(word) != len(small) and OSA.distance(word, small) == 1)


def _is_name(word: str) -> bool:
    return any(map(str.isupper, word[1:]))


def _dressed(word: str, known: Vocabulary) -> str:
    """As the collection writes it, where that is a name and it was typed in small letters, or in capitals."""
    name = known.dressed.get(plain(word), word)
    return name if name != word and (word.islower() or word.isupper() or word.istitle()) else word


def _in_the_case_of(word: str, known: str) -> str:
    return known.upper() if word.isupper() else known.capitalize() if word[0].isupper() else known
