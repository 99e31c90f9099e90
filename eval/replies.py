"""What a scripted model says: true to the evidence, sloppy, invented, refused, endless, in other ways of real models.

A script reads the numbered evidence out of the prompt (lines that begin with "[1] ", "[2] " in the last message of the
user) and answers from it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import Any, Literal

from rag.types import PAPERS_DONT_SAY

_EVIDENCE = re.compile(r"^\[(\d+)\] (.*\S)", re.MULTILINE)
_NUMBER = re.compile(r"\d+(?:\.\d+)?")


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, and what befalls it on the way. All times in seconds."""

    pieces: Sequence[str] = ()  # of the answer; where the status is an error, of its message
    reasoning: Sequence[str] = ()  # sent before them, as `reasoning_content`
    finish: str | None = "stop"  # the finish_reason; None: the stream just ends
    usage: tuple[int, int] | Literal["counted"] | None = "counted"  # prompt and completion tokens
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    raw: bytes | None = None  # the body, instead of what the pieces make
    wire: bytes | None = None  # all that is sent, status line included; b"" just closes the connection
    before: float = 0.0  # until the first byte; inf: never
    between: float = 0.0  # before each piece but the first; of `wire`, after each byte
    keep_alive: float = inf  # an SSE comment every so often, while a stream waits
    cut_after: int | None = None  # pieces, before the connection is cut
    hang_after: int | None = None  # pieces, before nothing more comes


Body = Mapping[str, Any]  # of a request, parsed
Script = Callable[[Body], Reply] | Sequence[Reply]  # of a sequence one after the other, and the last again and again


def said(text: str, **how: Any) -> Reply:
    """A reply in word-sized pieces; `how` as in Reply."""
    return Reply(tuple(re.findall(r"\s*\S+|\s+$", text)), **how)


def message(body: Body, role: str) -> str:
    """The text of the last message of that role, "" if there is none."""
    for turn in reversed(body.get("messages", ())):
        if turn["role"] == role:
            content = turn["content"] or ""
            return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)
    return ""


def evidence(body: Body) -> list[tuple[str, str]]:
    """Numbers and quotes of the prompt, in its order, a quote without its full stop."""
    return [(number, quote.rstrip(".")) for number, quote in _EVIDENCE.findall(message(body, "user"))]


def good(body: Body) -> Reply:
    """The first three quotes, word for word, each with its number."""
    return said(_restated(body))


def _restated(body: Body) -> str:
    return " ".join(f"{quote} [{number}]." for number, quote in evidence(body)[:3]) or _refusal(body)


def sloppy(body: Body) -> Reply:
    """True, with citations as models write them, before and after the full stop."""
    quotes = [quote for _, quote in evidence(body)[:2]]
    if len(quotes) < 2:
        return good(body)
    first, second = quotes
    return said(
        f"{first}【1】. {second}. [Source 2] {first} (1). {second}.^2 {first} ^1. {second}. [1-2] {first} [1][2]. "
        f"{second} [1, 2]. {first}.[1]"
    )


def inventing(body: Body) -> Reply:
    """A changed number, a reference that was not given, one to nobody's paper, a DOI and a link."""
    number, quote = (evidence(body) or [("1", "It is 12 times faster")])[0]
    changed = _NUMBER.sub(lambda found: f"{float(found[0]) + 7:g}", quote, count=1)
    return said(
        f"{changed} [{number}]. This was confirmed on five continents [9]. Smith et al. (2021) report the same "
        f"[{number}]. See doi:10.9999/xyz and [the code](http://evil.example/steal) [{number}]."
    )


def refusing(body: Body) -> Reply:
    """The refusal that the prompt asks for."""
    return said(_refusal(body))


def _refusal(body: Body) -> str:
    """The sentence that stands between « and » in the prompt."""
    found = re.search(r"«(.+?)»", f"{message(body, 'system')}\n{message(body, 'user')}", re.DOTALL)
    return found[1].strip() if found else PAPERS_DONT_SAY


def uncited(body: Body) -> Reply:
    """The first three quotes, word for word, without a number."""
    return said(" ".join(f"{quote}." for _, quote in evidence(body)[:3]))


def garbage(body: Body) -> Reply:
    """Nonsense, as of a model with random weights."""
    return said("the of ▁paper is zq [1] and x a model of of vv the 7 the a a is [ qx and model the j paper . a of zz")


def repeating(body: Body) -> Reply:
    """The first quote, fifty times."""
    number, quote = (evidence(body) or [("1", "It is faster")])[0]
    return said(" ".join([f"{quote} [{number}]."] * 50))


def foreign(body: Body) -> Reply:
    """French, with citations."""
    return said("Cette méthode réduit la longueur des invites et améliore la vitesse [1]. Elle est plus rapide [2].")


def thinking(body: Body) -> Reply:
    """Thinks aloud in the answer itself, then answers well."""
    return said(f"<think>The user asks [3]. Let me see: Smith et al. say 99%.</think>\n\n{_restated(body)}")


def reasoning(body: Body) -> Reply:
    """Thinks in `reasoning_content`, then answers well."""
    thoughts = said("The user asks [3]. Let me see: Smith et al. say 99%.").pieces
    return said(_restated(body), reasoning=thoughts)


def endless(body: Body) -> Reply:
    """10 MB."""
    return Reply(("endless ",) * (10_000_000 // 8))
