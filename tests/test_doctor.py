"""Doctor says what is configured, whether it is there, and the one line that mends it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from eval import replies
from eval.replies import Reply, Script
from eval.scripted import PLAIN, scripted
from rag.config import load_settings
from rag.encoder import BundledEncoder
from rag.library import Library
from rag.types import Paper
from rag.writer import chunk_of
from ui.doctor import Check, checks


def found(home: Path, **settings: object) -> dict[str, Check]:
    return {check.name: check for check in checks(load_settings(home=home, **settings), ship=False)}


def asked(home: Path, script: Script, models: Script = PLAIN, **settings: object) -> dict[str, Check]:
    with scripted(script, models=models) as server:
        chosen = {"llm": "local/scripted", "llm_base_url": server.url, "llm_timeout": 5.0} | settings
        return found(home, **chosen)


def test_without_a_model_nothing_is_asked_for(shipped_home: Path) -> None:
    names = list(found(shipped_home))
    assert names == ["configuration", "encoder", "library", "index", "embedding", "port"]


def test_a_model_that_answers_is_measured(shipped_home: Path) -> None:
    check = asked(shipped_home, lambda _: replace(replies.said("I am ready now."), between=0.01))["model"]
    assert check.status == "ok"
    assert "local/scripted at http://127.0.0.1" in check.message
    assert "tokens/s" in check.message


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"llm": "local/x"}, "ASKPAPERS_LLM_BASE_URL=http://127.0.0.1:8080/v1"),
        ({"llm": "openai/gpt-5"}, "OPENAI_API_KEY"),
        ({"llm": "local/x", "llm_base_url": "http://127.0.0.1:9/v1", "llm_timeout": 5.0}, "127.0.0.1:9"),
    ],
)
def test_f40_f43_what_is_missing_or_not_there_is_named_and_asking_still_works(
    shipped_home: Path, settings: dict[str, object], words: str
) -> None:
    check = found(shipped_home, **settings)["model"]
    assert check.status == "warning"
    assert words in check.message + (check.fix or "")
    assert check.message.startswith("answers are extractive: ")
    assert check.fix


def test_f41_a_key_that_is_refused_is_named_by_its_setting_and_never_shown(shipped_home: Path) -> None:
    checks = asked(shipped_home, [Reply(("no",), status=401)], llm_api_key="sk-canary-77")
    assert checks["model"].fix == "Set ASKPAPERS_LLM_API_KEY to one that may use the model."
    assert "canary" not in str(checks)


def listing(*names: str) -> list[Reply]:
    return [Reply(raw=json.dumps({"data": [{"id": name} for name in names] or None}).encode())]


READY = [replies.said("I am ready now.")]


@pytest.mark.parametrize(
    ("llm", "names", "status", "words"),
    [
        ("local/a", ("a", "b"), "ok", "the server has: a, b"),
        ("ollama/qwen3", ("llama3:latest", "qwen3:latest"), "ok", "llama3:latest, qwen3:latest"),
        ("local/c", ("a", "b"), "warning", "lists no 'c'; it has: a, b"),
        ("local/c", (), "warning", "it has: none"),
    ],
)
def test_the_servers_models_are_listed(
    shipped_home: Path, llm: str, names: tuple[str, ...], status: str, words: str
) -> None:
    found = asked(shipped_home, READY, listing(*names), llm=llm)
    assert (found["models"].status, words in found["models"].message) == (status, True), found["models"]
    assert found["model"].status == "ok"


@pytest.mark.parametrize("reply", [Reply(status=404), Reply(raw=b"[]")])
def test_a_server_that_lists_no_models_is_tried_all_the_same(shipped_home: Path, reply: Reply) -> None:
    found = asked(shipped_home, READY, [reply])
    assert "models" not in found
    assert found["model"].status == "ok"


def test_a_trial_that_ends_as_no_answer_may_is_a_warning(shipped_home: Path) -> None:
    check = asked(shipped_home, [replies.said("I am ready.", finish=None)])["model"]
    assert (check.status, "without finish_reason" in check.message) == ("warning", True)
    assert check.fix == "Update it, or try another."


def test_a_trial_without_end_is_listened_to_for_a_while(shipped_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ui.doctor.LONGEST_TRIAL", 0.5)
    check = asked(shipped_home, [Reply(("on ",) * 999, between=0.05)])["model"]
    assert (check.status, "tokens/s" in check.message) == ("ok", True)


def test_a_model_that_only_keeps_silent_is_a_warning(shipped_home: Path) -> None:
    assert "no text" in asked(shipped_home, [Reply(())])["model"].message


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "http://user:secret@127.0.0.1/v1", "ftp://127.0.0.1/v1", "nonsense"]
)
def test_a31_an_address_that_is_none_is_an_error_that_names_the_setting(shipped_home: Path, url: str) -> None:
    check = found(shipped_home, llm="local/x", llm_base_url=url)["model"]
    assert check.status == "error"
    assert "ASKPAPERS_LLM_BASE_URL" in check.message
    assert "secret" not in check.message


def test_what_is_ignored_in_the_environment_is_said(shipped_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://evil.example")
    assert "environment" not in found(shipped_home)
    check = asked(shipped_home, replies.good)["environment"]
    assert (check.status, "OPENAI_BASE_URL" in check.message) == ("warning", True)


@pytest.mark.parametrize("place", ["environment", "file"])
@pytest.mark.parametrize(
    ("name", "fix"),
    [("ASKPAPERS_QOUTES", "Did you mean ASKPAPERS_QUOTES?"), ("ASKPAPERS_XYZZY", ".env.example lists them all.")],
)
def test_a_setting_that_is_none_is_named_with_the_nearest_one(
    shipped_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str, name: str, fix: str
) -> None:
    monkeypatch.chdir(tmp_path)
    if place == "environment":
        monkeypatch.setenv(name, "1")
    else:
        (tmp_path / ".env").write_text(f"# ASKPAPERS_OTHER=1\nASKPAPERS_QUOTES=2\n{name}=1\n")
    check = found(shipped_home)["settings"]
    assert (check.status, check.message, check.fix) == ("warning", f"{name} is no setting: ignored", fix)


def test_an_index_behind_the_library_is_told_while_another_process_is_adding(own: Library) -> None:
    bread = Paper("bread", "On Bread", "We let it rise.")
    with own.writing() as writer:
        writer.put(bread, lambda paper: (chunk_of("passage", paper, 0, 15),))
        writer.commit(BundledEncoder().fingerprint, writer.lacking(BundledEncoder().fingerprint), np.ones((1, 384)))
        check = found(own.folder)["index"]
    assert (check.status, "behind the library" in check.message) == ("warning", True)
    assert found(own.folder)["index"].status == "ok"
