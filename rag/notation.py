r"""Text as it is read aloud: LaTeX wrappers, odd spaces, dashes and raised digits undone. Pure.

"$80.5\%$" becomes "80.5%", "\textsc{Ofa}" "Ofa", "10⁶" and "$10^{6}$" "10^6".
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_RAISED = {ord(raised): f"^{digit}" for digit, raised in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")}
_LIKE = str.maketrans(
    {
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2212", "-"),  # hyphens, en dash, minus
        **dict.fromkeys("\u2014\u2015", " - "),
        **dict.fromkeys("\u2018\u2019\u201a\u2032`", "'"),
        **dict.fromkeys("\u201c\u201d\u201e\u00ab\u00bb", '"'),
        **dict(zip("\u00d7\u2044\u00b5\u03bc\u223c\u2264\u2265", "x/uu~<>", strict=True)),  # times, fraction, micro ...
    }
)
_INVISIBLE = re.compile(r"[\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff\x00-\x08\x0e-\x1f\x7f]+")
_WRAPPED = re.compile(r"\\[A-Za-z]+\s?\{([^{}]*)\}")
_COMMANDS = (
    (re.compile(r"\\(?:times|cdot)(?![A-Za-z])"), "x"),
    (re.compile(r"\\(?:leq?|lt)(?![A-Za-z])"), "<"),
    (re.compile(r"\\(?:geq?|gt)(?![A-Za-z])"), ">"),
    (re.compile(r"\\(?:sim|approx|,|;|!|\s)|~"), " "),
    (re.compile(r"\\([A-Za-z]+|[%$&#_])"), r"\1"),
    (re.compile(r"[{}$]"), ""),
    (re.compile(r"(?<=\d)\s?\^\s?(?=-?\d)"), "^"),
    (re.compile(r"\s+"), " "),
)
_NESTED = 3  # wrappers undone inside one another


@lru_cache(maxsize=1024)
def legible(text: str) -> str:
    """The same words without their dress; not for showing, and offsets don't carry over."""
    text = unicodedata.normalize("NFKC", _INVISIBLE.sub("", text.translate(_RAISED)).translate(_LIKE)).translate(_LIKE)
    for _ in range(_NESTED):
        text = _WRAPPED.sub(r"\1", text)
    for pattern, plain in _COMMANDS:
        text = pattern.sub(plain, text)
    return text.strip()
