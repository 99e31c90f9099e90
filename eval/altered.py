"""False statements made of true ones: a digit, a unit, a name, a negation or the paper is changed. Same seed, same."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from random import Random

import numpy as np

from eval.claims import Claim, parity
from rag.question import names
from rag.types import Paper, Span

SEED = 20
_NUMBER = re.compile(r"(?<![\w.^_/@-])\d[\d,]*(?:\.\d+)?(?![\d^_])(?=$|[\s%\\).,;x/KMB-])")
_UNITS = {
    "%": ("x", " points", " ms"),
    "\\%": ("x", " points"),
    "x": ("%", " ms"),
    "times": ("percent", "points"),
    "points": ("percent", "times"),
    "BLEU": ("CIDEr", "%"),
    "million": ("billion", "thousand"),
    "billion": ("million",),
    "thousand": ("million",),
    "M": ("B", "K"),
    "B": ("M",),
    "days": ("hours", "weeks"),
}
_WITH_UNIT = re.compile(
    r"(?<![\w.^_/@-])(\d[\d,]*(?:\.\d+)? ?)(\\%|%|x|times|points|BLEU|million|billion|thousand|M|B|days)(?!\w)"
)
_AUXILIARY = re.compile(r"\b(is|are|was|were|can|could|will|may|has been|have been|should|must)\b(?! not)")
_VERB = re.compile(
    r"\b(outperform|achieve|improve|reduce|require|show|enable|allow|surpass|generate|use|lead|learn|provide|demonstrate"
    r"|attain|suffer|contribute|help|consist|introduce|support|enhance|exhibit|boost|outperform|capture|focus|need)(s?)\b"
)
_NEGATIONS = (
    (re.compile(r"\bcannot\b|\bcan not\b"), "can"),
    (re.compile(r"\b(is|are|was|were|has|have|may|should) not\b(?! only)"), r"\1"),
    (re.compile(r"\b(does|do|did) not\b(?! only)"), ""),
    (re.compile(r"\bnot (?!only)"), ""),
    (re.compile(r"\bwithout\b"), "with"),
    (re.compile(r"\bno (?!longer|matter)"), "some "),
    (re.compile(r"\bunable\b"), "able"),
    (re.compile(r"\b(lacks?)\b"), "has"),
    (re.compile(r"\binstead of\b"), "by"),
    (re.compile(r"\bfails? to\b"), "manages to"),
)
_OPPOSITES = {
    "higher": "lower", "lower": "higher", "better": "worse", "worse": "better", "more": "less", "fewer": "more",
    "outperforms": "underperforms", "outperform": "underperform", "surpasses": "falls behind", "larger": "smaller",
    "smaller": "larger", "increase": "decrease", "increases": "decreases", "reduces": "increases", "reduce": "increase",
    "improves": "worsens", "improve": "worsen", "improving": "worsening", "faster": "slower", "accelerates": "slows",
    "enhance": "impair", "enhances": "impairs", "superior": "inferior", "boost": "hurt", "reducing": "increasing",
}  # fmt: skip
_COUNTS = ["two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
_COUNT = re.compile(rf"\b({'|'.join(_COUNTS)})\b", re.IGNORECASE)
Alter = Callable[[str, Random], str | None]  # None where the sentence has no room for it


def altered(sentences: Sequence[Span], vectors: np.ndarray) -> Iterator[Claim]:
    """Of each sentence every alteration that it has room for; `vectors`: a row a sentence, unit length."""
    random = Random(SEED)
    papers = list(dict.fromkeys(span.paper for span in sentences))
    bearing = names_by_paper(sentences)
    strange = {paper: foreign(bearing, paper) for paper in papers}
    abroad, at_home = nearest_in_another_paper(sentences, vectors), nearest_in_its_paper(sentences, vectors)
    for place, span in enumerate(sentences):
        case = partial(Claim, true=False, part=parity(papers, span.paper))
        for kind, statement in _changed(span.text, random):
            yield case(kind, statement=statement, quotes=(span,))
        for kind, others in (
            ("name swapped", strange[span.paper]),
            ("name swapped within the abstract", bearing[span.paper]),
        ):
            if swapped := name_swapped(span.text, others, random):
                yield case(kind, statement=swapped, quotes=(span,))
        yield case("wrong paper", statement=span.text, quotes=(sentences[abroad[place]],))
        yield case("wrong sentence of the paper", statement=span.text, quotes=(sentences[at_home[place]],))


def altered_paraphrases(cases: Sequence[Claim], sentences: Sequence[Span]) -> Iterator[Claim]:
    """Of each true paraphrase: a number changed, a name swapped; here the quote is not followed word by word."""
    random = Random(SEED)
    bearing = names_by_paper(sentences)
    for case in cases:
        others = foreign(bearing, case.quotes[0].paper)
        changes = {
            "number changed in a paraphrase": number_changed(case.statement, random),
            "name swapped in a paraphrase": name_swapped(case.statement, others, random),
        }
        for kind, statement in changes.items():
            if case.true and statement:
                yield replace(case, kind=kind, true=False, statement=statement)


def _changed(sentence: str, random: Random) -> Iterator[tuple[str, str]]:
    kinds: dict[str, Alter] = {
        "number changed": number_changed,
        "unit changed": unit_changed,
        "negation added": negation_added,
        "negation removed": negation_removed,
        "direction reversed": direction_reversed,
    }
    for kind, alter in kinds.items():
        if statement := alter(sentence, random):
            yield kind, statement


def number_changed(sentence: str, random: Random) -> str | None:
    """One digit is another, or one count in words."""
    found = [*_NUMBER.finditer(sentence), *_COUNT.finditer(sentence)]
    if not found:
        return None
    match = random.choice(found)
    number = match.group()
    if number.lower() in _COUNTS:
        return _put(sentence, match, random.choice([count for count in _COUNTS if count != number.lower()]))
    place = random.choice([place for place, c in enumerate(number) if c.isdigit()])
    digits = [c for c in "123456789" if c != number[place]]
    return _put(sentence, match, number[:place] + random.choice(digits) + number[place + 1 :])


def unit_changed(sentence: str, random: Random) -> str | None:
    """The same number of something else: points for per cent, billion for million."""
    found = list(_WITH_UNIT.finditer(sentence))
    if not found:
        return None
    match = random.choice(found)
    return _put(sentence, match, match[1] + random.choice(_UNITS[match[2]]))


def negation_added(sentence: str, random: Random) -> str | None:
    """Behind the first auxiliary, else before the first verb that we know."""
    if match := _AUXILIARY.search(sentence):
        return _put(sentence, match, f"{match.group()} not")
    if match := _VERB.search(sentence):
        return _put(sentence, match, f"{'does' if match[2] else 'do'} not {match[1]}")
    return None


def negation_removed(sentence: str, random: Random) -> str | None:
    """The first that is found."""
    for pattern, affirmed in _NEGATIONS:
        if pattern.search(sentence):
            return pattern.sub(affirmed, sentence, count=1)
    return None


def direction_reversed(sentence: str, random: Random) -> str | None:
    """One word of comparison is its opposite."""
    found = [match for match in re.finditer(r"[a-z]+", sentence) if match.group() in _OPPOSITES]
    match = random.choice(found) if found else None
    return _put(sentence, match, _OPPOSITES[match.group()]) if match else None


def name_swapped(sentence: str, others: Sequence[str], random: Random) -> str | None:
    """One name is another of the same kind that the sentence does not bear."""
    pairs = []
    for name in names(sentence):
        fitting = [o for o in others if _kind(o) == _kind(name) and o.casefold() not in sentence.casefold()]
        pairs += [(name, random.choice(fitting))] if fitting else []
    name, other = random.choice(pairs) if pairs else ("", "")
    return sentence.replace(name, other, 1) if name else None


def names_by_paper(sentences: Sequence[Span]) -> dict[Paper, list[str]]:
    """The names in each paper's sentences, as the reader of questions tells them, not the check."""
    found: dict[Paper, set[str]] = {}
    for span in sentences:
        found.setdefault(span.paper, set()).update(names(span.text))
    return {paper: sorted(bearing) for paper, bearing in found.items()}


