"""The chat window without a browser: what it asks, keeps, forgets and says."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Button

from ingest.add import ingest
from rag.encoder import BundledEncoder
from rag.library import Library
from rag.pipeline import Pipeline
from rag.types import Answer, Citation, Paper, Query, Span, Statement
from ui.chat import Exchange, history
from ui.drawn import STOPPED, drawn, painted, segments
from ui.starters import starters

WINDOW = Path(__file__).parents[1] / "ui" / "window.py"


def opened() -> AppTest:
    return AppTest.from_file(WINDOW, default_timeout=60).run()


def ask(window: AppTest, question: str) -> Answer:
    window.chat_input[0].set_value(question).run()
    assert not window.exception
    answer: Answer = window.session_state["chat"][-1].answer
    return answer


def button(window: AppTest, label: str) -> Button:
    (found,) = [button for button in window.button if button.label == label]
    return found


def words(window: AppTest) -> str:
    return "\n".join(element.value for element in [*window.text, *window.markdown])


@pytest.mark.usefixtures("home")
class TestAChat:
    def test_the_first_screen_says_what_is_here_and_that_quotes_back_every_sentence(self) -> None:
        assert "Ask the 90 papers of this library" in words(opened())

    def test_a_question_gets_an_answer_with_citations(self) -> None:
        answer = ask(opened(), "How much shorter do capsule prompts get?")
        assert answer.status == "answered"
        assert "81.4%" in answer.text
        assert answer.citations

    def test_a_follow_up_is_about_the_paper_that_was_cited_before(self) -> None:
        window = opened()
        first = ask(window, "What is MetaCLIP?")
        second = ask(window, "How large is its data set?")
        assert first.citations[0].span.paper.title in second.standalone_question

    def test_what_is_not_in_the_papers_is_an_answer_too(self) -> None:
        answer = ask(opened(), "What is the capital of France?")
        assert answer.status == "abstained"
        assert painted(answer)["nearest"]

    def test_clearing_empties_the_page_and_can_be_undone(self) -> None:
        window = opened()
        ask(window, "What is MetaCLIP?")
        button(window, "Clear").click().run()
        assert not window.session_state["chat"]
        button(window, "Undo").click().run()
        assert len(window.session_state["chat"]) == 1

    def test_two_windows_share_no_chat(self) -> None:
        ask(opened(), "What is MetaCLIP?")
        assert not opened().session_state["chat"]

    def test_F31_a_blank_or_control_character_question_is_told_apart_from_a_crash(self) -> None:
        window = opened()
        reason = ask(window, "\x00 \x1b").reason
        assert reason == "The question is empty. Ask something like: What is MetaCLIP?"
        assert ask(window, "🦜 what is MetaCLIP?").status == "answered"


class TestALibraryThatChanges:
    def test_F30_an_empty_library_says_so_and_how_to_fill_it(self) -> None:
        window = opened()
        assert "askpapers ingest PATH" in words(window)
        assert "holds no papers" in (ask(window, "What is MetaCLIP?").reason or "")

    def test_F21_papers_added_meanwhile_are_found_by_the_next_question(self, home: Path, tmp_path: Path) -> None:
        window = opened()
        ask(window, "What is MetaCLIP?")
        more = tmp_path / "more.jsonl"
        more.write_text('{"title": "Zyxel lattices", "abstract": "We show that Zyxel lattices fold at 40 kelvin."}')
        ingest(Library(home), [more], BundledEncoder())
        assert "40 kelvin" in ask(window, "At what temperature do Zyxel lattices fold?").text

    def test_F29_a_deleted_library_is_told_and_works_again_when_it_is_back(self, home: Path, tmp_path: Path) -> None:
        window = opened()
        ask(window, "What is MetaCLIP?")
        home.rename(tmp_path / "away")
        failed = ask(window, "What is CapsFusion?")
        assert failed.status == "failed"
        assert "is gone" in (failed.reason or "")
        (tmp_path / "away").rename(home)
        assert ask(window, "What is CapsFusion?").status == "answered"

    def test_a_damaged_library_is_one_line_and_no_traceback(self, home: Path) -> None:
        (home / "library.sqlite3").write_bytes(b"no database " * 1000)
        window = opened()
        assert "can't be read" in words(window)
        assert not window.exception


def test_starter_questions_are_six_of_several_kinds_and_all_are_answered(shipped: Library, pipeline: Pipeline) -> None:
    questions = starters(tuple(shipped.papers()))
    assert len({*questions}) == 6
    assert len({question.split()[0] for question in questions}) > 3
    for question in questions:
        assert pipeline.ask(Query(question)).answer.status == "answered", question


def test_starter_questions_of_papers_without_names_quote_their_titles() -> None:
    paper = Paper("p", "On growth and form", "Abstract.")
    assert starters([paper]) == ("What is this collection about?", "What does “On growth and form” find?")
    assert starters([]) == ()


def test_failures_and_what_was_stopped_are_no_part_of_the_history() -> None:
    failed = Answer("q", "q", "failed", "", reason="no")
    assert history([Exchange("q", failed), Exchange("q", None)]) == ()


def test_what_was_stopped_is_drawn_as_a_question_that_can_be_asked_again() -> None:
    assert "ended" not in drawn(Exchange("q"), is_live=True, is_fresh=False)
    assert drawn(Exchange("q"), is_live=False, is_fresh=False)["ended"] == STOPPED


PAPER = Paper("p", "A $title$", "One 🦜 two. Three four. Five.", authors=("A", "B", "C", "D"), year=2020)
CITED = (Citation(1, Span(PAPER, 11, 22)), Citation(2, Span(PAPER, 0, 10)))


def test_the_painted_abstract_is_the_abstract_with_every_quote_marked_in_place() -> None:
    pieces = segments(PAPER.abstract, {citation.number: citation.span for citation in CITED})
    assert "".join(piece["text"] for piece in pieces) == PAPER.abstract
    assert [(piece["text"], piece["numbers"]) for piece in pieces if piece["numbers"]] == [
        ("One 🦜 two.", [2]),
        ("Three four.", [1]),
    ]


def test_what_is_painted_is_the_text_of_the_answer() -> None:
    statement = Statement("“A $title$”: Three four.", (1,), "supported", 1.0, ("", "“A $title$”: Three four. ", 1))
    answer = Answer(
        "q", "q", "answered", "“A $title$”: Three four. [1]", statements=(statement,), citations=CITED[:1],
        timings={"total_ms": 1.0},
    )  # fmt: skip
    drawn = painted(answer)
    (((only,),),) = (drawn["paragraphs"],)
    assert only["lead"] == "“A $title$”: "
    assert "".join(piece if isinstance(piece, str) else f"[{piece}]" for piece in only["pieces"]) == answer.text
    assert drawn["papers"][0]["byline"] == "A, B, C et al. · 2020"
