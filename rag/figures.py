r"""Numbers with their units, as papers and models write them: 81.4 \%, 4.5-fold, 2M, twenty-five, 2-5 times. Pure.

A number inside a name (GPT-4, ViT-B/16, CC12M, top-1) belongs to the name and is none of these.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache

from rag.notation import legible
from rag.vocabulary import METRICS, MULTIPLES, ORDINALS, SCALES, SMALL, TENS, UNITS

Reading = tuple[Decimal, str]  # value and unit; "" where none is written
Held = Mapping[Decimal, frozenset[str]]  # units by value

ORDINAL = "ordinal"
_SPELT = {word: value for value, word in enumerate(SMALL.split())}
_SPELT |= {word: 10 * value for value, word in enumerate(TENS.split(), start=2)}
_ORDINALS = {word: value for value, word in enumerate(ORDINALS.split(), start=1)}
_FIXED: dict[str, tuple[Reading, ...]] = {
    "half": ((Decimal("0.5"), ""), (Decimal(50), "%")),
    "dozen": ((Decimal(12), ""),),
    **{word: ((Decimal(value), "times"),) for value, words in enumerate(MULTIPLES) for word in words.split()},
}
_FORMS = {form.replace("~", " "): unit for unit, forms in (UNITS | METRICS).items() for form in forms.split()}
_UNDERSTOOD = METRICS.keys() | {"%", "percentage points", "points", "times"}


def _any(words: Iterable[str]) -> str:
    return "|".join(map(re.escape, sorted(words, key=len, reverse=True)))


_GREAT = "thousand|million|billion|trillion"
_SIMPLE = rf"(?:(?:{_any(TENS.split())})(?:[- ](?:{_any(SMALL.split()[1:10])}))?|{_any(SMALL.split())})(?!\w)"
_HUNDREDS = rf"(?:(?:{_SIMPLE}|an?) hundred(?: (?:and )?{_SIMPLE})?|{_SIMPLE})(?!\w)"
_WORDS = rf"(?:{_HUNDREDS}|an?)[ -](?:{_GREAT})(?!\w)(?: (?:and )?{_HUNDREDS}(?: (?:{_GREAT})(?!\w))?)*|{_HUNDREDS}"
_TOKEN = re.compile(
    r"(?P<address>https?://\S+|www\.\S+)"
    rf"|(?<![\w-])(?:(?P<fixed>{_any(_FIXED)})(?![\w-])|(?P<ordinal>{_any(_ORDINALS)})(?!\w)|(?P<words>{_WORDS}))"
    r"|(?P<name>[^\W\d_]\w*(?:[-./@^_+&]\w+)*)"
    r"|(?P<digits>(?:(?<![\w)%])-)?(?:(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?|(?<!\d)\.\d+))"
    r"(?:[eE](?P<e>[+-]?\d{1,2})(?!\w)| ?x ?10\^(?P<of_ten>-?\d{1,2})(?!\d)|\^(?P<power>-?\d{1,2})(?!\d))?",
    re.IGNORECASE,
)
_SCALE = re.compile(rf"(?:[ -]?(hundred|{_GREAT}|mn|bn|tn)|([kmbtKMBT])|[ -]([MB]))(?!\w)")  # "5 m" is no million
_UNIT = re.compile(
    rf"[ -]?(?:(?:absolute|box|mask) )?((?<=\d)x(?!\d)|x(?! ?\d)|{_any(_FORMS.keys() - {'x'})})s?(?![\w^]|-\w)",
    re.IGNORECASE,
)
_GLUED = re.compile(r"[^\W_]+")
_DIMENSION = re.compile(r"[xX](?=\d)")
_COMPOUND = re.compile(r"-[^\W\d_]")
_SHARES = re.compile(r" ?(?:-|/|,|to|and|or|vs\.?|versus|through|, and|, or|and up to) ?\Z", re.IGNORECASE)
_ITEM = re.compile(r"(?:^|[:;,.?!(] ?|\band )\Z")


@dataclass(frozen=True, slots=True)
class Figure:
    """A number where it stands in the legible text; the 2 in "2-5 million" may be two, or two million.

    `loose`: a word that is often no figure ("one of them", "first, we"). `compound`: part of a term ("two-stage").
    """

    text: str
    start: int
    end: int
    readings: tuple[Reading, ...]
    loose: bool = False
    compound: bool = False


@lru_cache(maxsize=1024)
def figures(text: str) -> tuple[Figure, ...]:
    """All numbers in order; those that share a unit ("4 to 5%") are read with it and without."""
    clean = legible(text)
    found = list(_found(clean))
    for place in range(len(found) - 2, -1, -1):
        here, after = found[place], found[place + 1]
        if _SHARES.match(clean[here.end : after.start]) and all(not unit for _, unit in here.readings):
            found[place] = replace(here, readings=tuple(dict.fromkeys([*here.readings, *_shared(here, after)])))
    return tuple(found)


def held(among: Iterable[Figure]) -> Held:
    """What `fits` looks figures up in."""
    units: dict[Decimal, set[str]] = {}
    for figure in among:
        for value, unit in figure.readings:
            units.setdefault(value, set()).add(unit)
    return {value: frozenset(its) for value, its in units.items()}


def fits(figure: Figure, among: Held) -> bool:
    """Whether one of its readings is among them: 81.4% as 81.4 percent, 0.89 as 89%, but not 5 ms as 5 s."""
    return any(_fits(value, unit, among) for value, unit in figure.readings)


def _fits(value: Decimal, unit: str, among: Held) -> bool:
    if any(_same(unit, other) for other in among.get(value, ())):
        return True
    if unit == "%":
        return value <= 100 and "" in among.get(value / 100, ())
    return not unit and 0 < value <= 1 and "%" in among.get(value * 100, ())


def _same(unit: str, other: str) -> bool:
    """A statement may leave out what is often understood; a metric may stand elsewhere in the quote."""
    if unit == other or (not unit and other in _UNDERSTOOD) or (not other and unit in METRICS):
        return True
    return {unit, other} in ({"percentage points", "%"}, {"percentage points", "points"})


def _shared(here: Figure, after: Figure) -> Iterator[Reading]:
    """What the later number's scale and unit make of the earlier one."""
    scale = re.search(rf"(?<=[\d ])({_GREAT}|[kmbt])\b", after.text.lower())
    powers = (1, 10 ** SCALES[scale[1]]) if scale else (1,)
    units = {unit: None for _, unit in after.readings if unit != ORDINAL}
    for value, _ in here.readings:
        yield from ((value * power, unit) for unit in units for power in powers)


