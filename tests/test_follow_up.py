"""Follow-ups: what leans on the conversation is completed from it, what stands alone is left alone."""

from __future__ import annotations

import pytest

from rag.errors import UnknownPaper
from rag.follow_up import standalone, turned
from rag.types import Paper, Turn

PAPERS = {name: Paper(name.lower(), name, "An abstract.") for name in ("MultiMAE", "ALIP", "LaCLIP")}
ONE = (Turn("user", "What is MultiMAE?"), Turn("assistant", "A masked autoencoder. [1]", ("MultiMAE",)))
TWO = (Turn("user", "Which works rewrite captions?"), Turn("assistant", "ALIP [1] and LaCLIP [2].", ("ALIP", "LaCLIP")))


def lookup(name: str) -> Paper:
    if name not in PAPERS:
        raise UnknownPaper(name)
    return PAPERS[name]


def owner(name: str) -> str | None:
    return name if name in PAPERS else None


def about(question: str, history: tuple[Turn, ...]) -> tuple[str, ...]:
    return standalone(question, history, lookup, owner).papers


@pytest.mark.parametrize(
    "question", ["how large is it?", "Is its code public?", "What data do they use?", "and on COCO?"]
)
def test_a_pronoun_or_a_fragment_means_the_paper_cited_last(question: str) -> None:
    assert about(question, ONE) == ("multimae",)


def test_the_standalone_question_names_the_paper_it_is_about() -> None:
    assert standalone("how large is it?", ONE, lookup, owner).text.endswith("how large is it (about “MultiMAE”)?")


def test_a_fragment_carries_the_question_before_it() -> None:
    assert standalone("and on COCO?", ONE, lookup, owner).asked == "What is MultiMAE? and on COCO?"


@pytest.mark.parametrize(
    ("question", "papers"),
    [
        ("How large is it?", ("alip",)),
        ("How large are they?", ("alip", "laclip")),
        ("And on COCO?", ("alip", "laclip")),
    ],
)
def test_of_several_papers_it_means_the_first_and_they_means_all(question: str, papers: tuple[str, ...]) -> None:
    assert about(question, TWO) == papers


@pytest.mark.parametrize(
    ("question", "paper"),
    [
        ("What about the second one?", "laclip"),
        ("How much does the first gain?", "alip"),
        ("and the latter?", "laclip"),
    ],
)
def test_an_ordinal_counts_the_papers_of_the_last_answer(question: str, paper: str) -> None:
    assert about(question, TWO) == (paper,)


def test_an_ordinal_beyond_the_last_answer_counts_over_the_conversation() -> None:
    assert about("How does it compare with the first?", (*TWO, *ONE)) == ("multimae", "alip")


@pytest.mark.parametrize(
    "question",
    [
        "OK, something else: how would I split a scientific document into sections by topic?",
        "Is there also a BERT for legal texts, and in what language?",
        "Which papers propose vision-language models for medical images?",
        "What does CapsFusion improve on image captioning benchmarks?",
        "How large is the data set of MetaCLIP?",
        "Which papers are about prompts?",
        "What are capsule networks?",
        "How does molecular pretraining work?",
        "What is MultiMAE and how is it trained?",
        "What accuracy does MultiMAE reach, and what data does it use?",
        "Do the authors of ALIP release their code?",
    ],
)
def test_a_question_that_stands_alone_or_opens_a_new_topic_is_left_alone(question: str) -> None:
    assert standalone(question, (*TWO, *ONE), lookup, owner).text == question


def test_without_history_nothing_changes() -> None:
    assert standalone("how large is it?", (), lookup, owner).text == "how large is it?"


def test_a_paper_of_the_history_that_the_library_lost_is_passed_over() -> None:
    history = (Turn("user", "What is Gone?"), Turn("assistant", "Gone. [1]", ("Gone",)))
    assert about("how large is it?", history) == ()


@pytest.mark.parametrize(
    "question", ["how many parameters?", "Any code?", "which datasets?", "why?", "what are the results?"]
)
def test_a_short_question_that_could_be_asked_of_any_paper_is_asked_of_the_last(question: str) -> None:
    assert about(question, ONE) == ("multimae",)


@pytest.mark.parametrize(
    ("question", "papers"),
    [
        ("What about ALIP?", ("alip",)),
        ("and LaCLIP?", ("laclip",)),
        ("How does it differ from ALIP?", ("multimae", "alip")),
        ("Is it better than LaCLIP?", ("multimae", "laclip")),
        ("How does ALIP compare to it?", ("multimae", "alip")),
    ],
)
def test_a_paper_named_in_a_follow_up_is_what_it_is_about(question: str, papers: tuple[str, ...]) -> None:
    assert about(question, ONE) == papers


@pytest.mark.parametrize(
    ("question", "papers"),
    [
        ("What about the 2nd?", ("laclip",)),
        ("Which of the two is faster?", ("alip", "laclip")),
        ("Back to the original method: how fast is it?", ("alip",)),
    ],
)
def test_places_are_counted_in_figures_too_and_the_original_one_is_the_first_of_all(
    question: str, papers: tuple[str, ...]
) -> None:
    assert about(question, TWO) == papers


