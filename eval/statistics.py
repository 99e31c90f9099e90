"""How sure a figure is, and whether two runs differ: intervals and tests of the textbooks, on numpy alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import comb, sqrt

import numpy as np

SEED = 20_250_101
RESAMPLES = 2_000  # of the bootstrap
FLIPS, AT_ONCE = 10_000, 500  # of the randomisation test, and how many of them are in memory
Z = 1.959963984540054  # 97.5% of the normal distribution: intervals are at 95%
SAME = 1e-9  # below this, a difference is the last bits of another processor

Interval = tuple[float, float]


def wilson(successes: int, n: int) -> Interval:
    """Wilson's score interval for a rate at 95% (Wilson 1927); (0, 1) where n is 0.

    (p + z²/2n ± z sqrt(p(1 - p)/n + z²/4n²)) / (1 + z²/n), p = successes / n.

    >>> [round(bound, 3) for bound in wilson(8, 10)], wilson(0, 0)
    ([0.49, 0.943], (0.0, 1.0))
    """
    if not n:
        return 0.0, 1.0
    share = successes / n
    middle, half = share + Z**2 / (2 * n), Z * sqrt(share * (1 - share) / n + Z**2 / (4 * n * n))
    low, high = ((middle + side * half) / (1 + Z**2 / n) for side in (-1, 1))
    return (0.0 if successes == 0 else low), (1.0 if successes == n else high)


def at_most(successes: int, n: int) -> float:
    """Upper bound of a rate at 95%: 3 / n where nothing was seen (the rule of three), else Wilson's.

    >>> at_most(0, 20), round(at_most(1, 20), 3), at_most(0, 2)
    (0.15, 0.236, 1.0)
    """
    return wilson(successes, n)[1] if successes or not n else min(1.0, 3 / n)


def bootstrap(scores: Sequence[float], clusters: Sequence[str]) -> Interval | None:
    """Percentile interval of the mean at 95%, whole clusters drawn with replacement (Efron 1979; Field, Welsh 2007).

    None below two clusters. Where all scores are equal it sees no spread, and gives that one value twice.

    >>> bootstrap([1.0, 1.0, 0.0, 0.0], ["a", "a", "b", "b"])
    (0.0, 1.0)
    """
    sums, sizes = _by_cluster(scores, clusters)
    if len(sums) < 2:
        return None
    drawn = _draws(len(sums))
    low, high = np.quantile((drawn @ sums) / (drawn @ sizes), [0.025, 0.975])
    return float(low), float(high)


@lru_cache(maxsize=8)
def _draws(clusters: int) -> np.ndarray:
    """How often each cluster is drawn: (RESAMPLES, clusters)."""
    rng = np.random.default_rng(SEED)
    return rng.multinomial(clusters, np.full(clusters, 1 / clusters), RESAMPLES).astype(np.float64)


def _by_cluster(scores: Sequence[float], clusters: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Sum and size of every cluster."""
    names, places = np.unique(np.array(clusters, dtype=object).astype(str), return_inverse=True)
    sums = np.bincount(places, weights=np.array(scores, float), minlength=len(names))
    return sums, np.bincount(places, minlength=len(names)).astype(float)


def mean_interval(
    scores: Sequence[float], clusters: Sequence[str], rate: bool = False, unit: bool = True
) -> Interval | None:
    """The interval that a figure is shown with: Wilson's for a rate (scores 0 or 1), else the bootstrap's.

    Where the bootstrap sees no spread because all scores lie at the same end of 0..1 (`unit`), the far bound is
    Wilson's for as many clusters: twelve times 1 do not make a certainty.

    >>> [round(bound, 2) for bound in mean_interval([1.0] * 12, list("abcdefghijkl"))]
    [0.76, 1.0]
    """
    if rate and set(scores) <= {0.0, 1.0}:
        return wilson(int(sum(scores)), len(scores)) if scores else None
    if unit and set(scores) in ({0.0}, {1.0}):
        n = len(set(clusters))
        return wilson(int(n * scores[0]), n) if n > 1 else None
    return bootstrap(scores, clusters)


