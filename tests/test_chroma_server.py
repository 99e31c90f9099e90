"""Chroma's own server elsewhere: the same answers, whatever becomes of it, and nobody else is asked."""

from __future__ import annotations

import json
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import numpy as np
import pytest
from clock import by_the_clock

from eval.questions import DEV, read_questions
from rag.breaker import PAUSE
from rag.chroma_server import AWAY, COLLECTIONS, PATIENCE, Server
from rag.config import load_settings
from rag.encoder import BundledEncoder
from rag.errors import BadSetting, ModelGarbled, ModelRejected
from rag.index import current_index
from rag.library import Library
from rag.retrieve import HybridRetriever
from rag.types import Passage
from ui.cli import run
from ui.doctor_chroma import mending

CHROMA = Path(sys.executable).with_name("chroma")
QUESTION = "How much shorter do capsule prompts get?"
DEVELOPMENT = tuple(question.text for question in read_questions(DEV))


class Chroma:
    """The server that `chroma run` starts, on a port that it keeps when it is stopped and started again."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.process = folder, None
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = int(free.getsockname()[1])
        self.address = f"http://127.0.0.1:{self.port}"

    process: subprocess.Popen[bytes] | None

    def start(self) -> None:
        """Returns when it answers."""
        call = [str(CHROMA), "run", "--host", "127.0.0.1", "--port", str(self.port), "--path", str(self.folder)]
        self.process = subprocess.Popen(call, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(600):
            try:
                httpx.get(f"{self.address}/api/v2/heartbeat", trust_env=False)
                return
            except httpx.TransportError:
                time.sleep(0.05)
        raise TimeoutError("chroma run does not start")

    def stop(self) -> None:
        """As a crash would."""
        if self.process:
            self.process.kill()
            self.process.wait()

    def restart(self, empty: bool) -> None:
        self.stop()
        if empty:
            shutil.rmtree(self.folder)
        self.start()

    def asked(self, method: str, path: str, **body: Any) -> Any:
        """Past the product."""
        return httpx.request(method, f"{self.address}/{COLLECTIONS}{path}", trust_env=False, **body).json()

    @property
    def names(self) -> set[str]:
        return {one["name"] for one in self.asked("GET", "")}


@pytest.fixture(scope="module")
def chroma(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chroma]:
    server = Chroma(tmp_path_factory.mktemp("chroma") / "data")
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def library_(shipped_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Library:
    """The shipped papers, for tests that only ask."""
    return Library(shutil.copytree(shipped_home, tmp_path_factory.mktemp("asked") / "library"))


def retriever(library: Library, encoder: BundledEncoder, address: str = "embedded") -> HybridRetriever:
    return HybridRetriever(library, encoder, load_settings(chroma=address))


@pytest.fixture(scope="module")
def embedded(library_: Library, encoder: BundledEncoder) -> dict[str, tuple[Passage, ...]]:
    """What the dev questions find where Chroma is embedded."""
    local = retriever(library_, encoder)
    return {question: local.search(question) for question in DEVELOPMENT}


@contextmanager
def answering(reply: Callable[[str, str], tuple[int, bytes]]) -> Iterator[tuple[str, list[tuple[str, str, bytes]]]]:
    """A server that answers a method and a path with a status and a body; and what it was asked."""
    asked: list[tuple[str, str, bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        def handle_one(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            asked.append((self.command, self.path, body))
            status, said = reply(self.command, self.path)
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        do_GET = do_POST = do_DELETE = handle_one  # noqa: N815 - as http.server names them

        def log_message(self, *_: object) -> None:
            """In silence."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()


class TestWhatMendsIt:
    def test_an_address_beside_the_servers_is_met_with_the_line(self, chroma: Chroma) -> None:
        line = f"ASKPAPERS_CHROMA={chroma.address}"
        assert mending(f"{chroma.address}/api/v2") == line
        assert mending(chroma.address.replace("http://", "https://")) == line
        assert mending(chroma.address) == "It is a Chroma server, and fails: look at its log."

    def test_another_server_an_unknown_host_and_nobody_are_told_apart(self) -> None:
        with answering(lambda *_: (404, b"no")) as (address, _):
            assert mending(address).startswith("Another server is there: start Chroma at another port")
        assert mending("http://no-such-host.invalid:8000").startswith("No machine is called no-such-host.invalid")
        assert mending("http://127.0.0.1:9") == "Start it: chroma run --host 127.0.0.1 --port 9 --path DIR"

    def test_what_is_said_of_another_server_speaks_of_no_model(self) -> None:
        for error in (ModelRejected("x knows no such model or path. It mostly ends in /v1."), ModelGarbled("no /v1")):
            assert not re.search("model|/v1", Server("http://127.0.0.1:9").told(error))