def foreign(bearing: Mapping[Paper, Sequence[str]], paper: Paper) -> list[str]:
    """The names of other papers that occur nowhere in this one."""
    text = f"{paper.title} {paper.abstract}".casefold()
    return sorted({name for found in bearing.values() for name in found if name.casefold() not in text})


def _kind(name: str) -> tuple[bool, bool, bool]:
    """Acronym, with digits, compound."""
    return name.isupper(), any(c.isdigit() for c in name), "-" in name


def nearest_in_another_paper(sentences: Sequence[Span], vectors: np.ndarray) -> list[int]:
    """For each sentence the place of the nearest one in the paper whose sentences are nearest on average."""
    paper = _paper_numbers(sentences)
    centres = np.stack([vectors[paper == number].mean(axis=0) for number in range(paper.max() + 1)])
    centres /= np.linalg.norm(centres, axis=1, keepdims=True)
    alike = centres @ centres.T
    np.fill_diagonal(alike, -1)
    neighbour = alike.argmax(axis=1)
    there = neighbour[paper][:, None] == paper[None]
    return list(map(int, np.where(there, vectors @ vectors.T, -1).argmax(axis=1)))


def nearest_in_its_paper(sentences: Sequence[Span], vectors: np.ndarray) -> list[int]:
    """For each sentence the place of the nearest other one of the same paper."""
    paper = _paper_numbers(sentences)
    close = vectors @ vectors.T
    np.fill_diagonal(close, -1)
    return list(map(int, np.where(paper[:, None] == paper[None], close, -1).argmax(axis=1)))


def _paper_numbers(sentences: Sequence[Span]) -> np.ndarray:
    numbers = {paper: number for number, paper in enumerate(dict.fromkeys(span.paper for span in sentences))}
    return np.array([numbers[span.paper] for span in sentences])


def _put(sentence: str, match: re.Match[str], words: str) -> str:
    return sentence[: match.start()] + words + sentence[match.end() :]
