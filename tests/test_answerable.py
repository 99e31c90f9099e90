"""Whether the papers say it: what a question asks for against what was found."""

from __future__ import annotations

import pytest

from rag.answerable import FEATURES, weights
from rag.attributes import uncounted, unmet
from rag.pipeline import Pipeline
from rag.spelling import corrected, vocabulary
from rag.types import Answer, Query, Scope, Turn

SPOKEN = "We train CuBERT on 7.4M Python files with 24 layers and release it under the MIT licence; gains reach 3.2%."


def ask(pipeline: Pipeline, text: str) -> Answer:
    return pipeline.ask(Query(text)).answer


@pytest.mark.parametrize(
    ("question", "attribute"),
    [
        ("Who wrote it?", "authors"),
        ("Which university are they from?", "affiliations"),
        ("In what year was it published?", "year or venue"),
        ("What learning rate did they use?", "training settings"),
        ("On what GPU was it trained?", "hardware"),
        ("Which limitations do they admit to?", "limitations"),
        ("How many gigabytes is the corpus?", "size in bytes"),
    ],
)
def test_what_is_asked_for_and_not_offered_is_named(question: str, attribute: str) -> None:
    assert unmet(question, SPOKEN) == (attribute,)


@pytest.mark.parametrize(
    "question", ["How many layers has it?", "Under which licence is it?", "How much does it gain?", "What is CuBERT?"]
)
def test_what_is_offered_is_not_missed(question: str) -> None:
    assert unmet(question, SPOKEN) == ()


@pytest.mark.parametrize(
    ("question", "missed"),
    [
        ("How many Python files was it trained on?", None),
        ("How many layers?", None),
        ("How many attention heads has it?", "attention heads has it"),
        ("What is the number of images?", "images"),
        ("What is it?", None),
    ],
)
def test_a_count_is_there_where_a_number_stands_before_what_is_counted(question: str, missed: str | None) -> None:
    assert (uncounted(question, SPOKEN) is None) == (missed is None)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("Which algorithm does Prepaking use?", "Which algorithm does Prepacking use?"),
        ("how small are Tiny Time Mixres", "how small are Tiny Time Mixers"),
        ("how many parmeters?", "how many parameters?"),
        ("What is LaCLIP?", "What is LaCLIP?"),
        ("PARMETERS", "PARAMETERS"),
        ("What is a zebra?", "What is a zebra?"),
    ],
)
def test_a_slip_of_the_finger_is_put_right(typed: str, meant: str) -> None:
    known = vocabulary(["Prepacking and Tiny Time Mixers have few parameters", "LeCLIP has parameters"])
    words = {"algorithm", "which", "small", "what", "there", "zebra"}.union(*known.values())
    assert corrected(typed, lambda word: word.lower() in words, known) == meant


@pytest.mark.parametrize(
    ("question", "reason"),
    [
        ("What is the learning rate of CapsFusion?", "its abstract gives no training settings"),
        ("Who wrote the MetaCLIP paper?", "its abstract gives no authors"),
        ("How does Zorblaxian resonance improve tea?", "No abstract here mentions Zorblaxian"),
        ("How do volcanoes erupt?", "None of the 90 abstracts comes close"),
    ],
)
def test_the_reason_says_what_is_missing(pipeline: Pipeline, question: str, reason: str) -> None:
    answer = ask(pipeline, question)
    assert answer.status == "abstained"
    assert reason in (answer.reason or "")


@pytest.mark.parametrize(
    "question",
    [
        "Which algorithm does Prepaking use to squeeze prompts of different lengths into a compact batch?",
        "Which papers speed up training on GPUs?",
        "As a PhD student, how can I compress prompts?",
        "TL;DR of the MetaCLIP paper?",
    ],
)
def test_typos_plurals_and_asides_do_not_keep_the_papers_from_answering(pipeline: Pipeline, question: str) -> None:
    assert ask(pipeline, question).status == "answered"


def test_a_new_question_in_a_conversation_is_not_held_to_the_papers_before_it(pipeline: Pipeline) -> None:
    first = ask(pipeline, "What is CapsFusion?")
    history = (Turn("user", first.question), Turn("assistant", first.text, (first.citations[0].span.paper.id,)))
    for question in ("What is UL2 and how is it trained?", "What are capsule networks?", "What about MetaCLIP?"):
        answer = pipeline.ask(Query(question, history)).answer
        assert answer.status == "answered"
        assert first.citations[0].span.paper not in {citation.span.paper for citation in answer.citations}


def test_a_follow_up_cites_nothing_outside_the_scope(pipeline: Pipeline) -> None:
    first, other = ask(pipeline, "What is CapsFusion?"), ask(pipeline, "What is UL2?").citations[0].span.paper
    history = (Turn("user", first.question), Turn("assistant", first.text, (first.citations[0].span.paper.id,)))
    answer = pipeline.ask(Query("how does it scale?", history, Scope(papers=(other.id,)))).answer
    assert {citation.span.paper for citation in answer.citations} <= {other}


def test_the_weights_are_of_the_features_and_speak_for_or_against_as_a_person_would() -> None:
    learned = weights()
    assert set(learned) == {*FEATURES, "bias"}
    assert all(learned[name] > 0 for name in ("meaning", "words", "held"))
    assert all(learned[name] < 0 for name in ("unknown name", "foreign name", "attribute", "count", "figure"))
