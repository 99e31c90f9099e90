r"""Names in running text, whatever their dress: GPT-4, ViT-B/16, CapsFusion, OFA for \textsc{Ofa}. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from rag.figures import figures
from rag.notation import legible
from rag.vocabulary import METRICS
from rag.words import STOP_WORDS, tokens

_ADDRESS = r"(?:https?://|www\.)[^\s\"<>]*[^\s\"<>.,;:)\]]"
_WORD = re.compile(rf"{_ADDRESS}|[^\W_](?:\w|[-.&@/^+](?=\w)|'(?!s\b)(?=\w))*[+]?")
_START = re.compile(r"(?:^|[.?!]\"? )\Z")
_JOINT = re.compile(r"[-/@&+^_.]")
_SUBJECT = re.compile(r"([A-Z][a-z]+(?<!ly))(?:'s)? (?:is|was|has|does|can|will|may|[a-z]{2,}[^\W\ds]s) ")
_NUMBERED = re.compile(r"([^\W\d_][\w-]*) (\d+(?:\.\d+)?)(?![\w.%,])")
_HEAD = re.compile(
    r"(?P<name>\S+(?: [^\s:]+){0,4}?)(?P<version> v?\d[\d.]*)?(?: \((?P<short>[^\s()]+)\))?(?::| - | -- )"
)
_COINS = r"(?:propos\w+|introduc\w+|present\w*|call(?:ed)?|named?|dubbed|termed|develop\w*)"
_LONGEST = 4  # words that one name may be written in
_LEAST_INITIALS = 3  # letters: two fit by chance


def names(text: str) -> tuple[str, ...]:
    """Acronyms, CamelCase, words with digits, addresses, and capitalised words inside a sentence; each once, in order.

    Where most words begin with a capital (A Title, or SHOUTING), capitals say nothing.
    """
    clean = legible(text)
    numbers = {place for figure in figures(text) for place in range(figure.start, figure.end)}
    words = [match for match in _WORD.finditer(clean) if match.start() not in numbers or match.group() in METRICS]
    titled = _titled([match.group() for match in words])
    return tuple(dict.fromkeys(match.group() for match in words if _is_name(clean, match, titled)))


def numbered_names(text: str) -> tuple[tuple[str, str], ...]:
    """Words with the whole number behind them, which may be one name: (GPT, 4), (BRCA, 1)."""
    return tuple((match[1], match[2]) for match in _NUMBERED.finditer(legible(text)))


def subject(text: str) -> str | None:
    """A first word that a capital can't tell from a name, but what it does can ("Starbucks improves"); None without."""
    match = _SUBJECT.match(legible(text))
    return match[1] if match and match[1].casefold() not in STOP_WORDS else None


def titled_words(text: str) -> tuple[str, ...]:
    """Where most words begin with a capital: those that do, any of which may be a name; else none."""
    words = _WORD.findall(legible(text))
    return tuple(word for word in words if word[0].isupper() and word.isalpha()) if _titled(words) else ()


def _titled(words: list[str]) -> bool:
    plain = [word for word in words if word.isalpha() and (word[1:].islower() or word.isupper())]
    return len(plain) > 5 and sum(word[0].isupper() for word in plain) > 0.6 * len(plain)


def _is_name(clean: str, match: re.Match[str], titled: bool) -> bool:
    word = match.group()
    letters = [c for c in word if c.isalpha()]
    if not letters or word.casefold() in STOP_WORDS:
        return False
    if word.startswith(("http://", "https://", "www.")):
        return True
    if len(letters) < len(word) and any(c.isdigit() for c in word):
        return True
    if any(c.isupper() for c in word[1:]) and not (titled and word.isupper()):
        return True
    opens = _START.search(clean[max(0, match.start() - 3) : match.start()])
    return word[0].isupper() and len(word) > 1 and not titled and not opens


def title_names(title: str) -> tuple[str, ...]:
    """What a title calls its paper before it says more: "Tiny Time Mixers (TTMs): ...", "RetroMAE v2: ..."."""
    match = _HEAD.match(legible(title))
    if not match:
        return ()
    name, version, short = match["name"], match["version"] or "", match["short"]
    of_one_word = (name, f"{name} {version}") if not name or " " not in name else ()
    return tuple(dict.fromkeys(_key(found) for found in (*of_one_word, short) if found))