class TestTheSameAnswers:
    def test_every_dev_question_finds_the_same_papers_with_the_same_scores(
        self,
        chroma: Chroma,
        library_: Library,
        encoder: BundledEncoder,
        embedded: dict[str, tuple[Passage, ...]],
    ) -> None:
        there = retriever(library_, encoder, chroma.address)
        assert {question: there.search(question) for question in DEVELOPMENT} == embedded
        assert there.notes == ()
        [name] = [name for name in chroma.names if there.index().folder.name in name]
        assert chroma.asked("GET", f"/{name}")["configuration_json"]["hnsw"]["space"] == "cosine"

    def test_the_nearest_are_found_by_the_server_and_they_are_the_nearest(
        self, chroma: Chroma, library_: Library, encoder: BundledEncoder
    ) -> None:
        index = retriever(library_, encoder, chroma.address).index()
        for question in DEVELOPMENT[:20]:
            vector = encoder.vector(question)
            found = index.near.nearest(vector, 20)
            assert found is not None
            exact = index.chunks[np.argsort(-index.cosines(vector, np.arange(len(index.chunks))))[:20]]
            assert set(found) == set(exact)

    def test_a_crowd_that_comes_first_gets_what_each_gets_alone(
        self, chroma: Chroma, own: Library, encoder: BundledEncoder, embedded: dict[str, tuple[Passage, ...]]
    ) -> None:
        there = retriever(own, encoder, chroma.address)
        with ThreadPoolExecutor(8) as crowd:
            assert list(crowd.map(there.search, DEVELOPMENT[:40])) == [*embedded.values()][:40]
        assert there.notes == ()


