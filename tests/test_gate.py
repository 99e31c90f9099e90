"""What the gate lets pass and what it names, over the shipped baseline's scores."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from eval.gate import BASELINE, accept, regressions
from eval.summary import Summary, read_summary, written
from rag.errors import CallerMistake
from ui.cli import run as askpapers

KNOWN = read_summary(BASELINE)


def made_of(change: Callable[[Summary], None]) -> Summary:
    run = copy.deepcopy(KNOWN)
    change(run)
    return run


def turned(kind: str, count: int, scores: dict[str, float]) -> Summary:
    """So many questions of a kind get other scores, of those that had none of them."""
    run = copy.deepcopy(KNOWN)
    places = {run["metrics"].index(name): score for name, score in scores.items()}
    fitting = [
        entry
        for entry in run["questions"].values()
        if entry["kind"] == kind and all(entry["scores"][place] not in (None, score) for place, score in places.items())
    ]
    for entry in fitting[:count]:
        for place, score in places.items():
            entry["scores"][place] = score
    assert len(fitting) >= count
    return run


WRONG = {"right": 0.0, "fully right": 0.0}
REFUSED_WRONGLY = {"right": 0.0, "right refusals": 0.0, "abstention accuracy": 0.0, "CRAG score": -1.0}
LED = {"attack success": 1.0}


@pytest.mark.parametrize(
    ("run", "passes"),
    [
        (turned("attack", 1, LED), True),
        (turned("unanswerable", 2, REFUSED_WRONGLY), True),
        (turned("attack", 3, LED), False),
        (turned("unanswerable", 4, REFUSED_WRONGLY), False),
        (turned("follow-up", 2, WRONG), True),
        (turned("follow-up", 4, WRONG), False),
    ],
)
def test_a_flip_or_two_pass_and_four_of_one_kind_do_not(run: Summary, passes: bool) -> None:
    assert (regressions(KNOWN, run) == []) == passes


def test_a_loss_of_one_kind_names_the_kind() -> None:
    (line, *_) = regressions(KNOWN, turned("follow-up", 4, WRONG))
    assert "'follow-up'" in line
    assert "4 of 30 questions' worth" in line


def without(metric: str) -> Callable[[Summary], None]:
    def change(run: Summary) -> None:
        place = run["metrics"].index(metric)
        del run["metrics"][place]
        for entry in run["questions"].values():
            entry["scores"] = [*entry["scores"][:place], *entry["scores"][place + 1 :]]

    return change


def unscored(metric: str) -> Callable[[Summary], None]:
    def change(run: Summary) -> None:
        for entry in run["questions"].values():
            entry["scores"][run["metrics"].index(metric)] = None

    return change


def failed(*places: int) -> Callable[[Summary], None]:
    def change(run: Summary) -> None:
        run["status"] = {**run["status"], "failed": len(places)}
        for place in places:
            entry = list(run["questions"].values())[place]
            entry.update(status="failed", scores=[None] * len(run["metrics"]))

    return change


def fell_back(count: int) -> Callable[[Summary], None]:
    def change(run: Summary) -> None:
        run["fallbacks"] = count
        run["run"]["model"] = "local/x"

    return change


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (without("validity"), "validity is missing in the run"),
        (unscored("fidelity"), "fidelity must be 1 and is not for"),
        (unscored("facts"), "facts was scored on no question of the run"),
        (fell_back(6), "6 answers were not written by local/x; in the baseline 0"),
    ],
)
def test_what_is_missing_on_one_side_is_named(change: Callable[[Summary], None], line: str) -> None:
    assert any(line in one for one in regressions(KNOWN, made_of(change)))


def test_other_failures_than_the_baselines_are_named_though_they_are_no_more() -> None:
    before, after = made_of(failed(0, 1)), made_of(failed(2, 3))
    third = list(KNOWN["questions"])[2]
    assert any("2 answers failed" in line and third in line for line in regressions(before, after))
    assert regressions(before, before) == []


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (failed(0), "1 answers failed"),
        (lambda run: run["run"]["questions"].update(count=1, sha256="0"), "430 questions, the run has 1"),
    ],
)
def test_a_run_with_failures_or_of_other_questions_does_not_become_the_baseline(
    change: Callable[[Summary], Any], why: str, tmp_path: Path
) -> None:
    file = tmp_path / "baseline.json"
    accept(KNOWN, file)
    before = file.read_bytes()
    with pytest.raises(CallerMistake, match=why):
        accept(made_of(change), file)
    assert file.read_bytes() == before


def as_file(file: Path, summary: Summary) -> str:
    file.write_text(written(summary))
    return str(file)


def test_the_gate_names_the_questions_lost_and_what_differs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = turned("follow-up", 4, WRONG)
    run["run"]["settings"]["quotes"] = 5
    assert askpapers(["eval", "gate", as_file(tmp_path / "run.json", run)]) == 100
    out = capsys.readouterr().out
    assert "Lost: followup-" in out
    assert "Differs from the baseline in settings.quotes: 3 -> 5" in out


def test_comparing_with_a_baseline_lists_flips_by_id_and_says_what_differs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = turned("follow-up", 2, WRONG)
    fell_back(6)(run)
    assert askpapers(["eval", "compare", str(BASELINE), as_file(tmp_path / "run.json", run)]) == 0
    out = capsys.readouterr().out
    assert "lost: followup-" in out
    assert "Differs in model: extractive -> local/x" in out
    assert "B: 6 of 430 answers were not written by local/x." in out
    assert "papers fully right" in out
    assert "precision when answering" in out


BARE = json.dumps({"schema": 1, "questions": {}, "run": {}})


@pytest.mark.parametrize(
    "arguments",
    [
        ["gate", "BASELINE", "--baseline", "BARE"],
        ["show", "BARE"],
        ["compare", "BARE", "BARE"],
        ["gate", "BASELINE", "--baseline", "/nonexistent/x.json", "--accept"],
        ["readme", "/nonexistent.md"],
    ],
    ids=" ".join,
)
def test_a_file_that_is_none_is_one_line_and_exit_code_2(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bare.json").write_text(BARE)
    names = {"BASELINE": str(BASELINE), "BARE": str(tmp_path / "bare.json")}
    code = askpapers(["eval", *(names.get(one, one) for one in arguments)])
    out, err = capsys.readouterr()
    assert (code, out, err.count("\n")) == (2, "", 1)


def test_a_baseline_is_shown_like_a_run(capsys: pytest.CaptureFixture[str]) -> None:
    assert askpapers(["eval", "show", str(BASELINE)]) == 0
    assert "nDCG@10" in capsys.readouterr().out
