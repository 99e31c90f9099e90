"""Whether it answers what it can and only that. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


def crag_score(right: bool, abstained: bool) -> int:
    """1 for a right answer, 0 for an abstention, -1 for a wrong answer (CRAG, Yang et al. 2024).

    Abstaining from what has no answer is right; CRAG itself has such questions answered with "invalid question".

    >>> crag_score(True, True), crag_score(False, True), crag_score(False, False)
    (1, 0, -1)
    """
    return 1 if right else 0 if abstained else -1


@dataclass(frozen=True, slots=True)
class Point:
    """What answering only where the confidence is at least `threshold` would come to."""

    threshold: float
    coverage: float  # share of all questions answered (0..1)
    risk: float  # share of those answered that is wrong (0..1)


def risk_coverage(answered: Iterable[tuple[float, bool]], of: int) -> list[Point]:
    """The risk-coverage curve (El-Yaniv and Wiener 2010), from the surest answer on; equal confidences are one point.

    `answered`: confidence and whether it is right, of each question answered; `of`: all questions. It ends at the
    coverage of the run: what a question would have got that was abstained from, nobody knows.

    >>> [(p.coverage, round(p.risk, 2)) for p in risk_coverage([(0.9, True), (0.5, False), (0.5, True)], 4)]
    [(0.25, 0.0), (0.75, 0.33)]
    >>> risk_coverage([], 4)
    []
    """
    kept = sorted(answered, reverse=True)
    points = []
    wrong = 0
    for place, (confidence, right) in enumerate(kept, start=1):
        wrong += not right
        if place == len(kept) or kept[place][0] < confidence:
            points.append(Point(confidence, place / of, wrong / place))
    return points


def area(curve: Iterable[Point]) -> float | None:
    """Mean risk over the coverages reached (AURC, Geifman and El-Yaniv 2019): 0 is best; None without an answer.

    >>> area([Point(0.9, 0.25, 0.0), Point(0.5, 0.75, 0.75)])
    0.5
    """
    before, total = 0.0, 0.0
    for point in curve:
        total += point.risk * (point.coverage - before)
        before = point.coverage
    return total / before if before else None
