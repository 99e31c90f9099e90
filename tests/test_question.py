"""What is read from a question, and what counts as a word."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.question import asks_for_figure, asks_for_several, holds_figure, names
from rag.words import of_one_family, stem, tokens


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("GPT-4", "gpt-4"),
        ("IL-6", "il-6"),
        ("p<0.05", "p<0.05"),
        ("2.5x", "2.5x"),
        ("81.4%", "81.4%"),
        ("F_{1}", "f_{1"),
    ],
)
def test_names_and_figures_stay_one_word(text: str, kept: str) -> None:
    assert kept in tokens(f"It reaches {text} here.")


@pytest.mark.parametrize(("many", "one"), [("GPUs", "GPU"), ("CNNs", "CNN"), ("LLMs", "llm"), ("capsules", "capsule")])
def test_a_plural_is_the_word_itself(many: str, one: str) -> None:
    assert tokens(many) == tokens(one)


def test_gpt_4_is_not_gpt_3() -> None:
    assert set(tokens("GPT-4")) & set(tokens("GPT-3")) == {"gpt"}


def test_words_are_stemmed_and_stop_words_dropped() -> None:
    assert tokens("How are the models compressed?") == ["model", "compress"]


def test_accents_and_case_make_no_difference() -> None:
    assert tokens("Naïve Poincaré") == tokens("naive poincare")


@given(st.text())
def test_any_text_has_words_without_white_space(text: str) -> None:
    assert all(token and not any(c.isspace() for c in token) for token in tokens(text))


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("What is CapsFusion?", ("CapsFusion",)),
        ("How do GPT-4 and CLIP differ?", ("GPT-4", "CLIP")),
        ("Which papers are about Persian?", ("Persian",)),
        ("what is clip?", ()),
        ("OK, tell me more", ()),
        ("WHAT IS THE TASK OF CROCO", ()),
        ("Someone did it. How much did it save?", ()),
    ],
)
def test_names_are_told_by_their_capitals_and_digits(question: str, found: tuple[str, ...]) -> None:
    assert names(question) == found


@pytest.mark.parametrize(
    "question",
    ["Which papers propose captioners?", "Are there any models for satellites?", "Compare CLIP and ALIP",
     "Who is using capsule networks?", "How do CLIP and ALIP differ from each other?"],
)  # fmt: skip
def test_a_question_for_several_papers_is_recognised(question: str) -> None:
    assert asks_for_several(question)


@pytest.mark.parametrize(
    "question", ["What is the pretext task of CroCo?", "How large is it?", "Which method keeps most of the examples?"]
)
def test_a_question_for_one_paper_is_not_taken_for_several(question: str) -> None:
    assert not asks_for_several(question)


def test_a_question_for_a_figure_is_recognised_and_so_is_a_figure() -> None:
    assert asks_for_figure("How many languages does it cover?")
    assert not asks_for_figure("What is CroCo?")
    assert holds_figure("It covers ten languages.")
    assert not holds_figure("It covers many languages.")


@pytest.mark.parametrize(
    "pair",
    ["medicine medical", "images imagery", "Turkish Turk", "segmentation segmenting", "diagnosis diagnostic",
     "chemistry chemical", "explain explanations", "quantisation quantization", "retrieval retriever", "law law"],
)  # fmt: skip
def test_words_of_one_stem_are_kin(pair: str) -> None:
    one, other = map(stem, pair.split())
    assert of_one_family(one, other)
    assert of_one_family(other, one)


@pytest.mark.parametrize(
    "pair",
    ["translation transformers", "multilingual multimodal", "multilingual multi", "generation general",
     "contrast control", "interpret interaction", "compression compromise", "law lawn"],
)  # fmt: skip
def test_words_that_only_begin_alike_are_none(pair: str) -> None:
    one, other = map(stem, pair.split())
    assert not of_one_family(one, other)
    assert not of_one_family(other, one)
