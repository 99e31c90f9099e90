"""Answers from disk, as they were: marks in their place, quotes in today's abstracts, nothing believed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from eval.results import Result, Said, result_of
from rag.citations import Said as Sentence
from rag.citations import pieces
from rag.forms import answer_json
from rag.pipeline import Pipeline
from rag.types import Paper, Query
from ui.drawn import painted
from ui.reopened import GONE, UNPLACED, reopened, statements

QUOTE = "Five [7] is odd."
PAPER = Paper("p", "A title", f"One two. {QUOTE}", url="https://example.org/p")


def result(text: str, said: list[dict[str, object]], quote: str = QUOTE, paper: str = "p", **more: object) -> Result:
    source = {"id": paper, "title": "A title", "url": "javascript:alert(1)"}
    start = PAPER.abstract.find(quote)
    cited = {"number": 1, "paper": source, "quote": quote, "start": start, "end": start + len(quote)}
    form = {"id": "q", "question": "q", "standalone_question": "q", "status": "answered", "text": text, "model": "m",
            "statements": said, "citations": [cited]}  # fmt: skip
    return Result.model_validate(form | more)


def said(text: str, *citations: int) -> dict[str, object]:
    return {"text": text, "citations": citations, "support": "partial", "score": 0.5}


def lookup(key: str) -> Paper | None:
    return PAPER if key == "p" else None


def test_an_answer_is_painted_as_it_was_in_the_chat(pipeline: Pipeline) -> None:
    for question in ("What is MetaCLIP?", "Compare MetaCLIP and CapsFusion.", "What is the capital of France?"):
        answer = pipeline.ask(Query(question)).answer
        papers = {passage.span.paper.id: passage.span.paper for passage in answer.passages}
        papers |= {citation.span.paper.id: citation.span.paper for citation in answer.citations}
        again = reopened(result_of(answer_json(answer, "q"), repeat=1), papers.get)
        assert painted(again) == painted(answer)


sentence = st.text("ab[1]2 .", min_size=1, max_size=12).map(lambda text: " ".join(text.split())).filter(bool)
sentences = st.builds(
    lambda gap, text, marks: Sentence(gap, text, tuple((len(text), mark) for mark in marks)),
    st.sampled_from([" ", "\n\n", "\n- "]), sentence, st.lists(st.integers(1, 3), unique=True, max_size=2),
)  # fmt: skip


@given(st.lists(sentences, min_size=1, max_size=4))
def test_nothing_of_a_text_is_lost_wherever_its_marks_stand(some: list[Sentence]) -> None:
    numbers: dict[int, int] = {}
    drawn = [pieces(one, numbers, first=not place) for place, one in enumerate(some)]
    text = "".join(piece if isinstance(piece, str) else f"[{piece}]" for one in drawn for piece in one)
    on_disk = [
        Said.model_validate(said(one.text, *dict.fromkeys(numbers[mark] for _, mark in one.marks))) for one in some
    ]
    found = statements(text, on_disk, set(numbers.values()))
    assert found or any("[" in one.text for one in some)
    assert not found or "".join(one.painted for one in found).rstrip() == text.rstrip()


def test_marks_within_a_sentence_and_before_it_are_found_and_brackets_of_a_quote_are_none() -> None:
    text = "[1] It is [1] odd.\n- Five [7] is odd. [1]"
    first, second = reopened(result(text, [said("It is odd.", 1), said(QUOTE, 1)]), lookup).statements
    assert first.pieces == ("", 1, " It is ", 1, " odd.")
    assert second.pieces == ("\n- ", "Five [7] is odd. ", 1)


def test_a_mark_that_resolves_to_nothing_stays_words() -> None:
    (only,) = reopened(result("It is odd. [9]", [said("It is odd.", 9)]), lookup).statements
    assert only.pieces == ("", "It is odd. [9]")


def test_a_text_that_is_not_that_of_its_statements_is_shown_whole_and_says_so() -> None:
    answer = reopened(result(f"Another text [1][{'9' * 5000}].", [said("It is odd.", 1)]), lookup)
    assert UNPLACED in answer.notes
    assert painted(answer)["paragraphs"][0][0]["pieces"] == ["Another text ", 1, f"[{'9' * 5000}]."]


def test_a_quote_stands_in_todays_abstract_and_the_address_is_the_librarys() -> None:
    answer = reopened(result("It is odd. [1]", [said("It is odd.", 1)]), lookup)
    assert answer.citations[0].span.paper == PAPER
    assert answer.notes == ()


def test_a_quote_that_the_library_does_not_hold_is_shown_by_itself_without_its_address() -> None:
    for quote, paper in (("Nobody wrote this.", "p"), (QUOTE, "gone"), ("", "p")):
        answer = reopened(result("It is odd. [1]", [said("It is odd.", 1)], quote, paper), lookup)
        span = answer.citations[0].span
        assert span.text == span.paper.abstract == (quote or "(nothing)")
        assert span.paper.url is None
        assert GONE in answer.notes
