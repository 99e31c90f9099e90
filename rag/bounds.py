"""Whether a statement bounds a figure otherwise than its quote: "at least" for "up to", "to" for "by". Pure."""

from __future__ import annotations

import re

from rag.figures import Figure, figures, fits, held
from rag.notation import legible

_MOST = 40  # figures that are read
_REACH = 60  # characters before a figure that are read
_LESS, _MORE = (
    r"(?:less|fewer|lower|smaller) than|(?:at|the) most|no more than|up to|as (?:much|many) as|a maximum of",
    r"(?:more|greater|higher|larger) than|at (?:the )?least|no (?:less|fewer) than|a minimum of|exceed(?:s|ing)?",
)
_BOUND = re.compile(rf"\b(?:(?P<less>{_LESS})|(?P<more>{_MORE})|(?P<to>to))(?: (?:an?|the|about|around|nearly))? \Z")
_COMPARES = re.compile(r"\b(?:than|over|above|below|under|exceed|surpass|beat|within|or (?:more|less))|[<>+]", re.I)
_FALLS = re.compile(r"\b(?:reduc|decreas|shrink|cut|lower|drop|fall|compress|shorten)\w*\b", re.IGNORECASE)


def misbounds(statement: str, quote: str) -> bool:
    """Whether a figure that both hold is less or more than itself, or what is left instead of what is gone."""
    quoted = figures(quote)[:_MOST]
    for figure in figures(statement)[:_MOST]:
        fitting = [other for other in quoted if fits(figure, held([other]))]
        if len(fitting) == 1 and _differs(legible(statement), figure, legible(quote), fitting[0]):
            return True
    return False


def _differs(said: str, figure: Figure, quoted: str, its: Figure) -> bool:
    here, there = _bound(said, figure), _bound(quoted, its)
    if here == there or not here:
        return False
    before = quoted[max(0, its.start - _REACH) : its.end + 8]
    if here == "to":
        return bool(not there and _FALLS.search(said[max(0, figure.start - _REACH) : figure.start]))
    return there in ("less", "more") or (not _COMPARES.search(before) and not _is_up_to(said, figure))


def _bound(text: str, figure: Figure) -> str | None:
    match = _BOUND.search(text[max(0, figure.start - _REACH) : figure.start].lower())
    return match.lastgroup if match else None


def _is_up_to(text: str, figure: Figure) -> bool:
    """It leaves room for the very figure."""
    return bool(re.search(r"(?:up to|as (?:much|many) as) \Z", text[: figure.start].lower()))