def introduces(text: str, name: str) -> bool:
    """Whether the text says what the name stands for, as in "masked language modeling (MLM)", or whose it is: "we
    propose MLM", "MLM is"."""
    word = rf"{re.escape(name)}s?(?!\w)"
    defined = rf"(?:^|[.] ){word} (?:\([^()]+\) )?(?:is|are)\b"
    made = rf"\b(?:pre-?)?(?:train|build|releas\w+|creat\w+) {word}, an?\b|{word} for short"
    said = rf"{made}|\({word}\)|\b{_COINS}\b[^.]{{0,40}}?(?<!\w){word}|{defined}|{word} \([A-Z]"
    return bool(re.search(said, text, re.IGNORECASE))


def holds(text: str, name: str) -> bool:
    """Whether the text bears the name: as one word or several, spelt out or by its initials, case and plural aside."""
    keys = _keys(text)
    if _key(name) in keys:
        return True
    if name.isalpha() and name[1:].islower():
        return set(tokens(name)) <= _stems(text)
    parts = _JOINT.split(name)
    return len(parts) > 1 and all(map(_can_stand_alone, parts)) and all(_key(p) in keys or p.islower() for p in parts)


def _can_stand_alone(part: str) -> bool:
    return len(part) > 1 and any(c.isalpha() for c in part)


def name_key(name: str) -> str:
    """By which two ways to write a name are one: letters and digits, without capitals and a plural's s."""
    return _key(name)


def _key(name: str) -> str:
    """Letters and digits, lower case, without a plural's s."""
    bare = "".join(c for c in name.casefold() if c.isalnum())
    return bare[:-1] if len(bare) > 3 and bare[-1] == "s" and bare[-2] != "s" else bare


@lru_cache(maxsize=512)
def _stems(text: str) -> frozenset[str]:
    return frozenset(tokens(legible(text)))


@lru_cache(maxsize=512)
def _keys(text: str) -> frozenset[str]:
    words = _WORD.findall(legible(text))
    return frozenset(key for key in (*_written(words), *_initials(words)) if key)


def _written(words: list[str]) -> Iterator[str]:
    """Every word, the parts of a compound, and neighbours as one word ("GPT 4")."""
    for place, word in enumerate(words):
        yield from (_key("".join(words[place : place + many])) for many in range(1, _LONGEST + 1))
        yield from (_key(part) for part in _JOINT.split(word) if _can_stand_alone(part))


def _initials(words: list[str]) -> Iterator[str]:
    """Of three neighbours or more, none a stop word at either end: "visual question answering" is VQA."""
    parts = _parts(words)
    for place in range(len(parts)):
        for many in range(_LEAST_INITIALS, _LONGEST + 2):
            run = parts[place : place + many]
            if len(run) == many and not {run[0], run[-1]} & STOP_WORDS:
                yield from _shortened(run)


def _shortened(run: list[str]) -> set[str]:
    """First letters, with those of stop words and without."""
    every = "".join(part[0] for part in run)
    content = "".join(part[0] for part in run if part not in STOP_WORDS)
    return {letters for letters in (every, content) if len(letters) >= _LEAST_INITIALS}


def spelt_out(statement: str, text: str) -> frozenset[str]:
    """Words of the statement that together spell out an acronym of the text: Visual, Question, Answering for VQA."""
    acronyms = {_key(word) for word in _WORD.findall(legible(text)) if sum(map(str.isupper, word)) >= _LEAST_INITIALS}
    words = _WORD.findall(legible(statement)) if acronyms else []
    runs = (words[place : place + many] for place in range(len(words)) for many in range(1, _LONGEST + 2))
    return frozenset(word for run in runs if acronyms & _shortened(_parts(run)) for word in run)


def _parts(words: list[str]) -> list[str]:
    return [part for word in words for part in _JOINT.split(word.casefold()) if part]
