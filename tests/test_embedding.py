"""An embedding at an endpoint: paid for once, beside the bundled one, which serves whenever the other can't."""

from __future__ import annotations

import json
import math
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from eval.replies import Body, Reply
from eval.scripted import Server, scripted
from ingest.add import ASKED, embed, ingest
from rag.config import Settings
from rag.encoder import BundledEncoder
from rag.endpoint import Endpoint, Timeouts
from rag.errors import (
    BadSetting,
    ModelGarbled,
    ModelUnconfigured,
    ModelUnreachable,
    VectorRejected,
    VectorsLacking,
)
from rag.index import current_index
from rag.library import Library
from rag.models import MOST_TEXTS, Embedding, load_embedding
from rag.pipeline import Pipeline
from rag.retrieve import STANDBY, HybridRetriever
from rag.types import Answer, Query
from rag.writer import Kind
from ui.cli import run

KEY = "canary-key-0123456789"
QUESTION = "How much shorter do capsule prompts get?"
PASSAGES = 180  # of the shipped papers
BOTH: tuple[Kind, ...] = ("passage", "sentence")
ZYXEL: dict[str, Any] = {
    "title": "Zyxel lattices",
    "abstract": "We show that Zyxel lattices fold at 40 kelvin.",
    "year": 2021,
}
WINDOW = Path(__file__).parents[1] / "ui" / "window.py"
QUICK = Timeouts(connect=0.5, first=5, between=5, again=(0.01,))


class Refusing(BundledEncoder):
    """Where nothing may be embedded."""

    def vectors(self, texts: Any) -> np.ndarray:
        assert not texts
        return super().vectors(texts)


