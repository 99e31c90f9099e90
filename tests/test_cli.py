"""The command line: its forms, its exit codes, its one-line errors."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from canary import KEY

from eval import replies
from eval.scripted import scripted
from ui.cli import run
from ui.terminal import printable

CAPSULE = "How much shorter do capsule prompts get?"
PAPER = {
    "title": "On Sourdough",
    "abstract": "We let sourdough ferment at 18 degrees for fourteen hours.",
    "year": 2020,
}


@pytest.fixture
def paper_file(tmp_path: Path) -> Path:
    file = tmp_path / "one.jsonl"
    file.write_text(json.dumps(PAPER))
    return file


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = run(list(arguments))
    out, err = capsys.readouterr()
    assert KEY not in out + err
    return code, out, err


def parsed(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    code, out, _ = said(capsys, *arguments)
    assert code == 0
    return json.loads(out)


@pytest.mark.usefixtures("home")
class TestAsk:
    def test_the_answer_is_printed_with_its_sources(self, capsys: pytest.CaptureFixture[str]) -> None:
        code, out, _ = said(capsys, "ask", CAPSULE)
        assert code == 0
        assert "81.4%" in out
        assert "[1]" in out

    def test_json_has_the_documented_form(self, capsys: pytest.CaptureFixture[str]) -> None:
        answer = parsed(capsys, "ask", CAPSULE, "--json")
        assert list(answer) == [
            "id", "question", "standalone_question", "status", "reason", "fallback", "text", "statements", "citations",
            "passages", "confidence", "notes", "model", "usage", "timings",
        ]  # fmt: skip
        assert set(answer["citations"][0]) == {"number", "paper", "quote", "start", "end"}
        assert set(answer["citations"][0]["paper"]) == {"id", "title", "url", "year"}
        assert set(answer["passages"][0]) == {"paper_id", "title", "score", "text"}
        assert set(answer["statements"][0]) == {"text", "citations", "support", "score"}
        assert {"retrieval_ms", "first_token_ms", "total_ms"} == set(answer["timings"])

    def test_an_abstention_is_no_failure_and_lists_the_nearest(self, capsys: pytest.CaptureFixture[str]) -> None:
        code, out, _ = said(capsys, "ask", "How long should sourdough ferment at 18 degrees?")
        assert code == 0
        assert "The papers don't say." in out
        assert "Nearest papers:" in out

    def test_a_history_file_makes_a_follow_up(self, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
        history = tmp_path / "history.json"
        title = "VALOR: Vision-Audio-Language Omni-Perception Pretraining Model and Dataset"
        turns = [{"role": "user", "content": "Does VALOR come with data?"}, {"role": "assistant", "content": "Yes. [1]", "papers": [title]}]  # fmt: skip # noqa: E501
        history.write_text(json.dumps(turns))
        answer = parsed(capsys, "ask", "how large is it?", "--history", str(history), "--json")
        assert title in answer["standalone_question"]
        assert {citation["paper"]["title"] for citation in answer["citations"]} == {title}

    @pytest.mark.parametrize("content", ["", "{}", "[1]", '[{"role": "system", "content": "x"}]', "\x00"])
    def test_a_history_that_cannot_be_read_is_the_callers_mistake(
        self, capsys: pytest.CaptureFixture[str], tmp_path: Path, content: str
    ) -> None:
        history = tmp_path / "history.json"
        history.write_text(content)
        code, out, err = said(capsys, "ask", "how large is it?", "--history", str(history))
        assert (code, out, err.count("\n")) == (2, "", 1)


@pytest.mark.usefixtures("home")
class TestAModel:
    """`--llm` is all that changes."""

    def test_a_model_writes_by_one_option_and_what_was_sent_can_be_seen(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with scripted(replies.good) as server:
            monkeypatch.setenv("ASKPAPERS_LLM_BASE_URL", server.url)
            code, out, err = said(capsys, "ask", CAPSULE, "--llm", "local/scripted", "--json", "--show-prompt")
            sent = [message["content"] for message in server.requests[0].body["messages"]]
        answer = json.loads(out)
        assert (code, answer["model"], answer["fallback"]) == (0, "local/scripted", None)
        assert all(content in err for content in sent)

    def test_what_was_painted_and_does_not_stand_is_withdrawn(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with scripted(lambda body: replace(replies.good(body), between=0.01, cut_after=30)) as server:
            monkeypatch.setenv("ASKPAPERS_LLM_BASE_URL", server.url)
            code, out, err = said(capsys, "ask", CAPSULE, "--llm", "local/scripted")
        assert code == 0
        assert "81.4%" in out.split("(The text above is withdrawn.)")[1]
        assert err.startswith("Note: ")

    def test_what_was_sent_is_shown_to_the_letter_and_steers_no_terminal(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with scripted(replies.good) as server:
            monkeypatch.setenv("ASKPAPERS_LLM_BASE_URL", server.url)
            question = f"{CAPSULE[:-1]} \u202efor\u200b all?"
            _, _, err = said(capsys, "ask", question, "--llm", "local/scripted", "--show-prompt")
        assert f"{CAPSULE[:-1]} \\u202efor\\u200b all?" in err

    def test_an_address_beside_openai_is_the_callers_mistake(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("OPENAI_API_KEY", "sk-canary-5")
        monkeypatch.setenv("ASKPAPERS_LLM_BASE_URL", "http://127.0.0.1:1/v1")
        code, out, err = said(capsys, "ask", CAPSULE, "--llm", "openai/gpt-5")
        assert (code, out, err.count("\n"), "ASKPAPERS_LLM=local/gpt-5" in err) == (2, "", 1, True)

    def test_without_a_model_it_says_that_nothing_was_sent(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert "Nothing was sent" in said(capsys, "ask", CAPSULE, "--show-prompt")[2]

    def test_f40_a_model_without_its_address_is_a_note_and_no_failure(self, capsys: pytest.CaptureFixture[str]) -> None:
        code, out, err = said(capsys, "ask", CAPSULE, "--llm", "local/qwen3")
        assert (code, "81.4%" in out) == (0, True)
        assert err.startswith("Note: local/qwen3 needs its server's address.")

    def test_an_address_that_is_none_is_the_callers_mistake(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("ASKPAPERS_LLM_BASE_URL", "file:///etc/passwd")
        code, out, err = said(capsys, "ask", CAPSULE, "--llm", "local/qwen3")
        assert (code, out, err.count("\n"), "ASKPAPERS_LLM_BASE_URL" in err) == (2, "", 1, True)

    def test_a_key_in_the_environment_makes_no_model_write(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("OPENAI_API_KEY", "sk-canary-5")
        _, out, err = said(capsys, "ask", CAPSULE, "--json")
        assert json.loads(out)["model"] == "extractive"
        assert "canary" not in out + err


class TestMistakes:
    @pytest.mark.parametrize(
        "arguments",
        [
            ["ask"],
            ["ask", ""],
            ["ask", "x" * 5000],
            ["ask", "x", "--llm", "gpt"],
            ["ask", "x", "--nonsense"],
            ["ask", "x", "--history", "/nowhere.json"],
            ["nonsense"],
            ["--port", "0"],
            ["--llm", "local/x", "ask", "x"],
            ["--library", "elsewhere", "papers"],
            ["--no-browser", "eval", "run"],
            ["ingest"],
            ["ingest", "/nowhere.jsonl"],
            ["ingest", "F14" * 100],
        ],
        ids=lambda arguments: " ".join(arguments)[:30],
    )
    def test_a_mistake_is_one_line_on_stderr_and_exit_code_2(
        self, capsys: pytest.CaptureFixture[str], arguments: list[str]
    ) -> None:
        code, out, err = said(capsys, *arguments)
        assert (code, out, err.count("\n")) == (2, "", 1)
        assert err.startswith("askpapers: ")

    @pytest.mark.parametrize(("call", "shown"), [(["ask"], "ask --help"), (["aks"], "askpapers --help")])
    def test_a_wrong_call_is_told_where_examples_are(
        self, call: list[str], shown: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert run(call) == 2
        assert capsys.readouterr().err.rstrip().endswith(shown)

    def test_an_unknown_paper_is_named(self, capsys: pytest.CaptureFixture[str], home: Path) -> None:
        code, _, err = said(capsys, "remove", "no-such-paper")
        assert (code, "no-such-paper" in err) == (2, True)

    def test_a_setting_that_cannot_be_read_is_named(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("ASKPAPERS_PORT", "eighty")
        code, _, err = said(capsys, "papers")
        assert (code, "ASKPAPERS_PORT=eighty" in err) == (2, True)


class TestLibraries:
    def test_another_library_is_never_filled_unasked(self, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
        assert parsed(capsys, "papers", "--json", "--library", str(tmp_path / "other")) == []

    def test_listing_an_empty_library_says_where_it_is_and_how_to_fill_it(
        self, capsys: pytest.CaptureFixture[str], tmp_path: Path
    ) -> None:
        code, out, err = said(capsys, "papers", "--library", str(tmp_path / "othr"))
        assert (code, out, err.count("\n")) == (0, "", 1)
        assert f"{tmp_path / 'othr'} holds no papers. Add some: askpapers ingest PATH" in err

    def test_f30_asking_an_empty_library_fails_and_says_how_to_fill_it(
        self, capsys: pytest.CaptureFixture[str], tmp_path: Path
    ) -> None:
        code, out, _ = said(capsys, "ask", "What is CLIP?", "--json", "--library", str(tmp_path / "other"))
        assert code == 1
        assert json.loads(out)["status"] == "failed"
        assert "askpapers ingest PATH" in json.loads(out)["reason"]

    def test_a_paper_is_added_found_listed_and_removed(
        self, capsys: pytest.CaptureFixture[str], home: Path, paper_file: Path
    ) -> None:
        summary = {"path": str(paper_file), "added": 1, "updated": 0, "unchanged": 0, "refused": []}
        assert parsed(capsys, "ingest", str(paper_file), "--json") == [summary]
        assert parsed(capsys, "ingest", str(paper_file), "--json") == [summary | {"added": 0, "unchanged": 1}]
        question = "How long should sourdough ferment at 18 degrees?"
        assert "fourteen hours" in parsed(capsys, "ask", question, "--json")["text"]
        listed = parsed(capsys, "papers", "--json")
        assert (len(listed), listed[-1]["title"], listed[-1]["year"]) == (91, "On Sourdough", 2020)
        assert said(capsys, "remove", listed[-1]["id"])[0] == 0
        assert len(parsed(capsys, "papers", "--json")) == 90
        assert parsed(capsys, "ask", question, "--json")["status"] == "abstained"

    def test_ingest_alone_creates_a_library_without_the_shipped_papers(
        self, capsys: pytest.CaptureFixture[str], paper_file: Path
    ) -> None:
        assert said(capsys, "ingest", str(paper_file))[0] == 0
        assert [paper["title"] for paper in parsed(capsys, "papers", "--json")] == ["On Sourdough"]

    def test_what_is_refused_is_said_with_its_reason_and_the_rest_is_added(
        self, capsys: pytest.CaptureFixture[str], tmp_path: Path, paper_file: Path
    ) -> None:
        (tmp_path / "empty.csv").touch()
        code, out, _ = said(capsys, "ingest", str(tmp_path / "empty.csv"), str(paper_file))
        assert code == 0
        assert "The file is empty" in out
        assert "1 added" in out


class TestDoctor:
    def test_all_is_well_with_a_filled_library(self, capsys: pytest.CaptureFixture[str], home: Path) -> None:
        checks = parsed(capsys, "doctor", "--json")
        names = ["configuration", "encoder", "library", "index", "embedding", "port"]
        assert [check["check"] for check in checks] == names
        assert all(set(check) == {"check", "status", "message", "fix"} for check in checks)

    def test_an_empty_library_is_an_error_with_its_fix(
        self, capsys: pytest.CaptureFixture[str], tmp_path: Path
    ) -> None:
        code, out, _ = said(capsys, "doctor", "--json", "--library", str(tmp_path / "other"))
        library = next(check for check in json.loads(out) if check["check"] == "library")
        assert (code, library["status"], library["fix"]) == (1, "error", "askpapers ingest PATH")


def test_a_cold_process_creates_the_library_answers_and_writes_only_json(tmp_path: Path) -> None:
    environment = os.environ | {"ASKPAPERS_HOME": str(tmp_path / "new")}
    command = [sys.executable, "-c", "from ui.cli import main; main()", "ask", CAPSULE, "--json"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, cwd=tmp_path)
    assert "81.4%" in json.loads(done.stdout)["text"]


@pytest.mark.parametrize("form", [[], ["--json"]], ids=["for people", "JSON"])
def test_what_a_terminal_has_no_letter_for_is_written_as_its_number(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, form: list[str]
) -> None:
    (tmp_path / "a.jsonl").write_text(json.dumps(PAPER | {"title": "On Pâte 🥖"}))
    said(capsys, "ingest", str(tmp_path / "a.jsonl"))
    command = [sys.executable, "-c", "from ui.cli import main; main()", "papers", *form]
    environment = os.environ | {"PYTHONIOENCODING": "ascii"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert (json.loads(done.stdout)[0]["title"] == "On Pâte 🥖") if form else (r"On P\xe2te \U0001f956" in done.stdout)


@pytest.mark.parametrize("command", ["", "chat", "ask", "ingest", "papers", "remove", "doctor"])
def test_every_command_has_help_with_an_example(capsys: pytest.CaptureFixture[str], command: str) -> None:
    code, out, _ = said(capsys, *filter(None, [command]), "--help")
    assert code == 0
    assert "Example: askpapers" in " ".join(out.split())


def test_text_from_papers_cannot_steer_the_terminal() -> None:
    assert printable("a\x1b[31mb\u202ec\u200bd\n") == "a[31mbcd\n"
