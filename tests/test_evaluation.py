"""A run from question file to gate, over the shipped papers, by the commands that people type."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from embedding import configure, loaded

from eval.gate import BASELINE, regressions
from eval.gold import warnings
from eval.metrics import Case
from eval.questions import SHIPPED, Question, chosen, fingerprint, read_questions, read_sets
from eval.readme import rewritten
from eval.record import public, record
from eval.replies import Body, Reply, good
from eval.results import read_results
from eval.run import How, Run, alone, answer, begin, kept, opened
from eval.scripted import scripted
from eval.summary import Summary, read_summary, summarise, written
from ingest.add import embed, ingest
from rag.config import Settings
from rag.encoder import BundledEncoder
from rag.errors import CallerMistake
from rag.library import Library
from rag.pipeline import Pipeline
from rag.types import Query
from ui.cli import run as askpapers
from ui.evaluation_terminal import watching

README = Path(__file__).parents[1] / "README.md"
FEW = chosen(read_sets(path for path in SHIPPED if path.stem != "attack"), limit=12)


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    """A file of twelve shipped questions, of every kind but attacks."""
    return as_file(tmp_path / "few.jsonl", FEW)


def as_file(file: Path, questions: tuple[Question, ...]) -> Path:
    file.write_text("".join(json.dumps(question.as_json()) + "\n" for question in questions))
    return file


Said = Callable[..., tuple[int, str, str]]


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str], shipped_home: Path) -> Said:
    """Runs `askpapers eval ...`; the commands that answer use the shipped library."""

    def say(command: str, *arguments: object) -> tuple[int, str, str]:
        capsys.readouterr()
        home = ["--library", str(shipped_home)] if command in ("run", "gate") else []
        code = askpapers(["eval", command, *map(str, arguments), *home])
        return code, *capsys.readouterr()

    return say


def timeless(folder: Path) -> dict[str, Any]:
    return {name: value for name, value in read_summary(folder).items() if name != "times"}


class Interrupted(Exception):
    """Stands for Ctrl-C, or a kill."""


def stop_after(most: int) -> Callable[[Case, int, int], None]:
    def watch(case: Case, done: int, total: int) -> None:
        if done == most:
            raise Interrupted

    return watch


def begun(folder: Path, pipeline: Pipeline, questions: tuple[Question, ...] = FEW, **more: Any) -> Run:
    return begin(folder, questions, record(pipeline.settings, pipeline.library, "encoder", questions), How(**more))


def finished(run: Run, pipeline: Pipeline, **more: Any) -> Summary:
    return summarise(run, answer(run, {None: pipeline}, **more))


def test_a_run_writes_answers_summary_and_reports(said: Said, questions: Path, tmp_path: Path) -> None:
    code, out, _ = said("run", "--questions", questions, "--out", tmp_path / "run")
    assert code == 0
    assert "citation recall" in out
    files = {file.name for file in (tmp_path / "run").iterdir()}
    assert files >= {"results.jsonl", "summary.json", "report.md", "report.html"}
    lines = [json.loads(line) for line in (tmp_path / "run" / "results.jsonl").read_text().splitlines()]
    assert [line["id"] for line in lines] == [question.id for question in FEW]
    assert {"question", "standalone_question", "status", "reason", "fallback", "text", "statements", "citations",
            "passages", "model", "usage", "timings"} <= set(lines[0])  # fmt: skip
    summary = read_summary(tmp_path / "run")
    assert summary["figures"]["all"]["right"]["of"] == 12
    assert set(summary["figures"]["kind"]) == {question.kind for question in FEW}
    assert summary["figures"]["all"]["validity"]["value"] == summary["figures"]["all"]["fidelity"]["value"] == 1


def test_what_the_suite_measures_is_what_the_user_gets(pipeline: Pipeline, tmp_path: Path) -> None:
    finished(begun(tmp_path / "run", pipeline), pipeline)
    results, _ = read_results(tmp_path / "run")
    for question in FEW:
        assert results[question.id, 1].text == pipeline.ask(question.query).answer.text


class Failing(Pipeline):
    """Breaks at one question, as no pipeline should."""

    def ask(self, query: Query) -> Any:
        if query.text == FEW[3].text:
            raise ZeroDivisionError("a fault of ours")
        return super().ask(query)


def test_e01_one_question_fails_and_the_run_goes_on(
    pipeline: Pipeline, encoder: BundledEncoder, tmp_path: Path
) -> None:
    failing = Failing(pipeline.library, encoder, Settings())
    summary = finished(begun(tmp_path / "run", failing), failing)
    assert summary["status"]["failed"] == 1
    assert summary["questions"][FEW[3].id]["status"] == "failed"
    right = summary["figures"]["all"]["right"]
    assert (right["scored"], right["of"]) == (11, 12)
    assert "NaN" not in written(summary)
    result = read_results(tmp_path / "run")[0][FEW[3].id, 1]
    assert result.reason == "ZeroDivisionError: a fault of ours"


def test_e01_the_exit_code_says_that_one_failed(said: Said, tmp_path: Path) -> None:
    blank = Question("blank", "  ")
    file = as_file(tmp_path / "some.jsonl", (*FEW[:2], blank))
    code, out, _ = said("run", "--questions", file, "--out", tmp_path / "run")
    assert code == 1
    assert "Failed: blank" in out
    assert read_summary(tmp_path / "run")["status"]["failed"] == 1


def test_failed_questions_alone_are_asked_again(pipeline: Pipeline, encoder: BundledEncoder, tmp_path: Path) -> None:
    failing = Failing(pipeline.library, encoder, Settings())
    finished(begun(tmp_path / "run", failing), failing)
    asked: list[str] = []
    again = begun(tmp_path / "run", pipeline, retry_failed=True)
    summary = finished(again, pipeline, watch=lambda case, done, total: asked.append(case.question.id))
    assert asked == [FEW[3].id]
    assert summary["status"]["failed"] == 0


@pytest.mark.parametrize("cut", [0, 1, 40], ids=["whole lines", "a line break missing", "half a line"])
def test_e03_an_interrupted_run_resumes_to_the_same_summary(pipeline: Pipeline, tmp_path: Path, cut: int) -> None:
    whole = finished(begun(tmp_path / "whole", pipeline), pipeline)
    with pytest.raises(Interrupted):
        finished(begun(tmp_path / "cut", pipeline), pipeline, watch=stop_after(5))
    file = tmp_path / "cut" / "results.jsonl"
    file.write_bytes(file.read_bytes()[: -cut or None])
    asked: list[int] = []
    resumed = finished(
        begun(tmp_path / "cut", pipeline, resume=True), pipeline, watch=lambda *seen: asked.append(seen[1])
    )
    assert len(asked) == (8 if cut == 40 else 7)
    assert resumed | {"times": None} == whole | {"times": None}


def test_e03_a_killed_process_is_resumed_by_the_same_command(
    said: Said, questions: Path, shipped_home: Path, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "eval", "run", "--questions", str(questions), "--library", str(shipped_home)]
    killed = subprocess.Popen([*command, "--out", str(tmp_path / "killed")], stdout=subprocess.DEVNULL)
    file = tmp_path / "killed" / "results.jsonl"
    while not (file.exists() and b"\n" in file.read_bytes()):  # a long line may be written in two
        assert killed.poll() is None
    killed.kill()
    killed.wait()
    before = file.read_bytes().splitlines()[0]
    for out in ("killed", "whole"):
        assert said("run", "--questions", questions, "--out", tmp_path / out)[0] == 0
    assert file.read_bytes().splitlines()[0] == before
    assert timeless(tmp_path / "killed") == timeless(tmp_path / "whole")


@pytest.mark.parametrize("resume", [False, True])
def test_a_run_of_other_questions_in_the_same_folder_is_refused_and_the_old_one_stays(
    pipeline: Pipeline, tmp_path: Path, resume: bool
) -> None:
    finished(begun(tmp_path, pipeline, FEW[:2]), pipeline)
    before = (tmp_path / "results.jsonl").read_bytes()
    with pytest.raises(CallerMistake, match=r"differs in: questions\. Give another --out, or delete it"):
        begun(tmp_path, pipeline, FEW[:3], resume=resume)
    assert (tmp_path / "results.jsonl").read_bytes() == before


def test_a_second_process_at_a_run_is_refused_by_the_firsts_number(said: Said, questions: Path, tmp_path: Path) -> None:
    with alone(tmp_path / "run"):
        code, out, err = said("run", "--questions", questions, "--out", tmp_path / "run")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert f"Process {os.getpid()} is at the run" in err
    assert said("run", "--questions", questions, "--out", tmp_path / "run")[0] == 0


def test_without_out_the_newest_run_that_was_cut_short_goes_on(
    own: Library, questions: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["eval", "run", "--questions", str(questions)]
    for _ in range(2):
        assert askpapers(arguments) == 0
    first, second = sorted((own.folder / "runs").iterdir())
    (second / "summary.json").unlink()
    capsys.readouterr()
    assert askpapers(arguments) == 0
    assert f"Goes on with {second}." in capsys.readouterr().err
    assert sorted((own.folder / "runs").iterdir()) == [first, second]


def test_answers_that_fell_back_are_asked_again(
    said: Said, questions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    down = True

    def script(body: Body) -> Reply:
        return Reply(("out of memory",), status=400) if down else good(body)

    with scripted(script) as server:
        monkeypatch.setenv("ASKPAPERS_LLM_BASE_URL", server.url)
        arguments = ["--questions", questions, "--limit", 2, "--out", tmp_path / "run", "--llm", "local/x"]
        _, out, _ = said("run", *arguments)
        assert "2 of 2 answers were not written by local/x." in out
        assert "2 answers by fallback" in out
        down = False
        assert said("run", *arguments, "--retry-failed")[0] == 0
    assert read_summary(tmp_path / "run")["fallbacks"] == 0


def test_a_gate_without_a_run_keeps_the_one_it_makes_and_names_where(
    own: Library, questions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("eval.questions.SHIPPED", (questions,))
    baseline = ["eval", "gate", "--baseline", str(tmp_path / "baseline.json")]
    assert askpapers([*baseline, "--accept"]) == 0
    monkeypatch.setenv("ASKPAPERS_ABSTAIN_BELOW", "1")
    capsys.readouterr()
    assert askpapers(baseline) == 100
    out = capsys.readouterr().out
    (kept_in,) = [run for run in (own.folder / "runs").iterdir() if f"The run is in {run}." in out]
    assert "Lost: " in out
    assert askpapers(["eval", "show", kept_in.name, "--library", str(own.folder)]) == 0
    assert askpapers(["eval", "compare", kept_in.name, kept_in.name]) == 0


SECRETS = ("http://user:SECRETPW@127.0.0.1:9/v1", "http://127.0.0.1:9/v1?key=SECRETPW", "user:SECRETPW@127.0.0.1:9")


@pytest.mark.parametrize("url", SECRETS)
@pytest.mark.parametrize("name", ["LLM_BASE_URL", "EMBEDDING_BASE_URL"])
def test_no_password_or_key_of_an_address_is_written(
    said: Said, questions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, url: str
) -> None:
    monkeypatch.setenv(f"ASKPAPERS_{name}", url)
    assert said("run", "--questions", questions, "--limit", "1", "--out", tmp_path / "run")[0] == 0
    assert said("run", "--questions", questions, "--limit", "1", "--out", tmp_path / "x", "--llm", "local/x")[0] in (
        0,
        2,
    )
    said("gate", tmp_path / "run", "--baseline", tmp_path / "baseline.json", "--accept")
    assert (tmp_path / "baseline.json").exists()
    for file in tmp_path.rglob("*"):
        assert not file.is_file() or b"SECRETPW" not in file.read_bytes(), file


def test_gold_that_cannot_be_found_is_told_before_the_run(said: Said, tmp_path: Path) -> None:
    typo = replace(FEW[0], papers=(("Demystifing CLIP Dat",),))
    paraphrased = replace(FEW[1], evidence=(("Nobody wrote this sentence.",),))
    file = as_file(tmp_path / "some.jsonl", (typo, paraphrased, FEW[2]))
    code, _, err = said("run", "--questions", file, "--out", tmp_path / "run")
    assert code == 0
    first, second = err.splitlines()[:2]
    assert "For 1 of the questions the library doesn't hold a gold paper" in first
    assert f"({typo.id})" in first
    assert "evidence is in no abstract" in second
    assert f"({paraphrased.id})" in second


def test_shipped_gold_is_all_there(shipped: Library) -> None:
    questions = [question for question in read_sets(SHIPPED) if question.extra is None]
    assert list(warnings(questions, {None: shipped})) == []


def test_progress_without_a_terminal_is_a_line_every_tenth_and_counts_what_was_answered_before(
    pipeline: Pipeline, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(Interrupted):
        finished(begun(tmp_path, pipeline), pipeline, watch=stop_after(11))
    run = begun(tmp_path, pipeline)
    before = kept(run, {None: pipeline})
    with watching(before) as watch:
        (*_, last) = answer(run, {None: pipeline}, watch=watch)
    right = sum(case.right for case in (*before, last)) / 12
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"12 of 12: right {right:.0%}, with citations ")
    assert line.endswith("failed 0")


def test_e04_a_gate_on_another_question_set_is_refused(said: Said, pipeline: Pipeline, tmp_path: Path) -> None:
    for name, some in (("one", FEW[:2]), ("other", FEW[:3])):
        run = begun(tmp_path / name, pipeline, some)
        (run.folder / "summary.json").write_text(written(finished(run, pipeline)))
    for command in ("gate", "compare"):
        with_baseline = ["--baseline"] if command == "gate" else []
        code, out, err = said(command, *with_baseline, tmp_path / "one", tmp_path / "other")
        assert (code, out, err.count("\n")) == (2, "", 1)
        assert "question sets" in err


def test_e05_a_planted_regression_is_caught_and_an_identical_run_passes(
    said: Said, questions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("before", "again"):
        assert said("run", "--questions", questions, "--out", tmp_path / name)[0] == 0
    baseline = tmp_path / "baseline.json"
    assert said("gate", tmp_path / "before", "--baseline", baseline, "--accept")[0] == 0
    assert said("gate", tmp_path / "again", "--baseline", baseline)[0] == 0
    monkeypatch.setenv("ASKPAPERS_ABSTAIN_BELOW", "1")
    assert said("run", "--questions", questions, "--out", tmp_path / "planted")[0] == 0
    code, out, _ = said("gate", "--baseline", baseline, tmp_path / "planted")
    assert code == 100
    assert "Regression: coverage went from" in out


@pytest.mark.parametrize(
    ("metric", "change"),
    [
        ("fidelity", lambda line: line["citations"][0].update(quote="Nobody wrote this.")),
        ("validity", lambda line: line["statements"][0].update(citations=[99])),
    ],
)
def test_e05_a_broken_invariant_is_a_regression_whatever_the_margin(
    said: Said, questions: Path, tmp_path: Path, metric: str, change: Callable[[dict[str, Any]], None]
) -> None:
    folder = tmp_path / "run"
    said("run", "--questions", questions, "--out", folder)
    said("gate", folder, "--baseline", tmp_path / "baseline.json", "--accept")
    lines = [json.loads(line) for line in (folder / "results.jsonl").read_text().splitlines()]
    change(next(line for line in lines if line["citations"]))
    (folder / "results.jsonl").write_text("\n".join(map(json.dumps, lines)))
    assert said("run", "--questions", questions, "--out", folder, "--resume")[0] == 0
    code, out, _ = said("gate", folder, "--baseline", tmp_path / "baseline.json", "--margin", "1")
    assert code == 100
    assert f"{metric} must be 1" in out


def test_e05_one_flip_on_another_processor_is_no_regression(pipeline: Pipeline, tmp_path: Path) -> None:
    baseline = read_summary(BASELINE)
    flipped = json.loads(json.dumps(baseline))
    entry = next(entry for entry in flipped["questions"].values() if entry["scores"][0] == 1)
    for metric in ("right", "facts", "fully right", "evidence recall"):
        entry["scores"][flipped["metrics"].index(metric)] = 0
    assert regressions(baseline, flipped) == []


def test_e05_more_failed_answers_are_a_regression(pipeline: Pipeline, tmp_path: Path) -> None:
    baseline = read_summary(BASELINE)
    assert "1 answers failed" in regressions(baseline, baseline | {"status": baseline["status"] | {"failed": 1}})[0]


def test_e06_the_same_run_twice_gives_the_same_summary(said: Said, questions: Path, tmp_path: Path) -> None:
    said("run", "--questions", questions, "--out", tmp_path / "one")
    said("run", "--questions", questions, "--out", tmp_path / "other", "--jobs", 4)
    assert timeless(tmp_path / "one") == timeless(tmp_path / "other")


def test_repeats_measure_stability(said: Said, questions: Path, tmp_path: Path) -> None:
    said("run", "--questions", questions, "--out", tmp_path / "run", "--repeat", 2)
    summary = read_summary(tmp_path / "run")
    assert summary["figures"]["all"]["stability"]["value"] == 1
    assert summary["figures"]["all"]["right"]["of"] == 24
    assert len(summary["questions"]) == 12


def test_attacks_are_asked_of_a_copy_of_the_library_that_holds_their_papers(pipeline: Pipeline, tmp_path: Path) -> None:
    attacks = read_questions(SHIPPED[-1])[:3]
    before = len(pipeline.library)
    with opened(pipeline.library, attacks, lambda one: Pipeline(one, BundledEncoder(), Settings())) as pipelines:
        run = begun(tmp_path, pipeline, attacks)
        summary = summarise(run, answer(run, pipelines))
        copies = [one.library.folder for extra, one in pipelines.items() if extra]
    assert summary["figures"]["all"]["hit@3"]["value"] == summary["figures"]["all"]["fidelity"]["value"] == 1
    assert len(pipeline.library) == before
    assert not any(folder.exists() for folder in copies)


def test_attacks_are_found_by_another_embedding_too(
    said: Said, library: Library, encoder: BundledEncoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ingest(library, [SHIPPED[-1].with_name("attack-papers.jsonl")], encoder)
    with scripted(dimension=8) as server:
        configure(server, monkeypatch)
        embed(library, loaded(server), ("passage",))
        arguments = ["run", "--questions", str(SHIPPED[-1]), "--limit", "3", "--out", str(tmp_path / "run")]
        assert askpapers(["eval", *arguments, "--library", str(library.folder)]) == 0
    summary = read_summary(tmp_path / "run")
    assert summary["fallbacks"] == 0
    assert summary["run"]["embedding"].startswith("local/scripted@")


def test_two_runs_are_compared_with_the_flipped_questions_side_by_side(
    said: Said, questions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said("run", "--questions", questions, "--out", tmp_path / "before")
    monkeypatch.setenv("ASKPAPERS_ABSTAIN_BELOW", "1")
    said("run", "--questions", questions, "--out", tmp_path / "after")
    code, out, _ = said("compare", tmp_path / "before", tmp_path / "after", "--html", tmp_path / "compare.html")
    assert code == 0
    assert "wins / ties / losses" in out
    assert "A: answered" in out
    assert "B: abstained" in out
    assert "settings" in (tmp_path / "compare.html").read_text()


def test_show_prints_a_run_and_one_question_in_depth(said: Said, questions: Path, tmp_path: Path) -> None:
    said("run", "--questions", questions, "--out", tmp_path / "run")
    assert "nDCG@10" in said("show", tmp_path / "run")[1]
    code, out, _ = said("show", tmp_path / "run", FEW[0].id)
    assert code == 0
    assert FEW[0].text in out
    assert said("show", tmp_path / "run", "no-such-question")[0] == 2
    assert said("show", tmp_path)[0] == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", "--questions", "/nowhere.jsonl"],
        ["run", "--tag", "no-such-tag"],
        ["run", "--limit", "0"],
        ["run", "--resume"],
        ["run", "--questions", "EMPTY"],
        ["run", "--questions", "BROKEN"],
        ["gate", "/nowhere", "--baseline", "/nowhere.json"],
        ["compare", "/nowhere", "/nowhere"],
        ["retrieval", "--dataset", "/nowhere"],
        ["nonsense"],
    ],
    ids=" ".join,
)
def test_a_mistake_is_one_line_and_exit_code_2(said: Said, tmp_path: Path, arguments: list[str]) -> None:
    for name, content in (("EMPTY", ""), ("BROKEN", '{"id": "q"}')):
        (tmp_path / name).write_text(content)
    code, out, err = said(*(str(tmp_path / one) if one in ("EMPTY", "BROKEN") else one for one in arguments))
    assert (code, out, err.count("\n")) == (2, "", 1)


def test_nothing_secret_or_personal_is_recorded(library: Library) -> None:
    settings = Settings(home=library.folder)
    assert {"home", "port"}.isdisjoint(public(settings))
    assert str(library.folder) not in json.dumps(record(settings, library, "encoder", FEW))


def test_limited_questions_are_spread_evenly_and_the_hash_knows_them() -> None:
    every = read_sets(SHIPPED)
    some = chosen(every, limit=10)
    assert len(some) == len({question.id for question in some}) == 10
    assert len({question.kind for question in some}) >= 5
    assert fingerprint(some) != fingerprint(every)
    assert fingerprint(every) == fingerprint(read_sets([SHIPPED[0].parent / path.name for path in SHIPPED]))


def test_the_readmes_table_is_the_baselines() -> None:
    text = README.read_text(encoding="utf-8")
    assert rewritten(text, read_summary(BASELINE)) == text, "run: askpapers eval readme README.md"


def test_the_baseline_is_of_the_shipped_questions_and_holds_no_text() -> None:
    baseline = read_summary(BASELINE)
    assert baseline["run"]["questions"]["sha256"] == fingerprint(read_sets(SHIPPED))
    assert all(set(entry) == {"kind", "cluster", "status", "scores"} for entry in baseline["questions"].values())


def test_python_m_eval_is_the_same_door() -> None:
    done = subprocess.run([sys.executable, "-m", "eval", "--help"], capture_output=True, text=True, check=True)
    assert {"run", "compare", "gate", "show", "retrieval"} <= set(done.stdout.split())


@pytest.mark.parametrize("command", ["run", "compare", "gate", "show", "retrieval", "readme"])
def test_every_eval_command_has_help_with_an_example(said: Said, command: str) -> None:
    code = askpapers(["eval", command, "--help"])
    assert code == 0


def test_a_folder_that_cannot_be_written_is_one_line(said: Said, questions: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    code, _, err = said("run", "--questions", questions, "--out", tmp_path / "file" / "run")
    assert (code, err.count("\n")) == (1, 1)
    assert "can't be written" in err
    code, _, err = said("run", "--questions", questions, "--out", tmp_path / "file")
    assert (code, err.count("\n")) == (2, 1)
    assert "is a file" in err


def test_ctrl_c_keeps_what_was_answered_and_says_how_to_go_on(
    questions: Path, shipped_home: Path, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "eval", "run", "--questions", str(questions), "--library", str(shipped_home)]
    running = subprocess.Popen(
        [*command, "--out", str(tmp_path / "run"), "--repeat", "40"], stderr=subprocess.PIPE, text=True
    )
    file = tmp_path / "run" / "results.jsonl"
    while not (file.exists() and b"\n" in file.read_bytes()):
        assert running.poll() is None
    running.send_signal(signal.SIGINT)
    _, err = running.communicate()
    assert running.returncode == 130
    assert "run it again to go on" in err.splitlines()[-1]
    assert len(read_results(tmp_path / "run")[0]) > 0
