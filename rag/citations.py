"""A model's prose, as it comes: its citations read, what it made up taken out. Pure; knows no model and no paper.

Models write [1], [1, 2], [1-3], 【1】, [Source 1], (1) or ^1, before or after the full stop; painted are [1][2].
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import takewhile

from rag.citing import PARTS, numbers, prose, settled
from rag.split import sentences

_ENUMERATES = re.compile(r"(?:^|[:,;]|\b(?:and|or)|\n\W*)\s*$")
_ITEM = re.compile(r"\s*(?:[-*•]\s+|\d{1,2}[.)]\s+)?")
DROPPED = "A citation that points to no quote was dropped."
UNKNOWN_LINK = "A link that no quote holds was removed."
UNKNOWN_REFERENCE = "A reference that no quote holds was removed."
NO_IMAGE = "An image was removed."
LEFT_OUT = "…"  # in the place of a reference that the sentence needs


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence without its citation marks; these are (place in `text`, number of the quote), in order."""

    gap: str  # the white space, or the list's mark, before it
    text: str
    marks: tuple[tuple[int, int], ...] = ()

    @property
    def cited(self) -> tuple[int, ...]:
        """The quotes' numbers, each once."""
        return tuple(dict.fromkeys(number for _, number in self.marks))


@dataclass(frozen=True, slots=True)
class Reading:
    """What was said, and what was taken out of it, for people."""

    said: tuple[Said, ...]
    notes: tuple[str, ...]


def read(raw: str, evidence: Sequence[str], final: bool = True) -> Reading:
    """What a model wrote over numbered `evidence` (1 is the first); unless `final`, more may follow."""
    text = prose(raw)
    page = _Page(evidence, "\n".join(evidence))
    page.write(text, len(text) if final else settled(text))
    return Reading(tuple(_said("".join(page.plain), page.marks)), tuple(dict.fromkeys(page.notes)))


def paint(said: Iterable[Said]) -> str:
    """The text with its marks, [1], [2] ... by first use."""
    numbers: dict[int, int] = {}
    painted = (pieces(one, numbers, first=not place) for place, one in enumerate(said))
    return "".join(piece if isinstance(piece, str) else f"[{piece}]" for one in painted for piece in one)


def pieces(one: Said, numbers: dict[int, int], first: bool) -> tuple[str | int, ...]:
    """What is painted of a sentence: words, and marks as numbers. `numbers`, quote -> mark, grows by first use."""
    gap = one.gap.lstrip() if first else one.gap or " "
    return gap, *_marked(one, numbers)


def _marked(one: Said, numbers: dict[int, int]) -> Iterator[str | int]:
    done = 0
    for place in dict.fromkeys(place for place, _ in one.marks):
        yield one.text[done:place] + (" " if place else "")
        yield from dict.fromkeys(
            numbers.setdefault(number, len(numbers) + 1) for at, number in one.marks if at == place
        )
        if not place:
            yield " "
        done = place
    yield one.text[done:]


@dataclass
class _Page:
    """The plain text so far, where marks stand in it, and what was taken out."""

    evidence: Sequence[str]
    known: str
    plain: list[str] = field(default_factory=list)
    marks: list[tuple[int, int]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    length: int = 0

    def write(self, text: str, stop: int) -> None:
        """Reads it from left to right; what begins behind `stop` is not written yet."""
        done = 0
        for match in takewhile(lambda match: match.start() < stop, PARTS.finditer(text)):
            self._add(text[done : match.start()])
            self._read(match, text)
            done = match.end()
        self._add(text[done:stop])

    def _read(self, match: re.Match[str], text: str) -> None:
        part = match.group()
        if match["mark"] or (match["aside"] and self._cites(match, text)):
            self._mark(part)
        elif match["reference"] and not self._is_known(re.findall(r"[A-Z][\w'’-]+", part)[0]):
            self._take_out(UNKNOWN_REFERENCE)
        elif match["narrated"] and not self._is_known(re.findall(r"[A-Z][\w'’-]+", part)[0]):
            self._add(LEFT_OUT)
            self.notes.append(UNKNOWN_REFERENCE)
        elif match["image"]:
            self._take_out(NO_IMAGE)
        elif match["link"]:
            self._add(match["words"])
            self.notes += [] if self._is_known(match["target"]) else [UNKNOWN_LINK]
        elif match["address"] and not self._is_known(part.strip("()").split()[-1].rstrip(".,;:!?*'")):
            self._take_out(UNKNOWN_LINK)
            self._add(part[len(part.rstrip(".,;:!?'")) :])
        elif not match["dress"]:
            self._add(part)

    def _add(self, text: str) -> None:
        if text and text[0] in " .,;:!?" and self.plain and self.plain[-1].endswith(" "):
            self._strip()
        self.plain.append(text)
        self.length += len(text)

    def _strip(self) -> None:
        """Takes the spaces at the end away."""
        while self.plain and self.plain[-1].endswith(" "):
            last = self.plain.pop()
            kept = last.rstrip(" ")
            self.length -= len(last) - len(kept)
            self.plain += [kept] if kept else []

    def _cites(self, match: re.Match[str], text: str) -> bool:
        """Whether a number in parentheses is a citation, and not a figure or the head of a list's item."""
        if not all(1 <= number <= len(self.evidence) for number in numbers(match.group())):
            return False
        return match.group()[1].isalpha() or not _ENUMERATES.search(text[max(0, match.start() - 20) : match.start()])

    def _mark(self, part: str) -> None:
        cited = numbers(part)
        if 0 in cited:  # an interval
            self._add(part)
            return
        begins_line = not self.length or self.plain[-1].endswith("\n")
        if not begins_line:
            self._strip()
        within = [number for number in cited if number <= len(self.evidence)]
        self.marks += [(self.length, number) for number in within]
        self.notes += [DROPPED] * (len(within) < len(cited))

    def _take_out(self, note: str) -> None:
        self._strip()
        self.notes.append(note)

    def _is_known(self, words: str) -> bool:
        return bool(words) and words.casefold() in self.known.casefold()


def _said(plain: str, marks: Sequence[tuple[int, int]]) -> Iterator[Said]:
    bounds = list(_bounds(plain))
    owned: list[list[tuple[int, int]]] = [[] for _ in bounds]
    for place, number in marks:
        if bounds:
            owner = _owner(place, bounds, plain, marks)
            start, end = bounds[owner]
            owned[owner].append((min(max(place, start), end) - start, number))
    for index, (start, end) in enumerate(bounds):
        before = bounds[index - 1][1] if index else 0
        yield Said(plain[before:start], plain[start:end], tuple(owned[index]))


def _bounds(plain: str) -> Iterator[tuple[int, int]]:
    """Sentences, line by line; the mark of a list's item belongs to none."""
    start = 0
    for line in plain.splitlines(keepends=True):
        item = _ITEM.match(line)
        head = item.end() if item else 0
        yield from ((start + head + a, start + head + b) for a, b in sentences(line[head:]))
        start += len(line)


def _owner(place: int, bounds: Sequence[tuple[int, int]], plain: str, marks: Sequence[tuple[int, int]]) -> int:
    """The sentence that a mark stands in or behind; where its line begins with a mark, the one before which it is."""
    inside = max((index for index, (start, _) in enumerate(bounds) if start < place), default=0)
    line = plain.rfind("\n", 0, place) + 1
    leads = any(at == line for at, _ in marks)
    following = inside + 1 if bounds[inside][0] < place else inside
    if place == line or (leads and place >= bounds[inside][1]):
        rest = plain[place:].split("\n", 1)[0].strip()
        return following if rest and following < len(bounds) else inside
    return inside
