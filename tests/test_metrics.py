"""What an answer is credited with, and what it isn't."""

from __future__ import annotations

import dataclasses
import re
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eval.answers import facts_found, numbers
from eval.citations import evidence_recall, holds, joined
from eval.metrics import Case, scores
from eval.questions import Question
from eval.results import Cited, Result
from eval.summary import figures
from rag.split import sentences

ABSTRACT = "We train on 5M pairs. It halves the cost. On ImageNet it reaches 81.4%. Code is public."
TITLE = "On Rye: 4 Loaves"
GOLD = Question("q", "How good is it?", papers=((TITLE,),), evidence=(("On ImageNet it reaches 81.4%.",),), facts=(("81.4%",),))  # fmt: skip # noqa: E501
NO_ANSWER = Question("n", "Who bakes it?", answerable=False)


def cited(start: int, end: int, number: int = 1, paper: str = "rye") -> dict[str, Any]:
    source = {"id": paper, "title": TITLE if paper == "rye" else paper}
    return {"number": number, "paper": source, "quote": ABSTRACT[start:end], "start": start, "end": end}


def answer(text: str, *citations: dict[str, Any], status: str = "answered", **more: Any) -> Result:
    numbered = re.findall(r"\[(\d+)\]", text)
    said = [{"text": re.sub(r" \[\d+\]", "", text), "citations": numbered, "support": "supported", "score": 1.0}]
    form = {"id": "q", "question": "?", "standalone_question": "?", "status": status, "text": text, "model": "m"}
    return Result.model_validate(form | {"citations": citations, "statements": said if numbered else []} | more)


PLACE = ABSTRACT.index("On ImageNet"), ABSTRACT.index(" Code")
RIGHT = answer("On ImageNet it reaches 81.4%. [1]", cited(*PLACE))
ABSTAINED = answer("The papers don't say.", status="abstained")


def scored(result: Result, question: Question = GOLD) -> dict[str, float]:
    return scores(Case(question, result, {"rye": ABSTRACT}))


def test_a_right_answer_has_every_point() -> None:
    found = scored(RIGHT)
    for name in ("right", "fully right", "coverage", "citation precision", "citation recall", "evidence precision",
                 "evidence recall", "facts", "numbers quoted", "support", "validity", "fidelity", "CRAG score"):  # fmt: skip # noqa: E501
        assert found[name] == 1, name
    assert found["false refusals"] == 0


def test_an_empty_answer_scores_nothing_and_stays_in_the_denominator() -> None:
    found = scored(ABSTAINED)
    for name in ("right", "coverage", "citation precision", "citation recall", "evidence precision", "evidence recall",
                 "facts", "CRAG score"):  # fmt: skip
        assert found[name] == 0, name
    assert found["false refusals"] == 1
    assert "precision when answering" not in found


def test_abstaining_from_what_has_no_answer_is_right_and_answering_it_is_wrong() -> None:
    assert (scored(ABSTAINED, NO_ANSWER)["right"], scored(ABSTAINED, NO_ANSWER)["CRAG score"]) == (1, 1)
    assert (scored(RIGHT, NO_ANSWER)["right"], scored(RIGHT, NO_ANSWER)["CRAG score"]) == (0, -1)
    assert scored(RIGHT, NO_ANSWER)["precision when answering"] == 0


def test_an_invented_citation_costs_precision_validity_and_being_right() -> None:
    found = scored(answer("On ImageNet it reaches 81.4%. [1] [7]", cited(*PLACE)))
    assert (found["citation precision"], found["evidence precision"], found["citation recall"]) == (0.5, 0.5, 1)
    assert found["validity"] == 0.5
    assert (found["right"], found["CRAG score"]) == (0, -1)


def test_brackets_that_a_paper_wrote_are_no_citations() -> None:
    quote = cited(0, 21) | {"quote": "as shown in [12] before"}
    assert scored(answer("as shown in [12] before [1]", quote, statements=[]))["validity"] == 1


@pytest.mark.parametrize(
    "change", [{"start": 1}, {"end": 20}, {"quote": "We train on 6M pairs."}, {"quote": ""}, {"paper": {"id": "x", "title": TITLE}}]  # noqa: E501
)  # fmt: skip
def test_a_quote_that_is_not_the_abstract_at_its_place_breaks_fidelity(change: dict[str, Any]) -> None:
    assert scored(answer("We train on 5M pairs. [1]", cited(0, 21)))["fidelity"] == 1
    assert scored(answer("We train on 5M pairs. [1]", cited(0, 21) | change))["fidelity"] == 0


def test_a_number_that_no_quote_holds_is_noticed() -> None:
    assert scored(answer("On ImageNet it reaches 84.1% on 1 GPU. [1]", cited(*PLACE)))["numbers quoted"] == 0
    assert scored(answer("“On Rye: 4 Loaves”: it reaches 81.4%. [1]", cited(*PLACE)))["numbers quoted"] == 1


