r"""Numbers with their units, as papers and models write them: 81.4 \%, 4.5-fold, 2M, twenty-five, 2-5 times. Pure.

A number inside a name (GPT-4, ViT-B/16, CC12M, top-1) belongs to the name and is none of these.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache

from rag.notation import legible

Reading = tuple[Decimal, str]  # value and unit; "" where none is written
ORDINAL = "ordinal"

_SCALES = {"hundred": 2, "thousand": 3, "k": 3, "million": 6, "mn": 6, "m": 6, "billion": 9, "bn": 9, "b": 9}
_SCALES |= {"trillion": 12, "tn": 12, "t": 12}  # the power of ten
_METRICS = [
    "BLEU",
    "CIDEr",
    "ROUGE",
    "METEOR",
    "mAP",
    "AP",
    "mIoU",
    "IoU",
    "F1",
    "AUC",
    "AUROC",
    "WER",
    "RMSE",
    "FID",
    "PSNR",
    "SSIM",
]
_WRITTEN = (
    {
        "%": "% percent per~cent pct",
        "percentage points": "percentage~point percent~point %~point pp",
        "points": "point pt",
        "times": "times fold x",
        "ms": "ms msec millisecond",
        "us": "us microsecond",
        "s": "s sec second",
        "minutes": "min minute",
        "hours": "h hr hour",
        "days": "day",
        "weeks": "week",
        "months": "month",
        "years": "year yr",
        "KB": "kb kib kilobyte",
        "MB": "mb mib megabyte",
        "GB": "gb gib gigabyte",
        "TB": "tb tib terabyte",
        "FPS": "fps frames~per~second frames/s",
        "Hz": "hz hertz",
        "kHz": "khz kilohertz",
        "MHz": "mhz megahertz",
        "GHz": "ghz gigahertz",
        "dB": "db decibel",
        "mg": "mg milligram",
        "kg": "kg kilogram",
        "mm": "mm millimeter millimetre",
        "cm": "cm centimeter centimetre",
        "km": "km kilometer kilometre",
    }
    | {metric: metric.lower() for metric in _METRICS}
    | {"F1": "f1 f_1 f-1"}
)
_UNITS = {form.replace("~", " "): unit for unit, forms in _WRITTEN.items() for form in forms.split()}

_SMALL = {
    word: value
    for value, word in enumerate(
        [
            "zero",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
            "thirteen",
            "fourteen",
            "fifteen",
            "sixteen",
            "seventeen",
            "eighteen",
            "nineteen",
        ]
    )
}
_TENS = {
    word: 10 * value
    for value, word in enumerate(
        ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], start=2
    )
}
_ORDINALS = {
    word: value
    for value, word in enumerate(
        ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"], start=1
    )
}
_FIXED: dict[str, tuple[Reading, ...]] = {
    "half": ((Decimal("0.5"), ""), (Decimal(50), "%")),
    "dozen": ((Decimal(12), ""),),
    **dict.fromkeys(("twice", "double", "doubles", "doubled", "doubling", "twofold"), ((Decimal(2), "times"),)),
    **dict.fromkeys(("thrice", "triple", "triples", "tripled", "tripling", "threefold"), ((Decimal(3), "times"),)),
    **dict.fromkeys(("quadruple", "quadruples", "quadrupled", "fourfold"), ((Decimal(4), "times"),)),
}


def _any(words: Iterable[str]) -> str:
    return "|".join(map(re.escape, sorted(words, key=len, reverse=True)))


_SIMPLE = rf"(?:(?:{_any(_TENS)})(?:[- ](?:{_any(list(_SMALL)[1:10])}))?|{_any(_SMALL)})(?!\w)"
_HUNDREDS = rf"(?:(?:{_SIMPLE}|an?) hundred(?: (?:and )?{_SIMPLE})?|{_SIMPLE})(?!\w)"
_GREAT = "thousand|million|billion|trillion"
_SPELT = rf"(?:{_HUNDREDS}|an?)[ -](?:{_GREAT})(?!\w)(?: (?:and )?{_HUNDREDS}(?: (?:{_GREAT})(?!\w))?)*|{_HUNDREDS}"
_TOKEN = re.compile(
    rf"(?P<address>https?://\S+|www\.\S+)"
    rf"|(?<![\w-])(?:(?P<fixed>{_any(_FIXED)})(?![\w-])|(?P<ordinal>{_any(_ORDINALS)})(?!\w)|(?P<spelt>{_SPELT}))"
    r"|(?P<name>[^\W\d_]\w*(?:[-./@^_+&]\w+)*)"
    r"|(?P<digits>(?:(?<![\w)%])-)?(?:(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?|(?<!\d)\.\d+))"
    r"(?P<power>(?:[eE]|\^| ?x ?10\^)[+-]?\d{1,2}(?!\w))?",
    re.IGNORECASE,
)
_SCALE = re.compile(rf"(?:[ -]?(hundred|{_GREAT}|mn|bn|tn)|([kmbtKMBT])|[ -]([MB]))(?![\w])")  # "5 m" is no million
_UNIT = re.compile(
    rf"[ -]?(?:(?:absolute|box|mask) )?((?<=\d)x(?!\d)|x(?! ?\d)|{_any(_UNITS.keys() - {'x'})})s?(?![\w^]|-\w)",
    re.IGNORECASE,
)
_GLUED = re.compile(r"[^\W_]+")
_COMPOUND = re.compile(r"-[^\W\d_]")
_SHARES = re.compile(r"(?: ?(?:-|/|,|to|and|or|vs\.?|versus|through|, and|, or|and up to) ?)\Z", re.IGNORECASE)
_ITEM = re.compile(r"(?:^|[:;,.?!(] ?|\band )\Z")


@dataclass(frozen=True, slots=True)
class Figure:
    """A number where it stands in the legible text; "2-5 million times" may be read in several ways.

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
            found[place] = replace(here, readings=here.readings + tuple(_shared(here, after, clean)))
    return tuple(found)