def test_both_reach_back_beyond_an_answer_that_cited_one() -> None:
    history = (*ONE, Turn("user", "Another?"), Turn("assistant", "ALIP. [1]", ("ALIP",)))
    assert about("Which of these two is smaller?", history) == ("multimae", "alip")


def test_others_that_do_something_more_are_asked_for_without_the_papers_cited_so_far() -> None:
    question = "Is there something like that for audio?"
    history = (Turn("user", "How does MultiMAE mask depth maps?"), *ONE[1:])
    alone = standalone(question, history, lookup, owner)
    assert alone.text == f"How does it mask depth maps? {question}"
    assert standalone(question, ONE, lookup, owner).text == question, "of what it is nothing is left to ask"
    assert (alone.without, alone.papers) == (("multimae",), ())
    assert standalone(question, (*TWO, *ONE), lookup, owner).without == ("alip", "laclip", "multimae")


@pytest.mark.parametrize(
    "question",
    ["any other papers?", "is there also another one?", "Is there another one like it?", "something similar?",
     "more like this", "Show me related work", "What else is there?", "Are there any similar approaches?",
     "which other models are comparable?", "anything else like that?"],
)  # fmt: skip
def test_others_like_a_paper_are_asked_for_by_its_title(question: str) -> None:
    alone = standalone(question, ONE, lookup, owner)
    assert alone.text == "Which other papers are like “MultiMAE”?"
    assert (alone.without, alone.papers) == (("multimae",), ("multimae",))


def test_others_of_a_list_are_asked_for_by_what_it_lists() -> None:
    alone = standalone("any others?", TWO, lookup, owner)
    assert alone.text == "Which works rewrite captions? any others?"
    assert alone.without == ("alip", "laclip")


def test_another_after_another_is_like_the_first_and_is_neither() -> None:
    history = (*ONE, Turn("user", "Is there another one like it?"), Turn("assistant", "ALIP. [1]", ("ALIP",)))
    alone = standalone("and another one?", history, lookup, owner)
    assert (alone.papers, alone.without) == (("multimae",), ("multimae", "alip"))


REFUSED = Turn("assistant", "The papers don't say.")


@pytest.mark.parametrize(
    "question",
    ["how is it trained?", "what is it?", "What does it do?", "which datasets?", "Any results?", "and the latency?",
     "what are the results?", "is it fast?", "does it outperform others?", "what problem does it address?"],
)  # fmt: skip
@pytest.mark.parametrize("first", ["How many attention heads does ALIP use?", "Who wrote ALIP?", "ALIP's licence?"])
def test_a_request_of_its_own_carries_no_other_that_was_refused(first: str, question: str) -> None:
    alone = standalone(question, (Turn("user", first), REFUSED), lookup, owner)
    assert alone.text == f"{question.rstrip('?')} (about “ALIP”)?"


def test_nor_one_that_was_answered() -> None:
    history = (Turn("user", "How many parameters does ALIP have?"), Turn("assistant", "One. [1]", ("ALIP",)))
    assert "parameters" not in standalone("How is it trained?", history, lookup, owner).text


def test_the_paper_of_a_refused_question_is_the_one_spoken_of() -> None:
    history = (*ONE, Turn("user", "How many GPUs does ALIP use?"), REFUSED)
    assert about("how is it trained?", history) == ("alip",)


@pytest.mark.parametrize(
    ("first", "topic"),
    [
        ("How many GPUs does the caption rewriter use?", "the caption rewriter use"),
        ("What is the learning rate of the caption rewriter?", "the caption rewriter"),
        ("Which optimizer is the caption rewriter trained with?", "the caption rewriter trained with"),
    ],
)
def test_of_a_refused_question_without_a_name_the_topic_is_carried_and_not_what_it_asked(
    first: str, topic: str
) -> None:
    alone = standalone("how is it trained?", (Turn("user", first), REFUSED), lookup, owner)
    assert alone.text == f"how is it trained ({topic})?"


@pytest.mark.parametrize("question", ["and layers?", "on COCO?", "by how much?", "what about the large ones?", "why?"])
def test_what_asks_nothing_by_itself_carries_the_request(question: str) -> None:
    history = (Turn("user", "How many heads does ALIP use?"), Turn("assistant", "Eight. [1]", ("ALIP",)))
    alone = standalone(question, history, lookup, owner)
    assert alone.text.startswith(f"How many heads does ALIP use? {question.rstrip('?')}")


def test_a_question_without_a_topic_of_its_own_opens_none() -> None:
    alone = standalone("how fast is it?", ONE, lookup, owner)
    assert alone.asked == alone.text == "how fast is it (about “MultiMAE”)?"


@pytest.mark.parametrize("question", ["Which papers have code?", "how many papers?", "list all titles", "hello!"])
def test_a_question_about_the_library_does_not_lean_on_the_conversation(question: str) -> None:
    assert standalone(question, ONE, lookup, owner).text == question


