"""What sums an abstract up: the sentences with its problem, its method and its result; and those on its code. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.question import holds_figure, proposes
from rag.split import roughly, sentences
from rag.types import Paper, Span
from rag.words import tokens

_ADDRESS = r"(?:https?://|www\.|\b\w+\.github\.io)"
_CODE_HOST = r"(?:git(?:hub|lab)\.com|bitbucket\.org|codeberg\.org|anonymous\.4open\.science)/"
_CODE = r"\b(?:source[- ])?codes?(?:[- ]?bases?)?\b(?![-\w])"
_GIVEN = (
    r"(?:\bavailable\b|\breleas\w+|\bopen-?\s?sourc\w+|\bpublic\w*|\bfound (?:at|in|on)\b|\bshared?\b|\bprovided?\b)"
)
_CODE_GIVEN = re.compile(
    rf"{_CODE}.{{0,200}}?(?:{_GIVEN}|{_ADDRESS}|{_CODE_HOST})|{_GIVEN}.{{0,80}}{_CODE}"
    rf"|\A(?!.*\b(?:models?|weights|checkpoints|data ?sets?|data)\b).*{_CODE_HOST}",  # where nothing else is said to be
    re.IGNORECASE | re.DOTALL,
)
_OPEN = re.compile(  # of its own: "several open-source models" are compared with
    r"\b(?:an?|is|are|be|been|we|our|fully)(?: also| fully| new)? open-?\s?sourc(?:ed?|ing)\b", re.IGNORECASE
)
_HINT = re.compile(r"code|git(?:hub|lab)|bitbucket|4open", re.IGNORECASE)
_AVAILABILITY = re.compile(
    rf"{_ADDRESS}|{_CODE_HOST}|{_CODE}.{{0,200}}?{_GIVEN}|\b(?:project|web) ?-?(?:page|site)\b"
    r"|\b(?:models?|weights|checkpoints|data ?sets?|data|demo)\b.{0,200}\b(?:publicly|freely|openly) available\b"
    r"|\b(?:we|will|are|is) (?:publicly |also )?(?:releas\w+|open-?sourc\w+)"
    r"|\bmake\b.{0,200}\b(?:publicly )?available\b",
    re.IGNORECASE,
)
_PROBLEM = re.compile(
    r"\b(?:however|yet|but|despite|unfortunately|challeng\w*|problem|lack\w*|limit\w*|suffer\w*|remain\w*|gap"
    r"|expensive|costly|difficult\w*|hinder\w*|scarc\w+|little is known|unclear|fail\w*|bottleneck|inefficien\w*)\b",
    re.IGNORECASE,
)
_STUDIES = re.compile(
    r"\bwe (?:\w+ )?(?:build|built|study|studi|investigat|show that|explor|creat|train|describ|curat|construct|revisit"
    r"|examin|analy[sz]|intend|aim|us)\w*"
    r"|\b(?:this|the) (?:paper|work|study|article|report) (?:\w+ )?(?:describ|stud|investigat|explor|address|aim"
    r"|examin)\w*",
    re.IGNORECASE,
)
_RESULT = re.compile(
    r"\b(?:outperform|achiev|surpass|exceed|improv|attain|reach|result|experiment|evaluation|state-of-the-art|gain"
    r"|demonstrat|find that|found that|show that|shows that|reduc|superior)\w*",
    re.IGNORECASE,
)


def spine(paper: Paper, most: int) -> tuple[Span, ...]:
    """At most `most` sentences in the abstract's order: of method, result and problem, the first named first kept.

    None says where something can be had, unless the abstract says nothing else.
    """
    every = spans(paper)
    told = [span.text for span in every if not _AVAILABILITY.search(span.text)] or [span.text for span in every]
    if not told:
        return ()
    method = _method(told, paper.title)
    before, behind = range(method), range(method + 1, len(told))
    result = sorted(behind, key=lambda place: (_of_result(told[place]), place))[-1:]
    problem = [place for place in before if _PROBLEM.search(told[place])][:1] or [*before][:1]
    kept = {told[place] for place in list(dict.fromkeys([method, *result, *problem, *behind, *before]))[:most]}
    return tuple(span for span in every if span.text in kept)


def _method(told: Sequence[str], title: str) -> int:
    """Where the work says what it proposes, else what it studies, else what its title says."""
    for says in (proposes, _STUDIES.search):
        if found := [place for place, text in enumerate(told) if says(text)]:
            return found[0]
    named = set(tokens(title))
    return max(range(len(told)), key=lambda place: len(named & set(tokens(told[place]))), default=0)


def _of_result(text: str) -> int:
    found = {match.group().casefold() for match in _RESULT.finditer(text)}
    return len(found) + (bool(found) and holds_figure(text))


def gives_code(paper: Paper) -> tuple[Span, ...]:
    """The sentences by which its code is, or is to be, for others to have; else those that call something open."""
    every = spans(paper)
    given = tuple(span for span in every if _CODE_GIVEN.search(span.text))
    return given or tuple(span for span in every if _OPEN.search(span.text))


def offers_code(abstract: str) -> bool:
    """Whether one of its sentences does so, roughly cut: a library of many papers is read in a moment."""
    return any(_HINT.search(part) and _CODE_GIVEN.search(part) for part in roughly(abstract))


def spans(paper: Paper) -> tuple[Span, ...]:
    """The abstract's sentences."""
    return tuple(Span(paper, start, end) for start, end in sentences(paper.abstract))