def _found(clean: str) -> Iterator[Figure]:
    place = 0
    while match := _TOKEN.search(clean, place):
        place = match.end()
        word = match.group().lower()
        if match["digits"]:
            figure, place = _in_digits(clean, match)
            yield from [figure] if figure else []
        elif match["fixed"]:
            yield Figure(match.group(), *match.span(), _FIXED[word])
        elif match["ordinal"]:
            yield Figure(match.group(), *match.span(), ((Decimal(_ORDINALS[word]), ORDINAL),), _ORDINALS[word] < 3)
        elif match["words"]:
            figure = _with_unit(clean, *match.span(), _spelt(word))
            yield replace(figure, loose=figure.text.lower() == "one" and not figure.compound)
            place = figure.end


def _in_digits(clean: str, match: re.Match[str]) -> tuple[Figure | None, int]:
    """The figure, or None where the digits open a name (3D) or number a list; and where to read on."""
    value, start, end = _value(match), *match.span()
    if re.match(r"(?:st|nd|rd|th)\b", clean[end : end + 3]):
        return Figure(clean[start : end + 2], start, end + 2, ((value, ORDINAL),)), end + 2
    if clean[end : end + 1] == ")" and value < 10 and _ITEM.search(clean[max(0, start - 4) : start]):
        return None, end + 1
    if scale := _SCALE.match(clean, end):
        value, end = value * 10 ** SCALES[scale[scale.lastindex or 0].lower()], scale.end()
    figure = _with_unit(clean, start, end, value)
    if _DIMENSION.match(clean, figure.end):  # 32x32
        return figure, figure.end + 1
    glued = _GLUED.match(clean, figure.end)
    return (None, glued.end()) if glued else (figure, figure.end)


def _value(match: re.Match[str]) -> Decimal:
    value = Decimal(match["digits"].replace(",", ""))
    if match["power"]:
        return value.scaleb(0) if abs(value) > 10**6 or not value else value ** int(match["power"])
    return value.scaleb(int(match["e"] or match["of_ten"] or 0))


def _with_unit(clean: str, start: int, end: int, value: Decimal) -> Figure:
    """With every unit that follows: 6 F1 points are 6 F1, and 6 points."""
    units: dict[str, None] = {}
    while unit := _UNIT.match(clean, end):
        form = unit[1].lower()
        units[_FORMS.get(form) or _FORMS[form.removesuffix("s")]] = None
        end = unit.end()
    readings = tuple((value, unit) for unit in units or [""])
    return Figure(clean[start:end], start, end, readings, compound=bool(_COMPOUND.match(clean, end)))


def _spelt(words: str) -> Decimal:
    total = current = 0
    for word in re.split(r"[ -]", words):
        if word == "hundred":
            current = max(current, 1) * 100
        elif word in SCALES:
            total, current = total + max(current, 1) * 10 ** SCALES[word], 0
        else:
            current += _SPELT.get(word, 0)
    return Decimal(total + current)