@pytest.mark.parametrize(
    "question", ["BibTeX", "bibtex please", "cite it", "Citation?", "tell me more", "summarise", "Code?", "more"]
)
def test_an_errand_is_run_for_the_paper_spoken_of(question: str) -> None:
    alone = standalone(question, ONE, lookup, owner)
    assert (alone.papers, alone.text) == (("multimae",), f"{question.rstrip('?')} (about “MultiMAE”)?")


def test_a_fragment_carries_the_last_question_that_was_answered_and_whole() -> None:
    history = (*ONE, Turn("user", "What is the capital of France?"), Turn("assistant", "The papers don't say."))
    assert standalone("and on COCO?", history, lookup, owner).asked == "What is MultiMAE? and on COCO?"
    history = (*ONE, Turn("user", "and on COCO?"), Turn("assistant", "It reaches 50. [1]", ("MultiMAE",)))
    assert standalone("and on ADE?", history, lookup, owner).asked == "What is MultiMAE? and on ADE?"


def test_a_history_that_cites_no_papers_is_about_those_it_names() -> None:
    history = (Turn("user", "Compare ALIP and LaCLIP"), Turn("assistant", "They differ."))
    assert about("And the second one?", history) == ("laclip",)


CHOSEN = (*TWO, Turn("user", "Which of the two has code?"), Turn("assistant", "LaCLIP. [1]", ("LaCLIP",)))
THREE = (Turn("user", "Which works pretrain?"), Turn("assistant", "Three.", ("ALIP", "LaCLIP", "MultiMAE")))


@pytest.mark.parametrize(
    "question", ["and which one uses synthetic captions?", "which of them is faster?", "Which of the two has weights?"]
)
def test_a_choice_is_among_the_papers_spoken_of_though_one_was_chosen_already(question: str) -> None:
    assert about(question, CHOSEN) == ("alip", "laclip")
    assert "ALIP" in standalone(question, CHOSEN, lookup, owner).asked


@pytest.mark.parametrize(
    "question", ["which is the best one?", "What's the fastest?", "which are the most accurate ones?"]
)
def test_the_best_one_is_one_of_those_spoken_of(question: str) -> None:
    assert about(question, THREE) == ("alip", "laclip", "multimae")


@pytest.mark.parametrize("question", ["what is the test?", "What is the most important benchmark for captioning?"])
def test_what_is_no_choice_is_none(question: str) -> None:
    assert about(question, THREE) == about(question, ()) or "test" in question


def test_a_choice_is_among_all_of_a_list_of_which_one_was_chosen() -> None:
    history = (*THREE, Turn("user", "Which one is fast?"), Turn("assistant", "ALIP. [1]", ("ALIP",)))
    assert about("Which one is newest?", history) == ("alip", "laclip", "multimae")


def test_the_other_is_the_one_of_two_that_was_not_spoken_of_last() -> None:
    history = (*TWO, Turn("user", "tell me more about the first"), Turn("assistant", "It does. [1]", ("ALIP",)))
    assert about("how large is the other one?", history) == ("laclip",)
    assert turned("what about the other one?", history, lookup, owner) == "tell me more about “LaCLIP”"


@pytest.mark.parametrize(
    ("before", "question", "put"),
    [
        ("How does Mamba work?", "What about ALIP?", "How does ALIP work?"),
        ("How does Mamba work?", "and LaCLIP?", "How does LaCLIP work?"),
        ("Summarise MultiMAE", "And ALIP?", "Summarise ALIP"),
        ("How does Mamba work?", "and on COCO?", "and on COCO?"),
        ("How does Mamba work?", "What about COCO?", "What about COCO?"),
        ("Compare ALIP and LaCLIP", "and MultiMAE?", "and MultiMAE?"),
        ("How does Mamba work?", "How does ALIP work?", "How does ALIP work?"),
    ],
)
def test_what_about_another_asks_the_same_of_it_in_place_of_what_was_named(
    before: str, question: str, put: str
) -> None:
    assert turned(question, (Turn("user", before), REFUSED), lookup, owner) == put


def test_what_about_one_more_asks_the_same_again() -> None:
    history = (Turn("user", "How does Mamba work?"), REFUSED, Turn("user", "and ALIP?"), REFUSED)
    assert turned("and LaCLIP?", history, lookup, owner) == "How does LaCLIP work?"


@pytest.mark.parametrize("question", ["And about captioning?", "what about captioning?", "and captioning"])
def test_another_topic_takes_the_place_of_the_one_that_was_listed(question: str) -> None:
    history = (Turn("user", "Which papers are about speech recognition?"), REFUSED)
    assert turned(question, history, lookup, owner) == "Which papers are about captioning?"


def test_whether_there_is_code_is_no_question_to_be_carried_on() -> None:
    history = (*ONE, Turn("user", "is the code out?"), Turn("assistant", "At its page. [1]", ("MultiMAE",)))
    assert standalone("and on COCO?", history, lookup, owner).asked == "What is MultiMAE? and on COCO?"


def test_a_whole_question_of_a_paper_here_carries_nothing_of_one_that_is_not() -> None:
    history = (Turn("user", "What is SetFit?"), REFUSED)
    assert standalone("And how does MultiMAE work?", history, lookup, owner).text == "And how does MultiMAE work?"