def agree(said: Figure, held: Figure) -> bool:
    """Whether one of the readings is the same; 0.89 and 89% are, 5 ms and 5 s are not."""
    return any(_same(one, other) for one in said.readings for other in held.readings)


def _same(said: Reading, held: Reading) -> bool:
    (value, unit), (other, its) = said, held
    if value != other:
        return (
            (unit, its) in (("%", ""), ("", "%")) and min(value, other) <= 1 and value * 100 in (other, other * 10**4)
        )
    if not unit or unit == its or (not its and unit in _METRICS):
        return ORDINAL not in (unit, its) or unit == its
    return {unit, its} in ({"percentage points", "%"}, {"percentage points", "points"})


def _shared(here: Figure, after: Figure, clean: str) -> Iterator[Reading]:
    """What the later number's scale and unit make of the earlier one: 2 in "2-5 million" may be two million."""
    power = next((10 ** _SCALES[word] for word in _SCALES if re.search(rf"\d[ -]?{word}\b", after.text.lower())), 1)
    for value, _ in here.readings:
        for unit in dict.fromkeys(unit for _, unit in after.readings if unit != ORDINAL):
            yield from ((scaled, unit) for scaled in dict.fromkeys((value, value * power)) if unit or power > 1)


def _found(clean: str) -> Iterator[Figure]:
    place = 0
    while match := _TOKEN.search(clean, place):
        place = match.end()
        if match["digits"]:
            figure, place = _in_digits(clean, match)
            if figure:
                yield figure
        elif match["fixed"]:
            yield Figure(match.group(), *match.span(), _FIXED[match.group().lower()])
        elif match["ordinal"]:
            value = _ORDINALS[match.group().lower()]
            yield Figure(match.group(), *match.span(), ((Decimal(value), ORDINAL),), loose=value < 3)
        elif match["spelt"]:
            figure = _with_unit(clean, match.start(), match.end(), _spelt(match.group().lower()))
            compound = bool(_COMPOUND.match(clean, figure.end))
            yield replace(figure, loose=figure.text.lower() == "one" and not compound, compound=compound)
            place = figure.end


def _in_digits(clean: str, match: re.Match[str]) -> tuple[Figure | None, int]:
    """The figure, or None where the digits open a name (3D) or number a list, and where to read on."""
    value, end = _value(match), match.end()
    if re.match(r"(?:st|nd|rd|th)\b", clean[end : end + 3]):
        return Figure(clean[match.start() : end + 2], match.start(), end + 2, ((value, ORDINAL),)), end + 2
    if clean[end : end + 1] == ")" and value < 10 and _ITEM.search(clean[max(0, match.start() - 4) : match.start()]):
        return None, end + 1
    if scale := _SCALE.match(clean, end):
        value, end = value * 10 ** _SCALES[(scale[1] or scale[2] or scale[3]).lower()], scale.end()
    figure = _with_unit(clean, match.start(), end, value)
    glued = _GLUED.match(clean, figure.end)
    if glued and not (size := re.match(r"[xX](?=\d)", clean[figure.end : figure.end + 2])):
        return None, glued.end()
    if glued and size:
        return figure, figure.end + 1
    return replace(figure, compound=bool(_COMPOUND.match(clean, figure.end))), figure.end


def _value(match: re.Match[str]) -> Decimal:
    value, power = Decimal(match["digits"].replace(",", "")), match["power"] or ""
    exponent = Decimal(re.sub(r"^(?:[eE]| ?x ?10\^|\^)", "", power) or 0)
    return value**exponent if power.startswith("^") else value.scaleb(exponent)


def _with_unit(clean: str, start: int, end: int, value: Decimal) -> Figure:
    """With every unit that follows: 6 F1 points are 6 F1, and 6 points."""
    units = []
    while unit := _UNIT.match(clean, end):
        written = unit[1].lower()
        units.append(_UNITS.get(written) or _UNITS[written.removesuffix("s")])
        end = unit.end()
    return Figure(clean[start:end], start, end, tuple((value, unit) for unit in dict.fromkeys(units)) or ((value, ""),))


def _spelt(words: str) -> Decimal:
    total = current = 0
    for word in re.split(r"[ -]", words):
        if word in _SCALES and word != "hundred":
            total, current = total + max(current, 1) * 10 ** _SCALES[word], 0
        elif word == "hundred":
            current = max(current, 1) * 100
        else:
            current += _SMALL.get(word) or _TENS.get(word) or 0
    return Decimal(total + current)
