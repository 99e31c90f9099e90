"""What a sentence offers against what a question asks for: a few features that a person can read, and their weights.

The weights are learned on the dev questions: python -m eval.train.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from rag.attributes import asked as attributes
from rag.clause import asking
from rag.question import asks_for_figure, asks_for_several, holds_figure
from rag.words import plain, tokens

WEIGHTS = Path(__file__).with_name("offers.json")
FEATURES = (
    "meaning",  # cosine of question and sentence
    "meaning before",  # of question and the sentence before: an answer often follows what names its subject
    "words",  # share of the question's words, by rarity, that the sentence holds; those of the title aside
    "meaning asked",  # the same two of the clause of the question that asks, where the rest describes the paper
    "words asked",
    "spelling",  # share of the question's runs of four letters: forgives endings and typos
    "figure",  # a number where one is asked for
    "data",  # data named where they are asked for
    "result",  # a result where one is asked for
    "name",  # it is called something, where that is asked
    "reason",  # why it is so, or what stood in the way, where that is asked
    "attribute",  # share of the asked-for attributes, as a size or a licence, that it offers
    "place",  # 0 for the first sentence of the abstract, near 1 for the last
    "first",  # the first sentence seldom answers
    "bare link",  # an address that nobody asked for
    "of results",
)
_ADDRESS = re.compile(r"https?://|github")
_ASKS_LINK = re.compile(r"\b(?:code|link|url|github|download|available|weights|repo|id)\b", re.IGNORECASE)
_OF_DATA = re.compile(
    r"\b(?:data ?sets?|corpus|corpora|benchmark|trained on|pretrain\w* (?:data|on)|collect)", re.IGNORECASE
)
_OF_RESULTS = re.compile(
    r"\b(?:outperform|achiev|improv|surpass|reach|gain|result|accuracy|experiment|state-of-the-art|show)", re.IGNORECASE
)
_ASKS_RESULT = re.compile(
    r"\b(?:how (?:much|well|good)|improv|gain|result|accura|perform|better|beat|outperform|score|reach|compare"
    r"|state of the art)",
    re.IGNORECASE,
)
_ASKS_REASON = re.compile(
    r"\b(?:why|reasons?|causes?|wrong with|drawbacks?|problems?|motivat\w*|what for|hard)\b", re.IGNORECASE
)
_OF_REASONS = re.compile(
    r"\b(?:because|since|due to|owing|in order to|to (?:address|alleviate|overcome|tackle|mitigate|solve)|however|limit"
    r"|challeng|difficult|hinder|suffer|lack|fail|costly|expensive|inefficien)",
    re.IGNORECASE,
)
_ASKS_NAME = re.compile(r"\b(?:called|names?|named|naming|dubbed|termed|acronym)\b", re.IGNORECASE)
_NAMES = re.compile(
    r"\b(?:propos|introduc|present|call|nam|term|dub|releas|develop|creat|build|coin|denot)\w*\b[^.]*?"
    r"(?:\b(?-i:[A-Z][\w$\\{}-]*[A-Z0-9][\w-]*)|\((?-i:[A-Z][\w-]+)\)|[\"“])",
    re.IGNORECASE,
)
_RUN = 4  # letters
_NO_LETTER = re.compile(r"[^a-z0-9]+")

Rarity = Callable[[str], float]


class Near(NamedTuple):
    """By what a text's likeness is told: its vector, unit length, (d,), and how rare a word is."""

    vector: Callable[[str], np.ndarray]
    rarity: Rarity


def odds(table: np.ndarray) -> np.ndarray:
    """How likely each sentence is the one that answers, as log-odds up to a constant: (n,), from its features."""
    weighed: np.ndarray = table @ np.array([weights()[name] for name in FEATURES])
    return weighed


def weights() -> dict[str, float]:
    """What each feature is worth in log-odds."""
    return learned(WEIGHTS)


@cache
def learned(file: Path) -> dict[str, float]:
    """Weights by feature, as training wrote them."""
    return {name: float(weight) for name, weight in json.loads(file.read_text(encoding="utf-8")).items()}


def features(question: str, title: str, sentences: Sequence[str], vectors: np.ndarray, near: Near) -> np.ndarray:
    """A row a sentence of one abstract, a column a feature: (n, len(FEATURES)); `vectors` (n, d) of unit length."""
    clause = question if asks_for_several(question) else asking(question)  # a list is of what is described
    cosines, to_clause = vectors @ near.vector(question), vectors @ near.vector(clause)
    before = np.concatenate(([cosines.mean()], cosines[:-1]))
    asked, letters = beyond(tokens(question), tokens(title)), _runs(question) - _runs(title)
    by_clause, wanted = beyond(tokens(clause), tokens(title)), attributes(question)
    rows = [
        (
            cosine,
            earlier,
            covered(asked, sentence, near.rarity),
            to_clause[place],
            covered(by_clause, sentence, near.rarity),
            len(letters & _runs(sentence)) / max(1, len(letters)),
            asks_for_figure(question) and holds_figure(sentence),
            _both(_OF_DATA, _OF_DATA, question, sentence),
            _both(_ASKS_RESULT, _OF_RESULTS, question, sentence),
            bool(_ASKS_NAME.search(clause) and _NAMES.search(sentence)),
            _both(_ASKS_REASON, _OF_REASONS, question, sentence),
            sum(bool(one.offers.search(sentence)) for one in wanted) / max(1, len(wanted)),
            place / len(sentences),
            place == 0,
            bool(_ADDRESS.search(sentence)) and not _ASKS_LINK.search(question),
            bool(_OF_RESULTS.search(sentence)),
        )
        for place, (sentence, cosine, earlier) in enumerate(zip(sentences, cosines, before, strict=True))
    ]
    return np.array(rows, float)


def beyond(asked: Sequence[str], title: Sequence[str]) -> set[str]:
    """The question's words without the title's, unless there are no others: every sentence is about those."""
    return set(asked) - set(title) or set(asked)


def covered(asked: set[str], sentence: str, rarity: Rarity) -> float:
    """Share of these words, by rarity, that the sentence holds: 0 to 1."""
    total = sum(map(rarity, asked))
    return sum(map(rarity, asked & set(tokens(sentence)))) / total if total else 0.0


def _runs(text: str) -> set[str]:
    """Of four letters, in words of four letters or more; ^ and $ mark where a word begins and ends."""
    words = (f"^{word}$" for word in _NO_LETTER.sub(" ", plain(text)).split() if len(word) >= _RUN)
    return {word[at : at + _RUN] for word in words for at in range(len(word) - _RUN + 1)}


def _both(asks: re.Pattern[str], offers: re.Pattern[str], question: str, sentence: str) -> bool:
    return bool(asks.search(question) and offers.search(sentence))
