"""Which part of a question asks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.clause import asking


@pytest.mark.parametrize(
    ("question", "clause"),
    [
        ("A baker lets dough rest in the cold. How long does it rest?", "How long does it rest?"),
        ("Dough that rests in the cold: how long?", "Dough that rests in the cold: how long?"),  # too short to ask
        ("Dough rests in the cold, and how warm is the oven after it?", "and how warm is the oven after it?"),
        ("dough is rested in the cold ... who came up with that?", "who came up with that?"),
        ("How long does the dough rest in the work that uses cold ovens?", "How long does the dough rest"),
        ("What is the approach by the paper which bakes bread?", "What is the approach"),
        ("Who proved that dough rests?", "Who proved that dough rests?"),
        ("In the work that uses cold ovens, dough rests", "In the work that uses cold ovens, dough rests"),
        ("", ""),
    ],
)
def test_what_is_described_is_left_out(question: str, clause: str) -> None:
    assert asking(question) == clause


@given(st.text())
def test_it_is_a_part_of_the_question_and_never_nothing_of_something(question: str) -> None:
    clause = asking(question)
    assert clause in question
    assert bool(clause) == bool(question)
