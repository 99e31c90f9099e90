"""Retrieval metrics equal trec_eval's own, and behave as their names say."""

from __future__ import annotations

import random

import pytest
import pytrec_eval
from hypothesis import given
from hypothesis import strategies as st

from eval.ranking import gains, hit, ndcg, recall, reciprocal_rank, same
from eval.retrieval import figures

names = st.text("abcdefgh", min_size=1, max_size=1)


def random_run(seed: int) -> tuple[list[str], dict[str, int]]:
    chance = random.Random(seed)
    documents = [f"d{number}" for number in range(60)]
    grades = {document: chance.randint(1, 3) for document in chance.sample(documents, chance.randint(1, 20))}
    return chance.sample(documents, chance.randint(0, 60)), grades


@pytest.mark.parametrize("seed", range(40))
def test_ndcg_recall_and_mrr_equal_trec_evals(seed: int) -> None:
    ranked, grades = random_run(seed)
    run = {"q": {document: float(len(ranked) - place) for place, document in enumerate(ranked)}}
    measures = {"ndcg_cut.10", "recall.100", "recip_rank"}
    theirs = pytrec_eval.RelevanceEvaluator({"q": grades}, measures).evaluate(run)["q"]
    ours = figures(ranked, {document: float(grade) for document, grade in grades.items()})
    assert ours["nDCG@10"] == pytest.approx(theirs["ndcg_cut_10"])
    assert ours["Recall@100"] == pytest.approx(theirs["recall_100"])
    first = theirs["recip_rank"]
    assert ours["MRR@10"] == pytest.approx(first if first >= 0.1 else 0.0)


@given(st.lists(names, max_size=12, unique=True), st.lists(st.lists(names, min_size=1, max_size=3), max_size=4))
def test_a_group_is_met_once_and_no_more_is_gained_than_there_are_groups(
    ranked: list[str], groups: list[list[str]]
) -> None:
    wanted = tuple(map(tuple, groups))
    found = gains([{name} for name in ranked], wanted)
    assert len(found) == len(ranked)
    assert sum(found) <= len(wanted)
    assert 0 <= ndcg(found, [1.0] * len(wanted), 10) <= 1
    assert 0 <= recall(found, len(wanted), 5) <= 1


@given(st.lists(st.sampled_from([0.0, 1.0]), max_size=15), st.integers(1, 14))
def test_looking_further_down_finds_no_less(found: list[float], k: int) -> None:
    assert hit(found, k) <= hit(found, k + 1)
    assert recall(found, 3, k) <= recall(found, 3, k + 1)
    assert reciprocal_rank(found, k) <= reciprocal_rank(found, k + 1) <= hit(found, k + 1)


@given(st.lists(st.sampled_from([0.0, 1.0]), min_size=2, max_size=10), st.data())
def test_moving_a_relevant_paper_up_never_lowers_ndcg(found: list[float], data: st.DataObject) -> None:
    place = data.draw(st.integers(1, len(found) - 1))
    better = found.copy()
    if found[place] > found[place - 1]:
        better[place - 1], better[place] = found[place], found[place - 1]
    ideal = [1.0] * 10
    assert ndcg(better, ideal, 10) >= ndcg(found, ideal, 10)


def test_a_paper_is_known_by_id_or_title_whatever_its_punctuation() -> None:
    assert same({"demystifying-clip-data-1a2b3c", "Demystifying CLIP Data"}, ["demystifying-clip-data-1a2b3c"])
    assert same({"x", "MAMMAL -- Molecular Aligned"}, ["MAMMAL – Molecular aligned"])
    assert not same({"x", "CLIP"}, ["CLIP2"])
