"""A real local server, llama.cpp's own, with a model that talks nonsense: streamed, stopped, overflowed, asked."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from clock import by_the_clock

from eval.llama_cpp import Llama, llama
from rag import served
from rag.config import Settings, load_settings
from rag.encoder import BundledEncoder
from rag.library import Library
from rag.models import load_llm
from rag.pipeline import Pipeline
from rag.prompts import answer_prompt
from rag.quotes import Quote
from rag.room import cautious, size
from rag.types import Answer, Message, Query, Span
from ui.doctor import checks

pytest.importorskip("xllamacpp", reason="no llama.cpp on this machine: pip install -e '.[test]'")
WINDOW = Path(__file__).parents[1] / "ui" / "window.py"
CAPSULE = Query("How much shorter do capsule prompts get?")


@pytest.fixture(scope="module")
def server() -> Iterator[Llama]:
    with llama(16_384) as running:
        yield running


@pytest.fixture(scope="module")
def address(server: Llama) -> str:
    return server.url


def settings(url: str, **more: object) -> Settings:
    return load_settings(llm="local/tiny", llm_base_url=f"{url}/v1", **more)


def is_honest(answer: Answer) -> bool:
    """The papers' own sentences, and why not the model's."""
    return (answer.status, answer.model) == ("answered", "extractive") and "81.4%" in answer.text


def test_its_tokens_are_streamed_and_counted(address: str) -> None:
    model = load_llm(settings(address, llm_max_tokens=64))
    assert model
    tokens = [token for token in model.stream([Message("user", "Say something.")]) if token]
    assert len([token for token in tokens if token.text]) > 5
    assert [token.finish for token in tokens if token.finish] in (["length"], ["stop"])
    assert tokens[-1].completion_tokens
    assert model.listed() == ("tiny",)


def test_its_own_count_of_a_prompt_is_what_it_reports_and_ours_is_not(address: str, shipped: Library) -> None:
    model = load_llm(settings(address, llm_max_tokens=64))
    assert model
    paper = next(iter(shipped.papers()))
    prompt = answer_prompt("How fast is it?", [Quote(Span(paper, 0, len(paper.abstract)))], "7f3a9c0e")
    reported = [token.prompt_tokens for token in model.stream(prompt) if token][-1]
    assert reported
    assert size(prompt, model.count) == pytest.approx(reported, rel=0.03)
    assert size(prompt, cautious) < reported / 2, "its tokens are bytes, mostly"


def test_its_window_is_told(address: str) -> None:
    model = load_llm(settings(address))
    assert model
    assert model.endpoint.call(lambda http: served.window(http, "tiny")) == 16_384


def test_its_nonsense_comes_out_as_an_extractive_answer_that_says_why(
    address: str, shipped: Library, encoder: BundledEncoder
) -> None:
    answer = Pipeline(shipped, encoder, settings(address, llm_max_tokens=256)).ask(CAPSULE).answer
    assert is_honest(answer)
    assert "local/tiny" in (answer.fallback or "")
    assert answer.prompt


@by_the_clock
def test_stopped_half_way_it_stops_within_a_second(server: Llama, shipped: Library, encoder: BundledEncoder) -> None:
    chosen = settings(server.url, llm_max_tokens=8_000, llm_context=16_384)
    stream = Pipeline(shipped, encoder, chosen).ask(CAPSULE)
    next(piece for piece in stream if piece)
    assert server.is_busy
    stream.close()
    closed_at = time.monotonic()
    while server.is_busy:
        time.sleep(0.02)
    assert time.monotonic() - closed_at < 1


def test_f48_a_context_that_is_too_small_is_told(shipped: Library, encoder: BundledEncoder) -> None:
    with llama(512) as small:
        answer = Pipeline(shipped, encoder, settings(small.url)).ask(CAPSULE).answer
        assert is_honest(answer)
        assert "too long" in (answer.fallback or "")


def test_what_it_is_sent_fits_by_its_own_count(shipped: Library, encoder: BundledEncoder) -> None:
    with llama(4096) as running:
        chosen = settings(running.url, llm_context=4096, llm_max_tokens=64, evidence=60)
        answer, model = Pipeline(shipped, encoder, chosen).ask(CAPSULE).answer, load_llm(chosen)
        assert model
        assert "too long" not in (answer.fallback or "")
        assert [message.role for message in answer.prompt] == ["system", "user"], "sent once"
        assert size(answer.prompt, model.count) <= 4096 - 64


def test_the_window_shows_the_extractive_answer_and_why(
    address: str, shipped_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import streamlit as st
    from streamlit.testing.v1 import AppTest

    shutil.copytree(shipped_home, tmp_path / "own")
    for name, value in {"HOME": str(tmp_path / "own"), "LLM": "local/tiny", "LLM_BASE_URL": f"{address}/v1"}.items():
        monkeypatch.setenv(f"ASKPAPERS_{name}", value)
    window = AppTest.from_file(str(WINDOW), default_timeout=60).run()
    window.chat_input[0].set_value(CAPSULE.text).run()
    assert not window.exception
    assert is_honest(window.session_state["chat"][-1].answer)
    st.cache_resource.clear()


def test_doctor_measures_it_and_names_what_it_has(address: str, shipped_home: Path) -> None:
    found = {check.name: check for check in checks(settings(address, home=shipped_home, llm_max_tokens=64), ship=False)}
    assert found["model"].status == "ok"
    assert "first token" in found["model"].message
    assert "holds 16,384 tokens" in found["window"].message
    other = load_settings(llm="local/qwen3", llm_base_url=f"{address}/v1", home=shipped_home, llm_max_tokens=64)
    named = {check.name: check for check in checks(other, ship=False)}["models"]
    assert (named.status, named.fix) == ("warning", "ASKPAPERS_LLM=local/tiny")
