"""Intervals and tests equal scipy's, and say what they don't know."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from eval.statistics import at_most, bootstrap, mcnemar, mean_interval, paired, randomisation, wilson


@pytest.mark.parametrize(("successes", "n"), [(0, 5), (1, 20), (8, 10), (44, 90), (430, 430)])
def test_wilsons_interval_is_scipys(successes: int, n: int) -> None:
    theirs = stats.binomtest(successes, n).proportion_ci(method="wilson")
    assert wilson(successes, n) == pytest.approx((theirs.low, theirs.high))


@pytest.mark.parametrize(("wins", "losses"), [(0, 0), (0, 1), (3, 9), (10, 10), (40, 12), (700, 800)])
def test_mcnemars_exact_p_is_the_binomial_tests(wins: int, losses: int) -> None:
    n = wins + losses
    assert mcnemar(wins, losses) == pytest.approx(stats.binomtest(wins, n).pvalue if n else 1.0)


@pytest.mark.parametrize("seed", range(5))
def test_the_randomisation_test_is_scipys_on_every_flip(seed: int) -> None:
    differences = np.random.default_rng(seed).normal(0.3, 1, 12)
    exact = stats.permutation_test((differences,), np.sum, permutation_type="samples", n_resamples=np.inf).pvalue
    ours = randomisation(list(differences), [str(number) for number in range(12)])
    assert ours == pytest.approx(exact, abs=0.015)


def test_the_bootstrap_of_single_questions_is_scipys() -> None:
    scores = np.random.default_rng(7).beta(4, 2, 150)
    theirs = stats.bootstrap((scores,), np.mean, method="percentile", rng=1).confidence_interval
    ours = bootstrap(list(scores), [str(number) for number in range(150)])
    assert ours == pytest.approx((theirs.low, theirs.high), abs=0.006)


def test_questions_that_hang_together_widen_the_interval() -> None:
    scores = [float(number // 3 % 2) for number in range(90)]
    alone = bootstrap(scores, [str(number) for number in range(90)])
    by_paper = bootstrap(scores, [str(number // 3) for number in range(90)])
    assert alone is not None
    assert by_paper is not None
    assert by_paper[1] - by_paper[0] > 1.5 * (alone[1] - alone[0])


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30), st.booleans())
def test_an_interval_holds_its_figure_and_is_the_same_every_time(scores: list[float], rate: bool) -> None:
    clusters = [str(number % 7) for number in range(len(scores))]
    interval = mean_interval(scores, clusters, rate)
    assert interval == mean_interval(scores, clusters, rate)
    if interval and set(scores) <= {0.0, 1.0}:
        assert interval[0] - 1e-9 <= sum(scores) / len(scores) <= interval[1] + 1e-9


def test_twelve_times_right_is_no_certainty_and_one_cluster_says_nothing() -> None:
    interval = mean_interval([1.0] * 12, [str(number) for number in range(12)])
    assert interval is not None
    assert interval[0] < 0.8
    assert mean_interval([0.3, 0.6], ["a", "a"]) is None


def test_no_attack_seen_in_twenty_is_at_most_three_twentieths() -> None:
    assert at_most(0, 20) == 0.15


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=20))
def test_comparing_the_other_way_round_mirrors_everything(scores: list[tuple[float, float]]) -> None:
    first, second = [a for a, _ in scores], [b for _, b in scores]
    clusters = [str(number) for number in range(len(scores))]
    there, back = (paired(a, b, clusters, rate=False, up=True) for a, b in ((first, second), (second, first)))
    assert (there.wins, there.ties, there.losses) == (back.losses, back.ties, back.wins)
    assert there.difference == pytest.approx(-back.difference)
    assert there.p == back.p
    assert 0 < there.p <= 1


def test_a_lower_score_wins_where_lower_is_better() -> None:
    found = paired([1, 1, 0], [0, 1, 0], ["a", "b", "c"], rate=True, up=False)
    assert (found.wins, found.ties, found.losses) == (1, 2, 0)
