"""True statements made of sentences by rule: other ways to write a number, a clause less, a synonym, a lead-in."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from eval.claims import Claim, parity
from rag.types import Span

_NUMBERS = (
    (re.compile(r"(\d) ?\\?%"), r"\1 percent"),
    (re.compile(r"(\d)(?:x|X)(?=[\s,.;)])"), r"\1 times"),
    (re.compile(r"(\d) ?times\b"), r"\1x"),
    (re.compile(r"(\d) million\b"), r"\1M"),
    (re.compile(r"(\d) billion\b"), r"\1B"),
    (re.compile(r"(?<![-\w.])(\d+(?:\.\d+)?)M(?= )"), r"\1 million"),
    (re.compile(r"(?<![-\w.])(\d+(?:\.\d+)?)B(?= )"), r"\1 billion"),
    (re.compile(r"\btwo\b"), "2"),
    (re.compile(r"\bthree\b"), "3"),
    (re.compile(r"\bfour\b"), "4"),
    (re.compile(r"(?<![-\w.,])11(?= )"), "eleven"),
    (re.compile(r"(?<![-\w.,])(\d{2,3}),(\d{3})(?![\d,])"), r"\1\2"),
)
_SYNONYMS = (
    ("achieves", "attains"), ("achieve", "reach"), ("demonstrate", "show"), ("shows", "demonstrates"),
    ("significantly", "substantially"), ("significant", "substantial"), ("approach", "method"), ("method", "approach"),
    ("improves", "enhances"), ("utilize", "use"), ("various", "diverse"), ("large", "big"), ("novel", "new"),
    ("remarkable", "impressive"), ("consists of", "comprises"), ("leverages", "exploits"), ("tackle", "address"),
    ("enables", "allows"), ("important", "essential"), ("requires", "needs"), ("propose", "introduce"),
)  # fmt: skip
_AUTHORS = (
    (re.compile(r"^(?:In this (?:paper|work|article|study), )?[Ww]e (propose|present|introduce) "), r"The authors \1 "),
    (
        re.compile(r"^(?:In this (?:paper|work|article|study), )?[Ww]e (show|find|observe|demonstrate) "),
        r"The authors \1 ",
    ),
)
_PROPOSES = re.compile(
    r"^(?:[A-Z][^,]{0,60}, )?[Ww]e (propos|present|introduc)e ([^,;:]+?)(?:, | that | which |\.$| to )"
)
_OPENING = re.compile(
    r"^(?:In this (?:paper|work|article|study)|Specifically|Moreover|However|Furthermore|In addition|Finally|Therefore"
    r"|Additionally|Notably|Besides|Further|First|Second|To [^,]+|By [^,]+|In practice|In particular|Empirically), "
)
_CLOSING = re.compile(
    r",? (?:which|while|where|whereas|thereby|thus|leading to|resulting in|enabling|allowing|achieving|making"
    r"|surpassing|highlighting|such as|e\.g\.) .*$|,? \([^()]*\)"
)
_LEAST = 6  # words that a shortened sentence must keep
Rewrite = Callable[[str], str]


def rewritten(sentences: Sequence[Span]) -> Iterator[Claim]:
    """Of each sentence every rewrite that changes it; neighbours are merged, both cited."""
    papers = list(dict.fromkeys(span.paper for span in sentences))
    rewrites: dict[str, Rewrite] = {
        "itself": str,
        "numbers written otherwise": numbers_otherwise,
        "opening dropped": opening_dropped,
        "clause dropped": clause_dropped,
        "the authors propose": by_the_authors,
        "is proposed": passive,
        "synonyms": synonyms,
    }
    for span in sentences:
        part = parity(papers, span.paper)
        for kind, rewrite in rewrites.items():
            statement = rewrite(span.text)
            if kind == "itself" or statement != span.text:
                yield Claim(kind, True, statement, (span,), part)
        yield Claim("with a lead-in", True, f"“{span.paper.title}”: {clause_dropped(span.text)}", (span,), part)
    for one, other in zip(sentences[::2], sentences[1::2], strict=False):
        if one.paper == other.paper:
            merged = f"{clause_dropped(one.text).rstrip('.')}; {opening_dropped(other.text)}"
            yield Claim("two sentences merged", True, merged, (one, other), parity(papers, one.paper))


def numbers_otherwise(sentence: str) -> str:
    """81.4% as 81.4 percent, 4.5x as 4.5 times, 2 million as 2M, three as 3."""
    for pattern, other in _NUMBERS:
        sentence = pattern.sub(other, sentence)
    return sentence


def opening_dropped(sentence: str) -> str:
    """Without what only ties it to the sentence before."""
    rest = _OPENING.sub("", sentence)
    return rest[0].upper() + rest[1:] if len(rest.split()) >= _LEAST else sentence


def clause_dropped(sentence: str) -> str:
    """Without a closing clause or the first bracket."""
    rest = _CLOSING.sub("", sentence, count=1)
    rest = rest if rest.endswith(".") else f"{rest}."
    return rest if len(rest.split()) >= _LEAST else sentence


def by_the_authors(sentence: str) -> str:
    """ "We propose" as somebody else reports it."""
    for pattern, other in _AUTHORS:
        sentence = pattern.sub(other, sentence)
    return sentence


def passive(sentence: str) -> str:
    """ "We propose a method that ..." as "A method is proposed." """
    match = _PROPOSES.match(sentence)
    if not match or len(match[2].split()) < 3:
        return sentence
    return f"{match[2][0].upper()}{match[2][1:]} is {match[1]}ed."


def synonyms(sentence: str) -> str:
    """At most two words replaced."""
    replaced = 0
    for word, other in _SYNONYMS:
        changed = re.sub(rf"\b{word}\b", other, sentence, count=1)
        replaced += changed != sentence
        sentence = changed
        if replaced == 2:
            break
    return sentence