def mcnemar(wins: int, losses: int) -> float:
    """Two-sided p of McNemar's exact test: as many wins as losses are expected (McNemar 1947).

    2 P(X <= min(wins, losses)), X ~ Binomial(wins + losses, 1/2); 1 where nothing changed.

    >>> mcnemar(0, 6), mcnemar(3, 3), mcnemar(0, 0)
    (0.03125, 1.0, 1.0)
    """
    n = wins + losses
    return min(1.0, 2 * sum(comb(n, k) for k in range(min(wins, losses) + 1)) / (1 << n))


def randomisation(differences: Sequence[float], clusters: Sequence[str]) -> float:
    """Two-sided p of the paired randomisation test: signs flipped at random, a whole cluster at a time.

    (1 + how many of FLIPS flips reach the mean seen) / (1 + FLIPS), never 0 (Phipson and Smyth 2010).

    >>> randomisation([0.0, 0.0], ["a", "b"])
    1.0
    """
    sums, _ = _by_cluster(differences, clusters)
    seen = abs(float(sums.sum()))
    if seen < SAME:
        return 1.0
    rng, reached = np.random.default_rng(SEED), 0
    for _ in range(FLIPS // AT_ONCE):
        signs = rng.choice([-1.0, 1.0], (AT_ONCE, len(sums)))
        reached += int((np.abs(signs @ sums) >= seen - SAME).sum())
    return (1 + reached) / (1 + FLIPS)


def kappa(pairs: Sequence[tuple[str, str]]) -> float | None:
    """Agreement of two graders beyond chance (Cohen 1960), from both verdicts on each thing graded; at most 1.

    (p - e) / (1 - e): p the share of equal verdicts, e the sum over verdicts of the product of both graders' shares.
    None where e is 1: both always gave the one verdict, and chance alone explains it.

    >>> kappa([("a", "a"), ("a", "b"), ("b", "b"), ("b", "b")])  # p = 3/4, e = 1/2 1/4 + 1/2 3/4 = 1/2
    0.5
    >>> kappa([("a", "b"), ("b", "a")]), kappa([("a", "a")]), kappa([])
    (-1.0, None, None)
    """
    n = len(pairs)
    ones, others = (Counter(side) for side in zip(*pairs, strict=True)) if pairs else (Counter[str](), Counter[str]())
    by_chance = sum(ones[verdict] * others[verdict] for verdict in ones)  # e n²
    if by_chance == n * n:
        return None
    equal = sum(one == other for one, other in pairs)
    return (equal * n - by_chance) / (n * n - by_chance)


@dataclass(frozen=True, slots=True)
class Paired:
    """What changed between two runs over the same questions; `wins` are the second's."""

    n: int
    difference: float  # mean of second - first
    interval: Interval | None
    p: float
    wins: int
    ties: int
    losses: int


def paired(first: Sequence[float], second: Sequence[float], clusters: Sequence[str], rate: bool, up: bool) -> Paired:
    """Compares scores question by question: McNemar's test for a rate (scores 0 or 1), else randomisation.

    `up`: whether a higher score is better. n >= 1 scores each.

    >>> paired([0, 0, 1], [1, 1, 1], ["a", "b", "c"], rate=True, up=True).wins
    2
    """
    differences = [b - a for a, b in zip(first, second, strict=True)]
    higher, lower = (sum(side * one > SAME for one in differences) for side in (1, -1))
    binary = rate and {*first, *second} <= {0.0, 1.0}
    return Paired(
        n=len(differences),
        difference=sum(differences) / len(differences),
        interval=bootstrap(differences, clusters),
        p=mcnemar(higher, lower) if binary else randomisation(differences, clusters),
        wins=higher if up else lower,
        ties=len(differences) - higher - lower,
        losses=lower if up else higher,
    )