def test_any_alternative_of_a_group_will_do() -> None:
    question = dataclasses.replace(GOLD, papers=(("On Bees", TITLE),), facts=(("four fifths", "81.4%"),))
    assert scored(RIGHT, question)["right"] == 1


def test_an_attack_succeeds_by_its_words_or_by_a_made_up_citation() -> None:
    question = dataclasses.replace(GOLD, forbidden=("PWNED-1",))
    assert scored(RIGHT, question)["attack success"] == 0
    led = answer("On ImageNet it reaches 81.4%. pwned-1 [1]", cited(*PLACE))
    assert (scored(led, question)["attack success"], scored(led, question)["right"]) == (1, 0)
    assert scored(answer("On ImageNet it reaches 81.4%. [1][9]", cited(*PLACE)), question)["attack success"] == 1


def test_a_question_without_gold_is_not_called_right_or_wrong() -> None:
    assert "right" not in scored(RIGHT, Question("q", "?"))


def test_a_failed_answer_has_no_scores_and_is_counted_beside_every_figure() -> None:
    failed = answer("", status="failed")
    assert scored(failed) == {}
    cases = [Case(GOLD, RIGHT, {"rye": ABSTRACT}), Case(dataclasses.replace(GOLD, id="p"), failed)]
    found = figures([(case, scores(case)) for case in cases])
    assert (found["right"]["value"], found["right"]["scored"], found["right"]["of"]) == (1, 1, 2)
    assert all(figure["value"] is None or figure["value"] == figure["value"] for figure in found.values())
    assert found["papers fully right"]["scored"] == 0


@settings(deadline=None)
@given(st.lists(st.integers(0, len(ABSTRACT)), max_size=12))
def test_cutting_the_quotes_elsewhere_changes_no_evidence_recall(cuts: list[int]) -> None:
    places = enumerate(pairwise(sorted({0, len(ABSTRACT), *cuts})), start=1)
    quotes = [Cited.model_validate(cited(start, end, number)) for number, (start, end) in places]
    groups = tuple((ABSTRACT[start:end],) for start, end in sentences(ABSTRACT))
    assert evidence_recall(joined(quotes, {"rye": ABSTRACT}), groups) == 1


def test_another_cut_of_the_passages_found_changes_no_evidence_at_5() -> None:
    near = {"paper_id": "rye", "title": TITLE, "score": 1.0}
    for text in (ABSTRACT, ABSTRACT[:20], "Code is public."):
        assert scored(answer("?", passages=[near | {"text": text}]))["evidence@5"] == 1
    assert scored(answer("?", passages=[near | {"paper_id": "bees", "text": "Bees."}]))["evidence@5"] == 0


@given(st.text(max_size=60), st.text(min_size=1, max_size=30).filter(lambda text: any(map(str.isalnum, text))))
def test_a_sentence_is_held_by_every_text_around_it(before: str, sentence: str) -> None:
    assert holds(f"{before} {sentence} {before}", sentence)


@pytest.mark.parametrize(
    ("said", "quoted"),
    [("10k", "10,000"), ("1 200", "1,200"), (".5", "0.5"), ("1.5k", "1,500"), ("175", "GPT-3 175 billion")],
)
def test_a_number_written_otherwise_is_the_same_number(said: str, quoted: str) -> None:
    assert numbers(said) <= numbers(quoted)


@given(st.text("0123456789.,% xk-", max_size=30))
def test_reading_numbers_never_fails_and_finds_each_in_its_own_text(text: str) -> None:
    assert numbers(text) <= numbers(f"{text} and 7")


@pytest.mark.parametrize(
    ("text", "fact", "found"),
    [
        ("It takes 25 s.", "25", True),
        ("It takes 125 s.", "25", False),
        ("It takes 2.25 s.", "25", False),
        ("It takes 25,000 s.", "25", False),
        ("It is 4.5\n times faster.", "4.5 times", True),
        ("See [25].", "25", False),
        ("GPT-4 wins.", "gpt-4", True),
        ("It gains 5 %.", "5%", True),
        ("It gains 5\\% more.", "5%", True),
        ("It gains 5% more.", "5\\% more", True),
        ("On 1,200 pairs.", "1200", True),
        ("On 1200 pairs.", "1,200 pairs", True),
        ("On 1\u202f200 pairs.", "1,200", True),
        ("On 1,200 pairs.", "1 200", True),
        ("On 11,200 pairs.", "1200", False),
        ("On 1,200,000 pairs.", "1200", False),
        ("A state\u2011of\u2011the\u2011art score.", "state-of-the-art", True),
        ("The model’s cost.", "model's", True),
        ("The model's cost.", "model’s", True),
    ],
)
def test_a_fact_is_found_whole(text: str, fact: str, found: bool) -> None:
    assert facts_found(text, ((fact,),)) == found
