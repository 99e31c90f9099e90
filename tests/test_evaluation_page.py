"""The Evaluation page without a browser: what it shows, keeps, takes back and says."""

from __future__ import annotations

import json
import shlex
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest
from test_evaluation_pages import HOSTILE, QUESTION, a_run, answer

from eval.compare import Change
from eval.feedback import read_thumbs
from eval.metrics import METRICS, Case, Metric
from eval.questions import read_questions
from eval.results import read_results
from eval.run import SUMMARY
from eval.runs import runs_in
from eval.statistics import Paired
from rag.library import Library
from ui import tables
from ui.cli import run as askpapers
from ui.drawn import drawn

WINDOW = Path(__file__).parents[1] / "ui" / "window.py"


@pytest.fixture
def two_runs(home: Path) -> Path:
    """Of two questions each; what A has right, B has not."""
    runs, library = home / "runs", Library(home)
    other = replace(QUESTION, id="other", tags=("plain",))
    right = answer("It is 81.4% [1]", id="other")
    a_run(runs / "a", library, Case(QUESTION, answer("It is 81.4% [1]")), Case(other, right))
    a_run(runs / "b", library, Case(QUESTION, answer("", "failed", reason=HOSTILE)), Case(other, right))
    return runs


def evaluation(view: str = "Runs", **state: object) -> AppTest:
    """The page, with that view open."""
    window = AppTest.from_file(WINDOW, default_timeout=60).run()
    window.switch_page("evaluation_page.py")
    for name, value in ({"view": view} | state).items():
        window.session_state[name] = value
    window.run()
    assert not window.exception
    return window


def words(window: AppTest) -> str:
    return "\n".join(element.value for element in [*window.text, *window.markdown, *window.code])


def asked(window: AppTest, *questions: str) -> AppTest:
    for question in questions:
        window.chat_input[0].set_value(question).run()
    return window


def tell() -> None:
    """What the chat's page does when a thumb is pressed; the press itself is a browser's, and tested there."""
    import streamlit as st

    from ui.ask_page import keep_rating

    keep_rating(st.session_state.place, st.session_state.given)


def thumbed(window: AppTest, place: int, rating: str | None, why: str = "") -> AppTest:
    """The answer at that place of the chat, rated."""
    told = AppTest.from_function(tell, default_timeout=60)
    for name, value in (
        ("chat", window.session_state["chat"]), ("place", place), ("given", {"rating": rating, "why": why})
    ):  # fmt: skip
        told.session_state[name] = value
    told.run()
    assert not told.exception
    return told


def disliked(question: str = "How large is its data set?") -> str:
    """A follow-up that gets a thumb down; gives its id."""
    window = asked(AppTest.from_file(WINDOW, default_timeout=60).run(), "What is MetaCLIP?", question)
    thumbed(window, 1, "down")
    key: str = window.session_state["chat"][1].key
    return key


def change(metric: Metric, difference: float, p: float) -> Change:
    changed = 5 if difference else 0
    return Change(metric, 0.5, 0.5 + difference, 50, Paired(50, difference, None, p, changed, 50 - changed, 0))


class TestRuns:
    def test_answers_by_fallback_stand_beside_the_figures(self, two_runs: Path) -> None:
        summary = json.loads((two_runs / "a" / SUMMARY).read_text())
        (two_runs / "a" / SUMMARY).write_text(json.dumps(summary | {"fallbacks": 2}))
        window = evaluation(run="a")
        assert "2 of 2 answers were not written by local/m&m." in words(window)
        (row,) = [row for row in tables.runs(runs_in(two_runs), "a")["rows"] if row["id"] == "a"]
        assert row["cells"][1]["sub"] == "2 by fallback"

    def test_without_a_run_it_says_how_to_make_one_for_this_library(self, home: Path) -> None:
        window = evaluation()
        assert window.code[0].value == f"askpapers eval run --library {shlex.quote(str(home))}"

    def test_a_run_without_out_is_found_under_its_date_and_model(self, home: Path) -> None:
        assert askpapers(["eval", "run", "--limit", "1", "--library", str(home)]) == 0
        (run,) = runs_in(home / "runs")
        assert run.summary
        assert run.name.endswith("-extractive")
        assert "1 question; 1 answered" in words(evaluation())

    def test_the_newest_run_with_figures_is_open_and_another_can_be(self, two_runs: Path) -> None:
        (two_runs / "unfinished").mkdir()
        (two_runs / "unfinished" / SUMMARY).write_text("{")
        assert "b: local/m&m, 2 questions; 1 answered, 0 abstained, 1 failed." in words(evaluation(run="b"))
        assert "2 questions" not in words(evaluation(run="unfinished"))
        assert "local/m&m" in words(evaluation(run="deleted since"))

    def test_every_run_has_a_row_and_a_broken_one_says_what_is_wrong(self, two_runs: Path) -> None:
        (two_runs / "broken").mkdir()
        (two_runs / "broken" / SUMMARY).write_text("{")
        drawn = tables.runs(runs_in(two_runs), "a")
        rows = {row["id"]: row for row in drawn["rows"]}
        assert set(rows) == {"a", "b", "broken"}
        assert rows["a"]["current"]
        assert rows["b"]["cells"][-1] == {"text": "1", "shade": "bad"}
        assert "is no summary of a run" in rows["broken"]["cells"][-1]["text"]
        assert len(rows["broken"]["cells"]) + rows["broken"]["cells"][-1]["span"] - 1 == len(drawn["columns"])

    def test_figures_come_with_their_interval_and_how_many_were_scored(self, two_runs: Path) -> None:
        (run,) = [run for run in runs_in(two_runs) if run.name == "b"]
        assert run.summary
        rows = {row["cells"][0]: row["cells"] for row in tables.by_kind(run.summary)["rows"]}
        assert list(rows) == [QUESTION.kind, "plain", "all"]
        assert rows[QUESTION.kind][2] == "–"
        figure = run.summary["figures"]["all"]["hit@1"]
        cell = rows["all"][3]
        assert cell["text"] == f"{figure['value']:.2f}"
        assert cell["sub"] == f"{figure['low']:.2f} to {figure['high']:.2f}\n1 of 2 scored"
        assert cell["plot"] == {name: figure[name] for name in ("value", "low", "high")} | {"least": 0.0, "most": 1.0}


