"""Through a real local server: embeddings paid for once, windows side by side, prompts of every size, an outage."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread

import pytest
from clock import by_the_clock
from embedding import BOTH, QUESTION, asked, found

from eval.llama_cpp import Llama, llama
from eval.questions import DEV, read_questions
from ingest.add import ASKED, embed, ingest
from rag.breaker import PAUSE
from rag.config import Settings, load_settings
from rag.encoder import BundledEncoder
from rag.endpoint import Endpoint
from rag.errors import ContextOverflow
from rag.library import Library
from rag.models import Embedding, load_embedding, load_llm
from rag.pipeline import Pipeline
from rag.types import Answer, Query

pytest.importorskip("xllamacpp", reason="no llama.cpp on this machine: pip install -e '.[test]'")
CONTEXT, SLOTS = 2048, 4
PAPERS = 140
EMBED = """
import sys
from pathlib import Path
from ingest.add import embed
from rag.config import load_settings
from rag.library import Library
from rag.models import load_embedding
embed(Library(Path(sys.argv[1])), load_embedding(load_settings()), ("passage",))
"""
MARGIN = 8  # tokens on both sides of what the server reads
WINDOWS = 10
QUESTIONS = tuple(question.text for question in read_questions(DEV) if question.kind == "detail")[:WINDOWS]


@pytest.fixture(scope="module")
def server() -> Iterator[Llama]:
    with llama(CONTEXT, SLOTS) as running:
        yield running


def writes(server: Llama, **more: object) -> Settings:
    """The product is told of more than the server reads, so that the server is what refuses."""
    return load_settings(
        llm="local/tiny", llm_base_url=f"{server.url}/v1", llm_context=16_384, llm_max_tokens=64, **more
    )


def finds(url: str) -> Settings:
    return load_settings(embedding="local/tiny", embedding_base_url=f"{url}/v1")


def embedding(url: str) -> Embedding:
    loaded = load_embedding(finds(url))
    assert loaded
    return loaded


@dataclass
class Host:
    """Stands before the server as a hosted one would: it limits the rate, and counts what it is to be paid for."""

    url: str = ""
    paid: list[str] = field(default_factory=list)
    requests: int = 0
    holds_from: int = 10**9  # the request from which on it lets its callers wait
    is_held: Event = field(default_factory=Event)
    is_over: Event = field(default_factory=Event)


@contextmanager
def host(server: Llama, limit: int) -> Iterator[Host]:
    """Every `limit`-th request is one too many."""
    state = Host()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            state.requests += 1
            if state.requests >= state.holds_from:
                state.is_held.set()
                state.is_over.wait()
                return
            if state.requests % limit == 0:
                self.send_response(429)
                self.send_header("retry-after", "1")
                self.send_header("content-length", "0")
                self.end_headers()
                return
            request = urllib.request.Request(server.url + self.path, body, {"content-type": "application/json"})
            with urllib.request.urlopen(request) as answer:
                said = answer.read()
            given = json.loads(body)["input"]
            state.paid += [given] if isinstance(given, str) else given
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *_: object) -> None:
            """In silence."""

    proxy = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    proxy.daemon_threads = True
    state.url = f"http://127.0.0.1:{proxy.server_port}"
    Thread(target=proxy.serve_forever, daemon=True).start()
    try:
        yield state
    finally:
        state.is_over.set()
        proxy.shutdown()
        proxy.server_close()


class TestEmbeddings:
    def test_killed_half_way_and_limited_in_rate_each_text_is_paid_for_once(
        self, server: Llama, library: Library, encoder: BundledEncoder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        papers = ({"title": f"Fruit {n}", "abstract": f"Fruit {n} is eaten {n} times a year."} for n in range(PAPERS))
        file = tmp_path / "fruit.jsonl"
        file.write_text("\n".join(map(json.dumps, papers)))
        ingest(library, [file], encoder)
        with host(server, limit=3) as hosted:
            for name, value in {"": "local/tiny", "_BASE_URL": f"{hosted.url}/v1"}.items():
                monkeypatch.setenv(f"ASKPAPERS_EMBEDDING{name}", value)
            hosted.holds_from = 4
            process = subprocess.Popen([sys.executable, "-c", EMBED, str(library.folder)])
            assert hosted.is_held.wait(120)
            process.kill()
            process.wait()
            assert len(hosted.paid) == 2 * ASKED
            hosted.holds_from = 10**9
            embed(library, embedding(hosted.url), ("passage",))
            assert len(hosted.paid) == len(set(hosted.paid)) == PAPERS
            self.there_and_back(hosted, library, encoder)

    @staticmethod
    def there_and_back(hosted: Host, library: Library, encoder: BundledEncoder) -> None:
        """Nothing is asked for again, but the question."""
        changed, bundled = (
            Pipeline(library, encoder, finds(hosted.url)),
            Pipeline(library, encoder, load_settings(embedding="bundled")),
        )
        before = found(asked(bundled))
        there = found(asked(changed))
        assert changed.retriever.standby is None
        assert there != before, "the model's weights are random"
        assert found(asked(bundled)) == before
        embed(library, encoder, BOTH)
        embed(library, embedding(hosted.url), ("passage",))
        assert hosted.paid[PAPERS:] == [QUESTION]

    @by_the_clock
    def test_a_text_beyond_what_it_takes_at_once_is_told_at_once(self, server: Llama) -> None:
        begun = time.monotonic()
        with pytest.raises(ContextOverflow, match="increase the physical batch size"):
            embedding(server.url).vectors(["short", "long " * 1000])
        assert time.monotonic() - begun < 5


class TestManyWindows:
    def test_ten_at_once_get_what_each_gets_alone(self, written: Pipeline, pipeline: Pipeline) -> None:
        with ThreadPoolExecutor(WINDOWS) as windows:
            answers = list(windows.map(partial(written_by, written), QUESTIONS, timeout=120))
        for text, answer in zip(QUESTIONS, answers, strict=True):
            alone = pipeline.ask(Query(text)).answer
            assert (answer.question, answer.status, found(answer)) == (text, alone.status, found(alone))
            is_quoted = answer.model == "extractive"
            assert is_quoted == bool(answer.fallback and answer.text == alone.text), "or it is the model's own"
            said = " ".join(message.content for message in answer.prompt)
            assert [one for one in QUESTIONS if one in said] == [text]


@pytest.fixture(scope="module")
def written(server: Llama, shipped: Library, encoder: BundledEncoder) -> Pipeline:
    return Pipeline(shipped, encoder, writes(server, evidence=1))


@pytest.fixture(scope="module")
def shortest(server: Llama, written: Pipeline) -> int:
    """Tokens of the prompt of the bare question."""
    return size(server, written.ask(Query(QUESTION)).answer)


class TestEverySizeOfAPrompt:
    @pytest.mark.parametrize("tokens", range(CONTEXT - MARGIN, CONTEXT + MARGIN + 1))
    def test_around_the_limit_it_is_answered_or_truly_told_that_it_is_too_long(
        self, server: Llama, written: Pipeline, shortest: int, tokens: int
    ) -> None:
        answer = written.ask(Query(QUESTION + "?" * (tokens - shortest))).answer
        assert size(server, answer) == tokens
        assert (answer.status, answer.model, "81.4%" in answer.text) == ("answered", "extractive", True)
        is_told = "The prompt is too long for the model" in (answer.fallback or "")
        assert is_told == (tokens >= CONTEXT)
        assert is_told or "local/tiny" in (answer.fallback or "")


def size(server: Llama, answer: Answer) -> int:
    """Tokens of the first prompt, as the server counts them."""
    messages = [{"role": message.role, "content": message.content} for message in answer.prompt[:2]]
    prompt = server.asked("/apply-template", messages=messages)["prompt"]
    return len(server.asked("/tokenize", content=prompt, add_special=True, parse_special=True)["tokens"])


def written_by(pipeline: Pipeline, text: str) -> Answer:
    return pipeline.ask(Query(text)).answer


class TestAServerThatEndsAndReturns:
    def test_under_load_each_question_is_answered_and_afterwards_the_model_writes_again(
        self, shipped: Library, encoder: BundledEncoder
    ) -> None:
        now = [0.0]
        with llama(4096, SLOTS) as server:
            settings = writes(server).model_copy(update={"llm_max_tokens": 600})
            written, model = Pipeline(shipped, encoder, settings), load_llm(settings)
            assert model
            written._model = replace(model, endpoint=Endpoint(f"{server.url}/v1", clock=lambda: now[0]))
            with ThreadPoolExecutor(SLOTS) as windows:
                load = [windows.submit(written_by, written, text) for text in QUESTIONS[:SLOTS]]
                while not server.is_busy:
                    time.sleep(0.02)
                server.kill()
                cut = [one.result(60) for one in load]
            away = written_by(written, QUESTION)
            server.start()
            now[0] += PAUSE + 1
            back = written_by(written, QUESTION)
        assert {answer.model for answer in (*cut, away)} == {"extractive"}
        assert all(answer.fallback for answer in cut)
        assert "refuses the connection" in (away.fallback or "")
        assert "81.4%" in away.text
        assert "81.4%" in back.text
        assert "local/tiny" in (back.fallback or ""), "it was heard, and it talks nonsense"
