"""The runs in a folder: newest first, and whatever is wrong with one is said, and keeps no other from being shown."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from test_evaluation_pages import QUESTION, a_run, answer

from eval.compare import changes
from eval.metrics import Case
from eval.runs import contents, runs_in
from eval.summary import read_summary
from rag.errors import CallerMistake
from rag.library import Library


@pytest.fixture
def folder(tmp_path: Path, library: Library) -> Path:
    """With one whole run, named good."""
    a_run(tmp_path / "runs" / "good", library, Case(QUESTION, answer("It is 81.4% [1]")))
    return tmp_path / "runs"


def summary_of(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "good" / "summary.json").read_text()))


def spoiled(folder: Path, summary: object) -> str:
    """What is said of a run with this summary; the good one stays."""
    bad = folder / "bad"
    bad.mkdir(exist_ok=True)
    (bad / "summary.json").write_text(summary if isinstance(summary, str) else json.dumps(summary))
    found = {run.name: run for run in runs_in(folder)}
    assert found["good"].summary
    assert found["bad"].summary is None
    return found["bad"].trouble


def test_no_folder_and_files_that_are_no_runs_are_no_runs(tmp_path: Path) -> None:
    assert runs_in(tmp_path / "nowhere") == []
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes.txt").touch()
    assert runs_in(tmp_path) == []


def test_runs_are_listed_newest_first(folder: Path, library: Library) -> None:
    a_run(folder / "a-later-one", library, Case(QUESTION, answer("Wrong")))
    summary = read_summary(folder / "a-later-one")
    summary["times"]["started"] = "2999-01-01T00:00:00+00:00"
    (folder / "a-later-one" / "summary.json").write_text(json.dumps(summary))
    assert [run.name for run in runs_in(folder)] == ["a-later-one", "good"]


def test_a_run_that_was_cut_short_says_how_far_it_came_and_how_it_goes_on(folder: Path) -> None:
    (folder / "good" / "summary.json").unlink()
    (run,) = runs_in(folder)
    assert run.model == "local/m&m"
    assert run.trouble == f"1 of 1 answered. Stopped? The same command with --out {folder / 'good'} goes on."
    assert contents(run.folder).cases[0].result.status == "answered"


def test_a_run_that_goes_on_is_read_anew(folder: Path) -> None:
    assert len(contents(folder / "good").results) == 1
    with (folder / "good" / "results.jsonl").open("a") as file:
        file.write("half a li")
    assert contents(folder / "good").unreadable == 1


@pytest.mark.parametrize(
    "summary",
    ["", "[]", "null", "{", "[" * 100_000, '{"schema": 1}', '{"schema": 99}'],
    ids=["empty", "list", "null", "half", "deep", "bare", "newer"],
)
def test_a_file_that_is_no_summary_is_said_to_be_none(folder: Path, summary: str) -> None:
    assert str(folder / "bad" / "summary.json") in spoiled(folder, summary)


def change(*path: str, to: object) -> Callable[[dict[str, Any]], None]:
    def act(summary: dict[str, Any]) -> None:
        for name in path[:-1]:
            summary = summary[name]
        summary[path[-1]] = to

    return act


@pytest.mark.parametrize(
    "act",
    [
        change("figures", to=[]),
        change("figures", "all", "right", to="high"),
        change("figures", "all", "right", "value", to=float("nan")),
        change("figures", "kind", to={"k": 1}),
        change("metrics", to=["right"]),
        change("questions", QUESTION.id, "scores", to=["x"]),
        change("questions", QUESTION.id, "status", to="fine"),
        change("run", "model", to="\ud800"),
        change("status", to=None),
        change("times", to={}),
    ],
)
def test_a_summary_of_another_form_is_said_to_be_one(folder: Path, act: Callable[[dict[str, Any]], None]) -> None:
    summary = summary_of(folder)
    act(summary)
    assert "has not the form of a summary" in spoiled(folder, summary)


def test_a_name_that_is_no_text_can_be_shown(folder: Path) -> None:
    odd = folder / os.fsdecode(b"odd-\xff")
    odd.mkdir()
    (odd / "summary.json").touch()
    for run in runs_in(folder):
        (run.name + run.trouble).encode()


def test_a_record_that_promises_too_much_is_not_believed(folder: Path) -> None:
    (folder / "good" / "summary.json").unlink()
    record = json.loads((folder / "good" / "run.json").read_text())
    record["run"]["repeat"] = 10**12
    (folder / "good" / "run.json").write_text(json.dumps(record))
    assert runs_in(folder)[0].trouble.startswith("1 of 1,000,000,000,000 answered")


def test_two_summaries_that_claim_the_same_questions_and_hold_others_are_refused(folder: Path) -> None:
    one = summary_of(folder)
    with pytest.raises(CallerMistake, match="not of the questions that they name"):
        changes(one, one | {"questions": {}})
