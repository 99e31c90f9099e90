"""Whether a statement gives the parts of a quote to the wrong players: who beats whom, which figure is whose. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import combinations

from rag.figures import Figure, figures, fits, held
from rag.names import names
from rag.notation import legible
from rag.words import STOP_WORDS, stem

_COMPARES = re.compile(
    r"\b(?:outperform|surpass|exceed)\w*|\bbeat(?:s|en|ing)?\b|\b(?:than|over|versus|vs|against)\b"
    r"|\bcompar(?:ed|ison) (?:to|with)\b|\b(?:superior|inferior|preferable) to\b|\bahead of\b",
    re.IGNORECASE,
)
_ENDS = re.compile(
    r"[,;:.?!()] |[.?!)]\Z|\b(?:on|in|by|for|with|at|while|when|whereas|across|under|via|using|but|and also|thus"
    r"|thereby|without)\b",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W_](?:\w|[-.@/^_+&](?=\w))*%?")
_CLAUSE = re.compile(r"[;:.?!](?= |\Z)")
_OWNER = re.compile(r"([^\W_](?:\w|[-./^+](?=\w))*)(?:'s)?(?: [^\W\d]\w*){0,2} \Z")  # before a figure
_OF = re.compile(r" (?:of|on|in) ((?:[^\W\d][\w-]*[ ]?){1,4})")
_REACH = 120  # characters to either side of a comparison that are read
_NEAR = 3  # content words to either side that tell whose a figure is
_MOST = 40  # comparisons, and figures, that are read: the work grows with their square

Sides = tuple[frozenset[str], frozenset[str]]
Company = Mapping[int, frozenset[str]]  # the words beside each figure, by where it starts


def reverses(statement: str, quote: str) -> bool:
    """Whether what the quote puts before a comparison stands behind one in the statement, and the other way round."""
    return any(_crossed(said, quoted) for said in _comparisons(statement) for quoted in _comparisons(quote))


def _crossed(said: Sides, quoted: Sides) -> bool:
    first, second = quoted[0] - quoted[1], quoted[1] - quoted[0]
    return bool(said[0] & second and said[1] & first and not said[1] & second)


@lru_cache(maxsize=1024)
def _comparisons(text: str) -> tuple[Sides, ...]:
    """What stands before each comparison, and what behind it up to the next preposition."""
    clean = legible(text)
    return tuple(_sides(clean, match) for match in list(_COMPARES.finditer(clean))[:_MOST])


def _sides(clean: str, match: re.Match[str]) -> Sides:
    before, behind = clean[max(0, match.start() - _REACH) : match.start()], clean[match.end() : match.end() + _REACH]
    end = _ENDS.search(behind)
    other = behind[: end.start()] if end else behind
    if end and not before.strip():  # "Compared with A, B wins"
        before = behind[end.end() :]
    return frozenset(_stems(before)), frozenset(_stems(other))


def _stems(text: str) -> Iterator[str]:
    """ "Few" and "more" tell "few-shot" from "many-shot", though they are stop words."""
    return (stem(word) for word in _WORD.findall(text) if word.lower() not in STOP_WORDS - {"few", "more"})


def exchanges(statement: str, quote: str) -> bool:
    """Whether two figures of the quote each stand beside the other's words in the statement."""
    pairs = list(_paired(figures(statement)[:_MOST], figures(quote)[:_MOST]))
    return any(
        _foreign(said[one.start], quoted[its.start], quoted[other.start])
        and _foreign(said[two.start], quoted[other.start], quoted[its.start])
        for said, quoted in zip(_company(statement), _company(quote), strict=True)
        for (one, its), (two, other) in combinations(pairs, 2)
        if its.start != other.start
    )


def misplaces(statement: str, quote: str) -> bool:
    """Whether a figure of the quote is given to what has another figure there: CLIP for MetaCLIP's, cost for length."""
    clean, quoted = legible(statement), figures(quote)[:_MOST]
    owners, objects, spoken = _owners(quote), _objects(quote), _objects(statement)
    for one, its in _paired(figures(statement)[:_MOST], quoted):
        rivals = [other.start for other in quoted if other.start != its.start and _alike(other, its)]
        before = _names_before(clean, one)
        if not before & (owners[its.start] | _aside(quote, its)) and _is_anothers(before, its.start, rivals, owners):
            return True
        if not spoken[one.start] & objects[its.start] and _is_anothers(spoken[one.start], its.start, rivals, objects):
            return True
    return False


def _alike(one: Figure, other: Figure) -> bool:
    return bool({unit for _, unit in one.readings} & {unit for _, unit in other.readings})


def _is_anothers(said: frozenset[str], own: int, rivals: Sequence[int], held_by: Company) -> bool:
    """Whether what the statement has by a figure stands by a rival of it in the quote, where it has another itself."""
    return bool(said and held_by[own] and any(held_by[place] and held_by[place] <= said for place in rivals))


def _names_before(clean: str, figure: Figure) -> frozenset[str]:
    """The names of the clause that leads to the figure."""
    words = _WORD.findall(_CLAUSE.split(clean[: figure.start])[-1])
    return frozenset(word.casefold() for word in words) & {name.casefold() for name in names(clean)}


@lru_cache(maxsize=1024)
def _owners(text: str) -> Company:
    """The name close before each figure ("MetaCLIP achieves 70.8%", "CLIP's 68.3%"); empty where there is none."""
    clean, known = legible(text), {name.casefold() for name in names(text)}
    found = {
        figure.start: _OWNER.search(clean[max(0, figure.start - _REACH) : figure.start])
        for figure in figures(text)[:_MOST]
    }
    return {place: frozenset({match[1].casefold()} & known if match else ()) for place, match in found.items()}


def _aside(text: str, figure: Figure) -> frozenset[str]:
    """Words behind a figure up to the next comma: "68.3% with CLIP"."""
    return frozenset(word.casefold() for word in _WORD.findall(legible(text)[figure.end :].split(",")[0]))


@lru_cache(maxsize=1024)
def _objects(text: str) -> Company:
    """What each figure is of ("80.1% of budget overheads"): the first content words behind it."""
    clean = legible(text)
    behind = {figure.start: _OF.match(clean, figure.end) for figure in figures(text)[:_MOST]}
    return {place: frozenset(list(_stems(match[1]))[:2] if match else ()) for place, match in behind.items()}


def _paired(said: Sequence[Figure], quoted: Sequence[Figure]) -> Iterator[tuple[Figure, Figure]]:
    """Figures of the statement with the one figure of the quote that each can be."""
    for figure in said:
        fitting = [other for other in quoted if fits(figure, held([other]))]
        if len(fitting) == 1:
            yield figure, fitting[0]


def _foreign(said: frozenset[str], own: frozenset[str], other: frozenset[str]) -> bool:
    return len(said & (own - other)) < len(said & (other - own))


@lru_cache(maxsize=1024)
def _company(text: str) -> tuple[Company, Company]:
    """The content words on both sides of each figure, no further than the next figure, and those behind it alone."""
    clean, found = legible(text), figures(text)[:_MOST]
    ends = [0, *(figure.end for figure in found)]
    starts = [*(figure.start for figure in found[1:]), len(clean)]
    behind = {
        figure.start: frozenset(list(_stems(clean[figure.end : start]))[:_NEAR])
        for figure, start in zip(found, starts, strict=False)
    }
    before = {
        figure.start: frozenset(list(_stems(clean[end : figure.start]))[-_NEAR:])
        for figure, end in zip(found, ends, strict=False)
    }
    return {place: before[place] | behind[place] for place in behind}, behind