class TestTwoRunsCompared:
    def test_what_flipped_is_listed_with_both_answers(self, two_runs: Path) -> None:
        window = evaluation("Compare", before="a", after="b")
        assert "of another status" in words(window)
        assert HOSTILE in words(window)  # B failed, and says why

    def test_runs_of_other_questions_are_refused_in_words(self, two_runs: Path, home: Path) -> None:
        a_run(two_runs / "c", Library(home), Case(replace(QUESTION, id="else"), answer("No", id="else")))
        window = evaluation("Compare", before="a", after="c")
        assert "Two different question sets can't be compared" in words(window)
        window.selectbox(key="after").set_value("b").run()
        assert "of another status" in words(window)

    def test_one_run_alone_can_not_be_compared(self, two_runs: Path) -> None:
        shutil.rmtree(two_runs / "b")
        assert "Make one before a change, and one after" in words(evaluation("Compare"))

    def test_what_moved_is_coloured_by_better_or_worse_and_only_where_chance_is_unlikely(self) -> None:
        metrics = {metric.name: metric for metric in METRICS}
        rows = tables.changed(
            [
                change(metrics["right"], -0.1, p=0.01),
                change(metrics["right"], -0.1, p=0.2),
                change(metrics["false refusals"], -0.1, p=0.0001),
                change(metrics["hit@1"], 0.0, p=1.0),
            ]
        )["rows"]
        assert [(row["cells"][0]["text"], row["cells"][3]["shade"], row["cells"][6]) for row in rows] == [
            ("right", "bad", "0.010"), ("right", "", "0.200"), ("false refusals", "good", "< 0.001"),
        ]  # fmt: skip


class TestOneQuestion:
    def test_it_is_shown_in_depth_for_every_question_of_a_real_run(self, home: Path) -> None:
        assert askpapers(["eval", "run", "--limit", "8", "--library", str(home)]) == 0
        window = evaluation("Questions")
        select = window.selectbox[3]
        assert select.label == "Question (8 of 8)"
        for option in select.options:
            window.selectbox[3].set_value(select.options.index(option)).run()
            assert not window.exception

    def test_it_says_what_is_found_and_what_is_missed(self) -> None:
        case = Case(QUESTION, answer("It is 81.4% [1] [9]"))
        rows = [row["cells"] for row in tables.gold(case, {})["rows"]]
        marks = [(row[0]["text"], row[1]["text"]) for row in rows]
        assert marks == [
            ("✓ found", "paper"), ("✗ missed", "sentence"), ("✓ found", "fact"), ("✗ missed", "fact"),
            ("✗ said", "must not be"),
        ]  # fmt: skip

    def test_questions_are_chosen_by_kind_and_verdict(self, two_runs: Path) -> None:
        window = evaluation("Questions", run="b", verdict="failed")
        assert window.selectbox[3].label == "Question (1 of 2)"
        assert HOSTILE in words(window)
        window.selectbox(key="kind").set_value("plain").run()
        assert "No question of this run is like that." in words(window)

    def test_a_run_whose_files_are_spoiled_is_a_line_and_no_traceback(self, two_runs: Path) -> None:
        (two_runs / "a" / "questions.jsonl").write_text("{")
        assert "questions.jsonl, line 1" in words(evaluation("Questions", run="a"))
        (two_runs / "b" / "results.jsonl").write_text("{\n")
        assert "1 line of results.jsonl can't be read" in words(evaluation("Questions", run="b"))


