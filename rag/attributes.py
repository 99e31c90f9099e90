"""What people ask of a paper that its abstract may not give: who wrote it, its learning rate, its licence. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from rag.words import plain, tokens


class Attribute(NamedTuple):
    """Its name in an answer, what asks for it, and what an abstract that offers it says."""

    name: str
    asks: re.Pattern[str]
    offers: re.Pattern[str]


def _attribute(name: str, asks: str, offers: str = "") -> Attribute:
    """What offers it is what asks for it, unless told."""
    return Attribute(name, re.compile(rf"\b(?:{asks})", re.IGNORECASE), re.compile(offers or asks, re.IGNORECASE))


_NOTHING = "(?!)"  # of which no abstract speaks
_NUMBER = (
    r"(?:\d[\d.,]*|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|[a-z]+teen|dozens?|hundreds?|thousands?)"
)
ATTRIBUTES = (
    _attribute("authors", r"who (?:wrote|authored|are the authors)|author names|names? of the authors|written by who", _NOTHING),
    _attribute("affiliations", r"affiliat|which (?:university|lab|company|institut)|corresponding author|e-?mail", _NOTHING),
    _attribute("funding", r"fund(?:ed|ing|er)|grants?\b|sponsor", r"fund(?:ed|ing)|grant"),
    _attribute("year or venue", r"(?:what|which) year|when (?:was|were) \w+(?: \w+){0,6} (?:published|released|written)"
               r"|(?:what|which) (?:conference|journal|venue)|published (?:in|at)|publication (?:date|year)", _NOTHING),
    _attribute("reviews or citations", r"reviewers?|peer review|how (?:often|many times) (?:\w+ ){1,5}cited|citation count", _NOTHING),
    _attribute("training settings", r"learning[- ]rates?|batch[- ]sizes?|epochs?\b|dropout|optimi[sz]ers?\b|weight decay|warm-?up"
               r"|random seeds?|hyper-?parameters?|temperature\b|training steps|lora rank"),
    _attribute("hardware", r"gpus?\b|tpus?\b|hardware|cpus?\b|graphics cards?|machines?\b.{0,20}\btrain", r"\bgpus?\b|\btpus?\b|\bcpus?\b|hardware|\b[VAH]100"),
    _attribute("time or cost", r"(?:how many|how much|number of) (?:gpu[- ])?(?:hours|days|weeks|time|money)|how long (?:did|does|was|is)\b.*\b(?:train|take)"
               r"|training time|dollars?\b|price\b|carbon|energy consum|cost in\b", r"hours?\b|days?\b|weeks?\b|seconds?\b|minutes?\b|\$|carbon|energy|%|times|faster"),
    _attribute("size of the network", r"how many (?:\w+ ){0,2}(?:layers|heads|blocks)|attention heads|hidden (?:size|dimension|units)"
               r"|(?:embedding|vector) dimension\w*|context (?:length|window)|vocabulary size",
               rf"\d+[- ]layers?|{_NUMBER} (?:\w+ )?(?:layers|heads|blocks)|dimension|\d[\w]* tokens|context (?:length|window)|vocabulary"),
    _attribute("parameter count", r"how many (?:\w+ ){0,2}pa?ra?me?ters|parameter counts?|number of (?:\w+ )?parameters|(?:model|network) sizes?\b",
               r"\d[\d.]* ?(?:[KMB]\b|million|billion)|parameters?\b.{0,20}\d|\d.{0,20}parameters?"),
    _attribute("size in bytes", r"gigabytes?|megabytes?|terabytes?|how many [GMT]B\b|disk space|download size", r"\d ?[GMT]B\b|[gmt]i?gabytes?|terabytes?"),
    _attribute("licence", r"licen[cs]e"),
    _attribute("limitations", r"limitations?|future work|failure cases?|fail(?:s|ed)? (?:at|on|when)|negative results?|ethic", r"limitation|future work|fail|ethic|shortcoming"),
    _attribute("annotators", r"annotators?|crowd ?workers?|inter-annotator|labell?ers\b", r"annotat|crowd|label"),
    _attribute("significance", r"p[- ]values?|statistically significant|significance tests?|standard deviations?|confidence intervals?", r"p ?[<=]|significan|deviation|interval|±"),
)  # fmt: skip
_HOW_MANY = re.compile(r"\b(?:how many|number of|count of)\b([^.?!,;()]*)", re.IGNORECASE)
_COUNT = re.compile(rf"^{_NUMBER}|\d|^[mb]illions?$|^both$")
_COUNTED = 3  # content words after "how many" among which the counted noun is
_APART = 4  # words that may stand between a number and what it counts
_ALIKE = 4  # letters at the beginning that make two long words of one family


def unmet(question: str, abstract: str) -> tuple[str, ...]:
    """Names of the attributes that the question asks for, and nothing in the abstract offers."""
    asked = (attribute for attribute in ATTRIBUTES if attribute.asks.search(question))
    return tuple(attribute.name for attribute in asked if not attribute.offers.search(abstract))


def uncounted(question: str, abstract: str) -> str | None:
    """What "how many" asks the number of, where no number in the abstract stands before it."""
    asked = _HOW_MANY.search(question)
    nouns = [word for word in asked[1].split() if tokens(word)][:_COUNTED] if asked else []
    return " ".join(nouns).strip() if nouns and not _counts(abstract, nouns) else None


def _counts(abstract: str, nouns: Sequence[str]) -> bool:
    wanted = {token for noun in nouns for token in tokens(noun)}
    return any(_of_one_family(token, want) for token in _after_numbers(abstract) for want in wanted)


def _after_numbers(text: str) -> Iterator[str]:
    words = [word.strip(".,;:()") for word in plain(text).split()]
    for place, word in enumerate(words):
        if _COUNT.search(word):
            yield from (token for near in words[place : place + _APART + 1] for token in tokens(near))


def _of_one_family(one: str, other: str) -> bool:
    return one == other or (len(one) > _ALIKE and len(other) > _ALIKE and one[:_ALIKE] == other[:_ALIKE])