class TestAServerThatComesAndGoes:
    @by_the_clock
    @pytest.mark.parametrize("empty", [False, True])
    def test_after_a_restart_it_finds_them_again_with_or_without_its_data(
        self, chroma: Chroma, own: Library, encoder: BundledEncoder, empty: bool
    ) -> None:
        there = retriever(own, encoder, chroma.address)
        before = there.search(QUESTION)
        index = there.index()
        chroma.restart(empty)
        assert [there.search(QUESTION) for _ in range(3)] == [before] * 3
        assert there.notes == ()
        assert index.near.nearest(encoder.vector(QUESTION), 5) is not None, "by the server again"
        assert any(index.folder.name in name for name in chroma.names)

    def test_while_it_is_away_the_same_papers_are_found_and_it_is_said(
        self, chroma: Chroma, own: Library, encoder: BundledEncoder, embedded: dict[str, tuple[Passage, ...]]
    ) -> None:
        there = retriever(own, encoder, chroma.address)
        there.search(QUESTION)
        chroma.stop()
        try:
            begun = time.monotonic()
            assert [there.search(question) for question in DEVELOPMENT[:10]] == [*embedded.values()][:10]
            assert time.monotonic() - begun < 5
            assert len(there.notes) == 1
            assert there.notes[0].startswith(f"{AWAY} {chroma.address} refuses the connection")
        finally:
            chroma.start()

    @by_the_clock
    def test_one_that_hangs_is_waited_for_once_and_then_left_alone(
        self, chroma: Chroma, own: Library, encoder: BundledEncoder, embedded: dict[str, tuple[Passage, ...]]
    ) -> None:
        there = retriever(own, encoder, chroma.address)
        there.search(QUESTION)
        assert chroma.process
        chroma.process.send_signal(signal.SIGSTOP)
        try:
            waits = []
            for question in DEVELOPMENT[:6]:
                begun = time.monotonic()
                assert there.search(question) == embedded[question]
                waits.append(time.monotonic() - begun)
                assert there.notes == (f"{AWAY} {chroma.address} sends nothing within 3 s. Look at its log.",)
            assert max(waits) < PATIENCE.first + 2
            assert max(waits[1:]) < PATIENCE.first
        finally:
            chroma.process.send_signal(signal.SIGCONT)

    def test_half_a_minute_after_it_was_away_it_is_asked_again(
        self, chroma: Chroma, own: Library, encoder: BundledEncoder
    ) -> None:
        now = [0.0]
        index = current_index(own, encoder.fingerprint, server=Server(chroma.address, clock=lambda: now[0]))
        vector = encoder.vector(QUESTION)
        chroma.stop()
        assert index.near.nearest(vector, 5) is None
        chroma.restart(empty=True)
        assert index.near.nearest(vector, 5) is None
        assert index.near.away
        now[0] += PAUSE + 1
        assert index.near.nearest(vector, 5) is not None
        assert index.near.away is None

    def test_a_library_is_filled_and_asked_without_it_and_put_there_later(
        self, chroma: Chroma, own: Library, encoder: BundledEncoder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setenv("ASKPAPERS_CHROMA", chroma.address)
        chroma.stop()
        try:
            file = tmp_path / "zyxel.jsonl"
            file.write_text(json.dumps({"title": "Zyxel lattices", "abstract": "Zyxel lattices fold at 40 kelvin."}))
            assert run(["ingest", str(file)]) == 0
        finally:
            chroma.start()
        there = retriever(own, encoder, chroma.address)
        assert there.search("When do Zyxel lattices fold?")[0].span.paper.title == "Zyxel lattices"
        assert any(there.index().folder.name in name for name in chroma.names)
        assert there.notes == ()


class TestManyLibraries:
    def test_two_on_one_server_never_mix_and_old_editions_go(
        self, chroma: Chroma, own: Library, encoder: BundledEncoder, tmp_path: Path
    ) -> None:
        copy = Library(shutil.copytree(own.folder, tmp_path / "copy"))
        one, other = (retriever(library, encoder, chroma.address) for library in (own, copy))
        chroma.asked("POST", "", json={"name": "of-somebody-else"})
        before = chroma.names
        assert one.search(QUESTION) == other.search(QUESTION)
        assert len(chroma.names - before) == 2, "though they hold the same"
        kept = {name for name in chroma.names if other.index().folder.name in name}
        for _ in range(4):
            with own.writing() as writer:
                writer.remove([next(own.papers()).id])
            one.search(QUESTION)
        editions = {folder.name for folder in (own.folder / "index").iterdir() if is_beside(folder, one)}
        mine = chroma.names - before - kept
        assert {name.removeprefix("askpapers-").partition("-")[2] for name in mine} == editions
        assert len(mine) == 2
        assert before <= chroma.names, "what is not this library's is left alone"


def is_beside(folder: Path, there: HybridRetriever) -> bool:
    """Whether it holds an edition made with the same embedding, for the same server."""
    return folder.name.rpartition("-")[2] == there.index().folder.name.rpartition("-")[2]


def full(method: str, path: str) -> tuple[int, bytes]:
    """What a server says that has everything, and whose configuration names what is not to be built."""
    if path.endswith("/count"):
        return 200, b"180"
    if path.endswith("/query"):
        return 200, json.dumps({"ids": [["999999"]] * 32, "distances": [[0.0]] * 32}).encode()
    evil = {"embedding_function": {"type": "known", "name": "openai", "config": {"api_key_env_var": "HOME"}}}
    return 200, json.dumps({"id": "../../../evil?", "name": "x", "configuration_json": evil, "schema": evil}).encode()


class TestWhatAServerSaysIsNotBelieved:
    @pytest.mark.parametrize(
        "reply",
        [
            full,
            lambda method, path: (200, b"<html>Sign in</html>"),
            lambda method, path: (200, b"null"),
            lambda method, path: (200, b"[]"),
            lambda method, path: (200, b'{"id": {"id": "1"}, "ids": [["1"], []], "distances": [[null]]}'),
            lambda method, path: (200, b"[" * 100_000),
            lambda method, path: (404, b"no such path"),
            lambda method, path: (401, b"who are you?"),
            lambda method, path: (503, b"busy"),
            lambda method, path: (301, b"elsewhere"),
        ],
    )
    def test_the_same_papers_are_found_whatever_it_says(
        self,
        library_: Library,
        encoder: BundledEncoder,
        embedded: dict[str, tuple[Passage, ...]],
        reply: Callable[[str, str], tuple[int, bytes]],
    ) -> None:
        with answering(reply) as (address, _):
            there = retriever(library_, encoder, address)
            for question in DEVELOPMENT[:5]:
                assert there.search(question) == embedded[question]
            assert [note.startswith(AWAY) for note in there.notes] == [True]
            assert "\n" not in there.notes[0]

    @pytest.mark.parametrize("harmed", ["some are lost", "all are others"])
    def test_a_collection_that_was_changed_is_put_there_again(
        self, chroma: Chroma, own: Library, encoder: BundledEncoder, harmed: str
    ) -> None:
        others = chroma.names
        before = retriever(own, encoder, chroma.address).search(QUESTION)
        [name] = chroma.names - others
        harm(chroma, name, harmed)
        again = retriever(own, encoder, chroma.address)
        assert again.search(QUESTION) == before
        assert inside(chroma, name)[1] == {str(number) for number in again.index().chunks}
        vector = encoder.vector(QUESTION)
        exact = np.argsort(-again.index().cosines(vector, np.arange(len(again.index().chunks))))[:20]
        assert set(again.index().nearest(vector, 20)) == set(exact)
        assert again.notes == ()


def harm(chroma: Chroma, name: str, what: str) -> None:
    """Takes a few vectors out, or puts others in the place of all."""
    collection, ids = inside(chroma, name)
    if what == "some are lost":
        chroma.asked("POST", f"/{collection}/delete", json={"ids": list(ids)[:3]})
    else:
        vectors = np.random.default_rng(0).normal(size=(len(ids), 384)).tolist()
        chroma.asked("POST", f"/{collection}/update", json={"ids": list(ids), "embeddings": vectors})


def inside(chroma: Chroma, name: str) -> tuple[str, set[str]]:
    """The collection's id, and those of what it holds."""
    collection = chroma.asked("GET", f"/{name}")["id"]
    return collection, set(chroma.asked("POST", f"/{collection}/get", json={"include": []})["ids"])


class TestWhoIsToldWhat:
    def test_only_the_server_is_asked_and_it_is_sent_numbers_alone(
        self, own: Library, encoder: BundledEncoder, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        reached: list[Any] = []
        connect = socket.socket.connect

        def watched(sock: socket.socket, to: Any) -> None:
            reached.append(to)
            connect(sock, to)

        def fresh(method: str, path: str) -> tuple[int, bytes]:
            return (404, b"{}") if method != "POST" else (200, b'{"id": "1"}')

        monkeypatch.setattr(socket.socket, "connect", watched)
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy"):
            monkeypatch.setenv(name, "http://127.0.0.1:9")
        monkeypatch.setenv("CHROMA_SERVER_HEADERS", '{"x-secret": "canary"}')
        with answering(fresh) as (address, asked):
            retriever(own, encoder, address).search(QUESTION)
        assert {f"http://{host}:{port}" for host, port in reached} == {address}
        bodies = [json.loads(body) for method, _, body in asked if method == "POST"]
        added = [body for body in bodies if "embeddings" in body]
        assert sum(len(body["ids"]) for body in added) == own.count("passage"), "once: its answers were no answers"
        assert all(set(body) == {"ids", "embeddings"} and all(map(str.isdigit, body["ids"])) for body in added)
        assert {key for body in bodies for key in body} <= {
            "ids", "embeddings", "name", "configuration", "query_embeddings", "n_results", "include",
        }  # fmt: skip

    @pytest.mark.parametrize(
        ("address", "said"),
        [
            ("ftp://127.0.0.1:8000", "not an http or https address. One looks like http://127.0.0.1:8000"),
            ("chroma", "ASKPAPERS_CHROMA=chroma"),
            ("http://reader:secret@127.0.0.1:8000", "a user name or password has no place in it"),
            ("http://127.0.0.1:8000?token=secret", "Give the address alone, such as http://127.0.0.1:8000"),
        ],
    )
    def test_an_address_that_is_none_is_refused_and_no_secret_repeated(
        self, address: str, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        with pytest.raises(BadSetting, match="ASKPAPERS_CHROMA"):
            Server(address)
        monkeypatch.setenv("ASKPAPERS_CHROMA", address)
        assert run(["ask", QUESTION]) == 2
        err = capsys.readouterr().err
        assert said in err
        assert "secret" not in err

    @pytest.mark.usefixtures("own")
    def test_doctor_and_the_answer_say_how_it_is(
        self, chroma: Chroma, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        def check() -> dict[str, Any]:
            assert run(["doctor", "--json"]) == 0
            return next(one for one in json.loads(capsys.readouterr().out) if one["check"] == "chroma")

        monkeypatch.setenv("ASKPAPERS_CHROMA", chroma.address)
        assert check()["message"] == f"{chroma.address} has all 180 passages"
        chroma.stop()
        try:
            found = check()
            port = httpx.URL(chroma.address).port
            assert (found["status"], found["fix"]) == (
                "warning",
                f"Start it: chroma run --host 127.0.0.1 --port {port} --path DIR",
            )
            assert f"{AWAY} {chroma.address} refuses the connection" in found["message"]
            assert run(["ask", QUESTION]) == 0
            out, err = capsys.readouterr()
            assert "81.4%" in out
            assert err.startswith(f"Note: {AWAY}")
        finally:
            chroma.start()


def test_an_index_for_a_server_keeps_no_vectors_of_chromas_own(
    chroma: Chroma, own: Library, encoder: BundledEncoder
) -> None:
    index = current_index(own, encoder.fingerprint, server=Server(chroma.address))
    assert not list(index.folder.glob("chroma*"))