class TestThumbs:
    def test_a_thumb_and_its_word_are_kept_with_question_history_and_answer(self, home: Path) -> None:
        window = asked(AppTest.from_file(WINDOW, default_timeout=60).run(), "What is MetaCLIP?", "How large is it?")
        exchange = window.session_state["chat"][1]
        told = thumbed(window, 1, "down", HOSTILE[:100])
        assert told.session_state[f"rated-{exchange.key}"] == {"rated": "down", "why": HOSTILE[:100]}
        (thumb,), _ = read_thumbs(home / "feedback.jsonl")
        assert (thumb.rating, thumb.why, thumb.question) == ("down", HOSTILE[:100], "How large is it?")
        assert [turn.role for turn in thumb.history] == ["user", "assistant"]
        assert thumb.answer.text == exchange.answer.text
        thumbed(window, 1, None)
        assert read_thumbs(home / "feedback.jsonl") == ([], 0)

    def test_f12_a_thumb_that_can_not_be_kept_says_so_and_is_kept_once_it_can(self, home: Path) -> None:
        window = asked(AppTest.from_file(WINDOW, default_timeout=60).run(), "What is MetaCLIP?")
        key = window.session_state["chat"][0].key
        (home / "feedback.jsonl").symlink_to("/dev/full")
        unkept = thumbed(window, 0, "down").session_state[f"unkept-{key}"]
        assert unkept.startswith("The thumb is not kept.")
        assert "No space left" in unkept
        window.session_state[f"unkept-{key}"] = unkept
        assert unkept in words(window.run())
        (home / "feedback.jsonl").unlink()
        assert f"unkept-{key}" not in thumbed(window, 0, "up").session_state
        assert read_thumbs(home / "feedback.jsonl")[0][0].rating == "up"

    def test_a_failed_answer_has_no_thumbs(self, home: Path) -> None:
        window = asked(AppTest.from_file(WINDOW, default_timeout=60).run(), "\x00")
        shown = drawn(window.session_state["chat"][0], is_live=False, is_fresh=False)
        assert "empty" in shown["ended"]
        assert "paragraphs" not in shown


class TestThumbsDown:
    def test_none_yet(self, home: Path) -> None:
        assert "No thumb down in the chat yet." in words(evaluation("Thumbs down"))

    def test_one_is_kept_with_its_papers_run_by_the_command_and_taken_back(self, home: Path) -> None:
        key = disliked()
        window = evaluation("Thumbs down")
        window.button(key=f"keep-{key}").click().run()
        assert window.button(key=f"kept-{key}").disabled
        window.multiselect[0].set_value(["Demystifying CLIP Data"]).run()  # as typed
        window.button(key=f"kept-{key}").click().run()
        (question,) = read_questions(home / "questions.jsonl")
        assert question.id == f"feedback-{key}"
        assert question.papers[0][0].startswith("demystifying-clip-data-")
        assert question.history[1].papers == question.papers[0]
        command = shlex.split(window.code[0].value)
        assert askpapers([*command[1:], "--out", str(home / "runs" / "kept")]) == 0
        assert (question.id, 1) in read_results(home / "runs" / "kept")[0]
        window.button(key=f"back-{question.id}").click().run()
        assert read_questions(home / "questions.jsonl") == ()
        assert not window.code
        assert window.button(key=f"keep-{key}")

    def test_that_the_papers_do_not_say_is_chosen_and_not_assumed(self, home: Path) -> None:
        key = disliked()
        window = evaluation("Thumbs down", keeping=key)
        assert window.button(key=f"kept-{key}").disabled
        window.checkbox[0].check().run()
        window.button(key=f"kept-{key}").click().run()
        (question,) = read_questions(home / "questions.jsonl")
        assert (question.papers, question.answerable) == ((), False)

    def test_a_paper_that_is_not_there_is_refused_in_words(self, home: Path) -> None:
        key = disliked()
        window = evaluation("Thumbs down", keeping=key)
        window.multiselect[0].set_value(["No such paper"]).run()
        window.button(key=f"kept-{key}").click().run()
        assert "No paper 'No such paper' in the library." in words(window)
        assert not (home / "questions.jsonl").exists()

    def test_spoiled_files_are_said_to_be_spoiled(self, home: Path) -> None:
        disliked()
        with (home / "feedback.jsonl").open("a") as file:
            file.write("half a li")
        assert "1 line of feedback.jsonl can't be read" in words(evaluation("Thumbs down"))
        (home / "questions.jsonl").write_text("{")
        assert "questions.jsonl, line 1" in words(evaluation("Thumbs down"))
