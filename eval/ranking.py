"""How well a ranking puts what is relevant first. Pure; gains come by rank, best first, 0 where nothing is relevant.

All are as trec_eval has them: linear gains, logarithms to base 2, and 0 where nothing was found.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import lru_cache
from math import log2

from eval.questions import Groups
from rag.identity import title_key


def gains(ranked: Sequence[Collection[str]], groups: Groups) -> list[float]:
    """1 at a rank that meets one more group, else 0; `ranked` holds each rank's names.

    A second alternative of a group that was met already gains nothing, unless the first can stand for another group:
    as many groups as can be are met by the ranks so far (a maximum matching, by augmenting paths; Kuhn 1955).

    >>> gains([{"x"}, {"a"}, {"b"}, {"c"}], (("a", "b"), ("c",)))
    [0.0, 1.0, 0.0, 1.0]
    >>> gains([{"a"}, {"b"}], (("a", "b"), ("a",)))
    [1.0, 1.0]
    """
    fitting = [[place for place, group in enumerate(groups) if same(names, group)] for names in ranked]
    met: dict[int, int] = {}  # which rank stands for a group
    return [float(_meets(rank, fitting, met, set())) for rank in range(len(ranked))]


def _meets(rank: int, fitting: Sequence[Sequence[int]], met: dict[int, int], tried: set[int]) -> bool:
    """Whether the rank can stand for a group, if need be by moving another rank to another group."""
    for group in fitting[rank]:
        if group not in tried:
            tried.add(group)
            if group not in met or _meets(met[group], fitting, met, tried):
                met[group] = rank
                return True
    return False


def same(names: Collection[str], group: Collection[str]) -> bool:
    """Whether one of a paper's names (id, title) is in the group, punctuation and case aside.

    >>> same({"clip-1a2b3c", "Demystifying CLIP Data"}, ["demystifying CLIP data."])
    True
    """
    return not {folded(name) for name in names}.isdisjoint(map(folded, group))


@lru_cache(maxsize=100_000)
def folded(text: str) -> str:
    """Letters and digits alone, case and accents aside, so that dashes, quotes and line breaks part no equal words.

    >>> folded("Pre-\\ntraining  “É”")
    'pretraininge'
    """
    return title_key(text)


def ndcg(found: Sequence[float], ideal: Sequence[float], k: int) -> float:
    """DCG@k / ideal DCG@k, DCG@k = sum over ranks i <= k of gain(i) / log2(i + 1) (Järvelin and Kekäläinen 2002).

    `ideal`: the gains of everything relevant, in any order; 0 where nothing is.

    >>> round(ndcg([0, 1, 1], [1, 1], 10), 4)
    0.6934
    >>> ndcg([], [1], 10), ndcg([0, 1], [], 10)
    (0.0, 0.0)
    """
    best = _dcg(sorted(ideal, reverse=True), k)
    return _dcg(found, k) / best if best else 0.0


def _dcg(found: Sequence[float], k: int) -> float:
    return sum(gain / log2(rank + 1) for rank, gain in enumerate(found[:k], start=1))


def recall(found: Sequence[float], relevant: int, k: int) -> float:
    """Share of what is relevant that stands in the first k; 0 where nothing is relevant.

    >>> recall([1, 0, 1], 4, 2), recall([1], 0, 10)
    (0.25, 0.0)
    """
    return sum(gain > 0 for gain in found[:k]) / relevant if relevant else 0.0


def reciprocal_rank(found: Sequence[float], k: int) -> float:
    """1 / the rank of the first relevant one; 0 where none is in the first k.

    >>> reciprocal_rank([0, 0, 1], 10), reciprocal_rank([0, 0, 1], 2)
    (0.3333333333333333, 0.0)
    """
    return next((1 / rank for rank, gain in enumerate(found[:k], start=1) if gain > 0), 0.0)


def hit(found: Sequence[float], k: int) -> float:
    """1 where something relevant stands in the first k, else 0.

    >>> hit([0, 1], 1), hit([0, 1], 3)
    (0.0, 1.0)
    """
    return float(any(gain > 0 for gain in found[:k]))