@pytest.fixture
def own(shipped_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Library:
    """The shipped papers, in a library that the test may change."""
    shutil.copytree(shipped_home, tmp_path / "own")
    monkeypatch.setenv("ASKPAPERS_HOME", str(tmp_path / "own"))
    return Library(tmp_path / "own")


@pytest.fixture
def server() -> Iterator[Server]:
    with scripted() as server:
        yield server


@pytest.fixture
def configured(server: Server, monkeypatch: pytest.MonkeyPatch) -> Server:
    """What the commands are told to ask."""
    configure(server, monkeypatch)
    return server


def configure(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASKPAPERS_EMBEDDING", "local/scripted")
    monkeypatch.setenv("ASKPAPERS_EMBEDDING_BASE_URL", server.url)
    monkeypatch.setenv("ASKPAPERS_EMBEDDING_API_KEY", KEY)


def settings(server: Server, name: str = "local/scripted") -> Settings:
    return Settings.model_validate({"embedding": name, "embedding_base_url": server.url, "embedding_api_key": KEY})


def loaded(server: Server, name: str = "local/scripted", timeouts: Timeouts = QUICK) -> Embedding:
    """As configured, but less patient."""
    embedding = load_embedding(settings(server, name))
    assert embedding
    impatient = Endpoint(server.url, settings(server).embedding_api_key, timeouts=timeouts)
    return replace(embedding, asking=impatient, adding=impatient)


def fill(library: Library, embedding: Embedding) -> None:
    embed(library, embedding, ("passage",))


def texts(server: Server) -> list[str]:
    """All that were asked for, in their order."""
    given = [request.body["input"] for request in server.requests]
    return [text for some in given for text in ([some] if isinstance(some, str) else some)]


def asked(pipeline: Pipeline) -> Answer:
    return pipeline.ask(Query(QUESTION)).answer


def found(answer: Answer) -> list[str]:
    return [passage.span.paper.id for passage in answer.passages]


def speaking(library: Library, encoder: BundledEncoder) -> Callable[[Body], Reply]:
    """Serves the bundled model, at another length of its vectors."""
    chunks = library.chunks("passage", encoder.fingerprint)
    known = {f"{one.span.paper.title}. {one.span.text}": one.vector for one in chunks}

    def reply(body: Body) -> Reply:
        given = [body["input"]] if isinstance(body["input"], str) else body["input"]
        vectors = [known[text] if text in known else encoder.vector(text) for text in given]
        data = [{"object": "embedding", "index": n, "embedding": (2 * v).tolist()} for n, v in enumerate(vectors)]
        return Reply(raw=json.dumps({"object": "list", "model": "m", "data": data}).encode())

    return reply


def sized(*sizes: int) -> Callable[[Body], Reply]:
    """Vectors of so many ones, a size a request; the last again and again."""
    left = iter(sizes)

    def reply(body: Body) -> Reply:
        vector = [1.0] * next(left, sizes[-1])
        count = 1 if isinstance(body["input"], str) else len(body["input"])
        data = [{"object": "embedding", "index": place, "embedding": vector} for place in range(count)]
        return Reply(raw=json.dumps({"object": "list", "model": "m", "data": data}).encode())

    return reply


class TestAChangeOfTheSetting:
    def test_f25_the_old_vectors_serve_until_the_new_ones_are_all_there(
        self, own: Library, encoder: BundledEncoder, server: Server, pipeline: Pipeline
    ) -> None:
        changed, before = Pipeline(own, encoder, settings(server)), found(asked(pipeline))
        assert found(asked(changed)) == before
        lacking = f"Not all papers have vectors of {loaded(server).fingerprint}. Make them: askpapers embed"
        assert changed.retriever.standby == f"{STANDBY} {lacking}"
        assert not server.requests, "nothing is paid for what could not be compared"
        fill(own, loaded(server))
        answer = asked(changed)
        assert changed.retriever.standby is None
        assert texts(server)[PASSAGES:] == [QUESTION]
        assert found(answer) != before, "the scripted vectors are random"

    def test_f25_papers_are_ranked_by_what_the_endpoint_gives(
        self, own: Library, encoder: BundledEncoder, pipeline: Pipeline
    ) -> None:
        with scripted(embeddings=speaking(own, encoder)) as server:
            fill(own, loaded(server))
            changed = Pipeline(own, encoder, settings(server))
            answer, as_before = asked(changed), asked(pipeline)
            assert (found(answer), answer.text) == (found(as_before), as_before.text), "it serves the same model"
            assert changed.retriever.standby is None

    def test_f25_there_and_back_embeds_nothing_again(
        self, own: Library, encoder: BundledEncoder, server: Server, pipeline: Pipeline
    ) -> None:
        fill(own, loaded(server))
        assert found(asked(Pipeline(own, encoder, Settings()))) == found(asked(pipeline))
        embed(own, Refusing(), BOTH)
        fill(own, loaded(server))
        assert len(texts(server)) == PASSAGES

    def test_f25_vectors_of_two_servers_or_models_are_never_mixed(self, own: Library, encoder: BundledEncoder) -> None:
        with scripted() as one, scripted(dimension=32) as other:
            fill(own, loaded(one))
            for embedding in (
                loaded(other),
                loaded(other, "local/local/scripted"),
                loaded(one, "local/local-scripted"),
            ):
                retriever = HybridRetriever(own, encoder, Settings(), embedding)
                retriever.search(QUESTION)
                assert "askpapers embed" in (retriever.standby or "")
                fill(own, embedding)
                retriever.search(QUESTION)
                assert retriever.standby is None
            sizes = [current_index(own, loaded(server).fingerprint).vectors.shape[1] for server in (one, other)]
            assert sizes == [64, 32]
            assert len([*(own.folder / "index").glob(f"{own.edition}-*")]) == 1 + 4, "each beside the others"

    def test_f25_where_no_vectors_are_complete_it_is_said_what_to_do(
        self, library: Library, encoder: BundledEncoder, server: Server, tmp_path: Path
    ) -> None:
        file = tmp_path / "zyxel.jsonl"
        file.write_text(json.dumps(ZYXEL))
        ingest(library, [file], encoder)
        with library.writing() as writer:
            writer._db.execute("DELETE FROM vectors")
        shutil.rmtree(library.folder / "index")
        with pytest.raises(VectorsLacking, match="Make them: askpapers embed"):
            asked(Pipeline(library, encoder, settings(server)))
        embed(library, encoder, BOTH)
        assert asked(Pipeline(library, encoder, settings(server))).passages

    def test_f09_changes_and_removals_reach_both(
        self, own: Library, encoder: BundledEncoder, server: Server, tmp_path: Path
    ) -> None:
        file = tmp_path / "zyxel.jsonl"
        fill(own, loaded(server))
        for abstract in (ZYXEL["abstract"], "We show that Zyxel lattices never fold."):
            file.write_text(json.dumps(ZYXEL | {"abstract": abstract}))
            ingest(own, [file], encoder)
            retriever = HybridRetriever(own, encoder, Settings(), loaded(server))
            assert retriever.search(abstract)[0].span.text == abstract, "by the bundled one, until"
            fill(own, loaded(server))
            assert retriever.search(abstract)[0].span.text == abstract
            assert retriever.standby is None
        with own.writing() as writer:
            writer.remove([own.paper("Zyxel lattices").id])
        assert all("Zyxel" not in passage.span.paper.title for passage in retriever.search("Zyxel", most=90))
        assert retriever.standby is None, "what is left is complete"
        with own._reading() as db:
            counts = dict(db.execute("SELECT fingerprint, count(*) FROM vectors GROUP BY fingerprint"))
        assert counts == {loaded(server).fingerprint: PASSAGES, encoder.fingerprint: PASSAGES + own.count("sentence")}

    def test_f25_an_emptied_library_takes_vectors_of_another_size(self, library: Library, tmp_path: Path) -> None:
        file = tmp_path / "zyxel.jsonl"
        file.write_text(json.dumps(ZYXEL))
        with scripted(embeddings=sized(8, 16)) as server:
            for _ in range(2):
                ingest(library, [file], BundledEncoder())
                fill(library, loaded(server))
                with library.writing() as writer:
                    writer.remove([paper.id for paper in library.papers()])


class TestWhatIsPaidFor:
    def test_texts_are_asked_for_in_batches_and_each_once(self, own: Library, server: Server) -> None:
        told: list[tuple[int, int]] = []
        embed(own, loaded(server), ("passage",), lambda what, done, total: told.append((done, total)))
        sizes = [len(request.body["input"]) for request in server.requests]
        assert len(sizes) == math.ceil(PASSAGES / ASKED)
        assert max(sizes) == ASKED
        assert len(set(texts(server))) == len(texts(server)) == PASSAGES
        assert told[: len(sizes)] == [(64, PASSAGES), (128, PASSAGES), (PASSAGES, PASSAGES)]

    def test_many_texts_at_once_are_several_requests(self, server: Server) -> None:
        vectors = loaded(server).vectors([f"text {number}" for number in range(MOST_TEXTS + 1)])
        assert vectors.shape == (MOST_TEXTS + 1, 64)
        assert np.allclose(np.linalg.norm(vectors, axis=1), 1)
        assert [len(request.body["input"]) for request in server.requests] == [MOST_TEXTS, 1]

    def test_failing_half_way_the_next_run_asks_only_for_what_is_missing(
        self, own: Library, encoder: BundledEncoder, pipeline: Pipeline
    ) -> None:
        replies = [Reply(), Reply(), Reply(status=500), Reply(status=500), Reply()]
        with scripted(embeddings=replies) as server:
            with pytest.raises(ModelUnreachable, match="are kept; go on with: askpapers embed"):
                fill(own, loaded(server))
            assert found(asked(Pipeline(own, encoder, settings(server)))) == found(asked(pipeline))
            paid = texts(server)[: 2 * ASKED]
            server.requests.clear()
            fill(own, loaded(server))
            assert len(paid + texts(server)) == len({*paid, *texts(server)}) == PASSAGES

    def test_killed_half_way_the_next_run_asks_only_for_what_is_missing(
        self, own: Library, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        third, replies = Event(), iter([Reply(), Reply(), Reply(before=math.inf)])

        def script(body: Body) -> Reply:
            reply = next(replies, Reply())
            if reply.before:
                third.set()
            return reply

        with scripted(embeddings=script) as server:
            configure(server, monkeypatch)
            process = subprocess.Popen([Path(sys.executable).with_name("askpapers"), "embed"])
            assert third.wait(60)
            process.kill()
            process.wait()
            paid = texts(server)[: 2 * ASKED]
            server.requests.clear()
            fill(own, loaded(server))
            assert len(paid + texts(server)) == len({*paid, *texts(server)}) == PASSAGES

    def test_f42_a_limited_rate_is_waited_for_and_nothing_is_asked_twice(self, own: Library) -> None:
        with scripted(embeddings=[Reply(), Reply(status=429, headers={"Retry-After": "1"}), Reply()]) as server:
            begun = time.monotonic()
            fill(own, loaded(server))
            assert time.monotonic() - begun >= 1
            assert len(server.requests) == math.ceil(PASSAGES / ASKED) + 1
            assert len(set(texts(server))) == PASSAGES


class TestVectorsThatAreNone:
    def test_f25_another_size_half_way_is_rejected_and_what_was_made_stays(self, own: Library) -> None:
        with scripted(embeddings=sized(8, 16, 8)) as server:
            with pytest.raises(VectorRejected, match="vectors of 16 numbers where they had 8: is it another model"):
                fill(own, loaded(server))
            assert len([*own.lacking("passage", loaded(server).fingerprint)]) == PASSAGES - ASKED
            fill(own, loaded(server))
            assert not own.lacks("passage", loaded(server).fingerprint)

    def test_f25_a_question_of_another_size_is_not_compared(self, own: Library, encoder: BundledEncoder) -> None:
        with scripted(embeddings=sized(8, 8, 8, 16)) as server:
            fill(own, loaded(server))
            changed = Pipeline(own, encoder, settings(server))
            assert asked(changed).status == "answered"
            assert "a vector of 16 numbers where the library's have 8" in (changed.retriever.standby or "")

    @pytest.mark.parametrize(
        ("vectors", "error"),
        [
            ("[[NaN, 1], [1, 1]]", VectorRejected),
            ("[[0, 0], [1, 1]]", VectorRejected),
            ("[[1, 2]]", VectorRejected),
            ("[[1, 2], [1]]", VectorRejected),
            ("[[], []]", VectorRejected),
            ("[null, null]", ModelGarbled),
            ('[["x"], ["y"]]', ModelGarbled),
            ("[]", ModelGarbled),
        ],
    )
    def test_f26_what_is_no_vector_is_rejected(self, vectors: str, error: type[Exception]) -> None:
        data = ", ".join(
            f'{{"object": "embedding", "index": 0, "embedding": {json.dumps(vector)}}}'
            for vector in json.loads(vectors)
        )
        raw = f'{{"object": "list", "model": "m", "data": [{data}]}}'.encode()
        with scripted(embeddings=[Reply(raw=raw)]) as server, pytest.raises(error):
            loaded(server).vectors(["one", "two"])


class TestAQuestion:
    def test_f43_a_server_that_is_gone_leaves_the_bundled_encoder(
        self, own: Library, encoder: BundledEncoder, pipeline: Pipeline
    ) -> None:
        with scripted() as server:
            fill(own, loaded(server))
        changed, begun = Pipeline(own, encoder, settings(server)), time.monotonic()
        for _ in range(5):
            assert found(asked(changed)) == found(asked(pipeline))
        assert "refuses the connection" in (changed.retriever.standby or "")
        assert time.monotonic() - begun < 5

    def test_f44_a_server_that_hangs_is_not_waited_for_long(
        self, own: Library, encoder: BundledEncoder, pipeline: Pipeline
    ) -> None:
        with scripted(embeddings=[Reply(), Reply(), Reply(), Reply(before=math.inf)]) as server:
            fill(own, loaded(server))
            hasty = loaded(server, timeouts=Timeouts(first=0.3, again=()))
            retriever, begun = HybridRetriever(own, encoder, Settings(), hasty), time.monotonic()
            assert [passage.span.paper.id for passage in retriever.search(QUESTION)] == found(asked(pipeline))
            assert time.monotonic() - begun < 5
            assert "within 0.3 s" in (retriever.standby or "")

    def test_f40_without_an_address_the_bundled_encoder_serves_and_the_window_says_so(
        self, own: Library, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setenv("ASKPAPERS_EMBEDDING", "local/scripted")
        assert run(["ask", QUESTION]) == 0
        out, err = capsys.readouterr()
        assert "81.4%" in out
        assert err.startswith(f"Note: {STANDBY} local/scripted needs its server's address.")
        window = AppTest.from_file(WINDOW, default_timeout=60).run()
        assert any(text.value.startswith(STANDBY) for text in window.text)
        st.cache_resource.clear()


class TestTheCommands:
    def test_ingest_embeds_what_is_new_and_once(
        self, own: Library, configured: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        file = tmp_path / "zyxel.jsonl"
        file.write_text(json.dumps(ZYXEL))
        assert run(["embed"]) == 0
        assert f"All 90 papers have vectors of {loaded(configured).fingerprint}." in capsys.readouterr().out
        assert run(["ingest", str(file)]) == run(["ingest", str(file)]) == 0
        assert texts(configured)[PASSAGES:] == [f"{ZYXEL['title']}. {ZYXEL['abstract']}"]
        assert run(["embed"]) == 0
        assert len(texts(configured)) == PASSAGES + 1

    @pytest.mark.usefixtures("own")
    def test_papers_are_added_though_their_vectors_could_not_be_made(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        file = tmp_path / "zyxel.jsonl"
        file.write_text(json.dumps(ZYXEL))
        with scripted(embeddings=[Reply(status=401)]) as server:
            configure(server, monkeypatch)
            assert run(["ingest", str(file), "--json"]) == 1
            out, err = capsys.readouterr()
            assert json.loads(out)[0]["added"] == 1
            assert "Set ASKPAPERS_EMBEDDING_API_KEY" in err
            assert err.endswith("go on with: askpapers embed\n")
            assert err.count("\n") == 1
            assert len(server.requests) == 1
            assert run(["ask", "At what temperature do Zyxel lattices fold?"]) == 0
            out, err = capsys.readouterr()
            assert "40 kelvin" in out
            assert "askpapers embed" in err

    def test_doctor_says_what_is_configured_and_what_to_do(
        self, own: Library, encoder: BundledEncoder, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        def said() -> tuple[str, str, str | None]:
            assert run(["doctor", "--json"]) == 0, "questions are answered all the same"
            (check,) = [one for one in json.loads(capsys.readouterr().out) if one["check"] == "embedding"]
            return check["status"], check["message"], check["fix"]

        assert said() == ("ok", "papers are found by the bundled encoder", None)
        with scripted(embeddings=speaking(own, encoder)) as server:
            configure(server, monkeypatch)
            status, message, fix = said()
            assert (status, fix) == ("warning", "askpapers embed")
            assert "180 of 180 passages have no vector of local/scripted@127.0.0.1" in message
            fill(own, loaded(server))
            status, message, fix = said()
            assert (status, fix) == ("ok", None)
            assert "384 numbers each, has a vector of all 180 passages" in message
            server._scripts["/v1/embeddings"] = sized(384)
            status, message, fix = said()
            assert (status, "is another model now" in message) == ("warning", True)
            server._scripts["/v1/embeddings"] = [Reply(("no such model",), status=404)]
            status, message, fix = said()
            assert (status, "Check the model's name" in message) == ("warning", True)
        status, message, fix = said()
        assert (status, "refuses the connection" in message) == ("warning", True)
        assert fix == "Mend that, or set ASKPAPERS_EMBEDDING=bundled"


class TestWhoIsAsked:
    def test_nobody_else_and_the_key_is_seen_nowhere(
        self, own: Library, configured: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        reached: list[Any] = []
        connect = socket.socket.connect

        def watched(sock: socket.socket, to: Any) -> None:
            reached.append(to)
            connect(sock, to)

        monkeypatch.setattr(socket.socket, "connect", watched)
        with scripted() as elsewhere:
            for name in ("OPENAI_BASE_URL", "OPENAI_API_BASE", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
                monkeypatch.setenv(name, elsewhere.url)
            monkeypatch.setenv("OPENAI_API_KEY", "sk-of-somebody-else")
            assert [run(["embed"]), run(["ask", QUESTION]), run(["doctor"])] == [0, 0, 0]
            assert elsewhere.connections == 0
        assert set(reached) == {configured.server_address}
        assert {request.headers["authorization"] for request in configured.requests} == {f"Bearer {KEY}"}
        out, err = capsys.readouterr()
        assert KEY not in out + err + repr(Settings()) + repr(loaded(configured))
        held = b"".join(file.read_bytes() for file in own.folder.rglob("*") if file.is_file())
        assert KEY.encode() not in held

    def test_each_vendor_has_its_own_address_and_key(self) -> None:
        def of(**given: str) -> str:
            embedding = load_embedding(Settings.model_validate(given))
            assert embedding
            return embedding.fingerprint

        assert load_embedding(Settings()) is None
        assert (
            of(embedding="openai/e", OPENAI_API_KEY="k", embedding_base_url="http://x") == "openai/e@api.openai.com/v1"
        )
        assert of(embedding="ollama/e") == "ollama/e@127.0.0.1:11434/v1"
        assert of(embedding="ollama/e", embedding_base_url="http://gpu/v1/") == "ollama/e@gpu/v1"
        with pytest.raises(ModelUnconfigured, match="Set OPENAI_API_KEY, or another ASKPAPERS_EMBEDDING"):
            of(embedding="openai/e", embedding_api_key="k")
        with pytest.raises(ModelUnconfigured, match="Set ASKPAPERS_EMBEDDING_BASE_URL=http"):
            of(embedding="local/e", llm_base_url="http://127.0.0.1:1/v1")
        with pytest.raises(BadSetting, match="ASKPAPERS_EMBEDDING_BASE_URL=ftp://x"):
            of(embedding="local/e", embedding_base_url="ftp://x")
