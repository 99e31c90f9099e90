"""With a local model and a local embedding, nobody else is asked: not by the window, the commands, a run, a judge.

Every process is watched from its first line on, by an audit hook: what it connects to, and what it looks up. What is
not Python's, the hook does not see; libraries of other languages go by the proxies that are set, where they are caught.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from browsing import needs_chromium
from embedding import QUESTION, fill, loaded
from playwright.sync_api import Browser, expect

from eval import replies
from eval.replies import Body, Reply, evidence, said
from eval.scripted import Server, scripted
from rag.library import Library

WATCHED = Path(__file__).with_name("watched")
LURES = ("OPENAI_BASE_URL", "OPENAI_API_BASE", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy")
PORT = 8730


def writing(body: Body) -> Reply:
    """An answer, a question that stands alone, or a vote, as it is asked for."""
    text = json.dumps(body["messages"])
    if "verdict" in text:
        verdict = "correct" if "incomplete" in text else "supported"
        return said(json.dumps({"why": "It says so.", "verdict": verdict}))
    return replies.good(body) if evidence(body) else said("How much shorter do capsule prompts get?")


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with scripted(writing) as server:
        yield server


@pytest.fixture(scope="module")
def library(shipped_home: Path, tmp_path_factory: pytest.TempPathFactory, server: Server) -> Path:
    """The shipped papers, with the server's vectors."""
    folder = tmp_path_factory.mktemp("nobody") / "home"
    shutil.copytree(shipped_home, folder)
    fill(Library(folder), loaded(server))
    return folder


@pytest.fixture(scope="module")
def lure() -> Iterator[Server]:
    """Where the environment would lead those who believe it."""
    with scripted() as elsewhere:
        yield elsewhere


@pytest.fixture
def surroundings(library: Path, server: Server, lure: Server, tmp_path: Path) -> dict[str, str]:
    ours = {"LLM": "local/scripted", "LLM_BASE_URL": server.url, "EMBEDDING": "local/scripted"}
    ours |= {"EMBEDDING_BASE_URL": server.url, "HOME": str(library)}
    paths = os.pathsep.join([str(WATCHED), str(WATCHED.parents[1]), os.environ.get("PYTHONPATH", "")])
    return (
        {name: value for name, value in os.environ.items() if not name.startswith("ASKPAPERS_")}
        | dict.fromkeys(LURES, lure.url)
        | {f"ASKPAPERS_{name}": value for name, value in ours.items()}
        | {"OPENAI_API_KEY": "sk-of-somebody-else", "PYTHONPATH": paths, "ASKED_WHOM": str(tmp_path / "asked")}
    )


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-c", "from ui.cli import main; main()", *arguments]


def run(surroundings: Mapping[str, str], *arguments: str) -> Any:
    """What a command prints, as JSON where it is."""
    done = subprocess.run(command(*arguments), env=surroundings, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout) if "--json" in arguments else done.stdout


def asked_whom(surroundings: Mapping[str, str]) -> set[str]:
    """Hosts and ports, and names looked up."""
    lines = Path(surroundings["ASKED_WHOM"]).read_text().splitlines()
    return {f"{host}:{port}" for line in lines for host, port in [re.findall(r"[(,] ?b?'?([^',()]+)'?", line)[:2]]}


def nobody_else(surroundings: Mapping[str, str], server: Server, lure: Server, *ours: str) -> None:
    assert asked_whom(surroundings) - {*ours} == {server.url.removeprefix("http://").removesuffix("/v1")}
    assert lure.connections == 0


def test_what_watches_sees_whom_a_process_asks(surroundings: dict[str, str]) -> None:
    code = "from socket import *; getaddrinfo('localhost', 80); socket(type=SOCK_DGRAM).connect(('127.0.0.1', 9))"
    subprocess.run([sys.executable, "-c", code], env=surroundings, check=True)
    assert asked_whom(surroundings) == {"localhost:80", "127.0.0.1:9"}


def test_a_question_and_a_follow_up_in_the_terminal_ask_the_configured_server_alone(
    surroundings: dict[str, str], server: Server, lure: Server, tmp_path: Path
) -> None:
    history = [{"role": "user", "content": QUESTION}, {"role": "assistant", "content": "By 81.4%."}]
    (tmp_path / "chat.json").write_text(json.dumps(history))
    answer = run(surroundings, "ask", "and how fast are they?", "--history", str(tmp_path / "chat.json"), "--json")
    assert (answer["model"], answer["fallback"]) == ("local/scripted", None)
    nobody_else(surroundings, server, lure)
    assert "/v1/embeddings" in [request.path for request in server.requests]


def test_an_evaluation_and_its_judge_ask_the_configured_server_alone(
    surroundings: dict[str, str], server: Server, lure: Server, tmp_path: Path
) -> None:
    options = ["--llm", "local/scripted", "--limit", "2", "--judge", "--out", str(tmp_path / "run")]
    run(surroundings, "eval", "run", *options)
    summary = json.loads((tmp_path / "run" / "summary.json").read_text())
    assert summary["written_by"] == {"local/scripted": 2}
    assert summary["judge"]["model"] == "local/scripted"
    assert not summary["judge"]["unscored"]
    nobody_else(surroundings, server, lure)


@needs_chromium
def test_the_window_asks_the_configured_server_alone(
    surroundings: dict[str, str], server: Server, lure: Server, browser: Browser
) -> None:
    window = subprocess.Popen(
        command("--no-browser", "--port", str(PORT)), env=surroundings, stdout=subprocess.PIPE, text=True
    )
    try:
        assert window.stdout
        [address] = re.findall(r"http://\S+:\d+", window.stdout.readline())
        with browser.new_context() as context:
            page = context.new_page()
            page.goto(address)
            page.get_by_role("textbox").fill(QUESTION)
            page.keyboard.press("Enter")
            expect(page.get_by_text("local/scripted").first).to_be_visible(timeout=60_000)
    finally:
        window.send_signal(signal.SIGINT)
        window.wait(20)
    nobody_else(surroundings, server, lure, address.removeprefix("http://"))  # it looks whether its port is free
