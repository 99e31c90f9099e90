"""An embedding at an endpoint that fails, and the commands that speak of it; nobody else is asked."""

from __future__ import annotations

import json
import math
import socket
import time
from itertools import chain, repeat
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from canary import KEY
from clock import by_the_clock
from embedding import PASSAGES, QUESTION, ZYXEL, asked, configure, fill, found, loaded, settings, sized, speaking, texts
from streamlit.testing.v1 import AppTest

from eval.replies import Body, Reply
from eval.scripted import Server, scripted
from ingest.add import ASKED
from rag.config import Settings
from rag.encoder import BundledEncoder
from rag.endpoint import Timeouts
from rag.errors import BadSetting, ContextOverflow, ModelGarbled, ModelUnconfigured, ModelUnreachable, VectorRejected
from rag.library import Library
from rag.models import load_embedding
from rag.pipeline import Pipeline
from rag.retrieve import STANDBY, HybridRetriever
from ui.cli import run

WINDOW = Path(__file__).parents[1] / "ui" / "window.py"


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
            ("[[1, 2]]", ModelGarbled),
            ("[[1, 2], [1]]", VectorRejected),
            ("[[], []]", VectorRejected),
            ("[null, null]", ModelGarbled),
            ('[["x"], ["y"]]', ModelGarbled),
            ("[]", ModelGarbled),
        ],
    )
    def test_f26_what_is_no_vector_is_rejected(self, vectors: str, error: type[Exception]) -> None:
        data = ", ".join(
            f'{{"object": "embedding", "index": {place}, "embedding": {json.dumps(vector)}}}'
            for place, vector in enumerate(json.loads(vectors))
        )
        raw = f'{{"object": "list", "model": "m", "data": [{data}]}}'.encode()
        with scripted(embeddings=[Reply(raw=raw)]) as server, pytest.raises(error):
            loaded(server).vectors(["one", "two"])


class TestWhoseAVectorIs:
    @staticmethod
    def listing(*indexes: int | None) -> Reply:
        data = [{"object": "embedding", "index": n, "embedding": [1.0, n or 0]} for n in indexes]
        return Reply(raw=json.dumps({"object": "list", "model": "m", "data": data}).encode())

    def test_its_index_says_whatever_the_order(self) -> None:
        with scripted(embeddings=[self.listing(2, 0, 1)]) as server:
            vectors = loaded(server).vectors(["a", "b", "c"])
        assert [round(float(b / a)) for a, b in vectors] == [0, 1, 2]

    @pytest.mark.parametrize("indexes", [(0, 0), (1, 2), (None, None), (0, None), (0,), (0, 1, 1)])
    def test_where_no_index_says_it_none_is_stored(self, indexes: tuple[int | None, ...]) -> None:
        unordered = scripted(embeddings=[self.listing(*indexes)])
        with unordered as server, pytest.raises(ModelGarbled, match="which vector is whose"):
            loaded(server).vectors(["a", "b"])

    def test_a_server_that_takes_few_texts_at_once_gets_few_and_each_request_is_stored_at_once(
        self, own: Library
    ) -> None:
        def few(body: Body) -> Reply:
            if len(body["input"]) > 20:
                return Reply((f"batch size {len(body['input'])} > maximum allowed batch size 20",), status=413)
            return next(replies)

        replies = chain([Reply()] * 3, [Reply(status=500)] * 2, repeat(Reply()))
        with scripted(embeddings=few) as server:
            with pytest.raises(ModelUnreachable):
                fill(own, loaded(server))
            assert [len(request.body["input"]) for request in server.requests] == [64, 32, *[16] * 5]
            assert len([*own.lacking("passage", loaded(server).fingerprint)]) == PASSAGES - 3 * 16
            paid = texts(server)[96 : 96 + 3 * 16]
            server.requests.clear()
            fill(own, loaded(server))
            given = [request.body["input"] for request in server.requests if len(request.body["input"]) <= 20]
            assert sorted([*paid, *(text for some in given for text in some)]) == sorted({*paid, *texts(server)})

    def test_one_text_that_is_too_long_is_told(self) -> None:
        with scripted(embeddings=[Reply(status=413)]) as server, pytest.raises(ContextOverflow):
            loaded(server).vectors(["long"])

    def test_outside_of_v1_the_line_that_mends_it_is_told(self) -> None:
        bare = Reply(raw=b'[{"index": 0, "embedding": [[1, 2]]}]')
        with scripted(embeddings=[bare]) as server:
            server._scripts["/embeddings"] = lambda _: bare
            base = server.url.removesuffix("/v1")
            outside = load_embedding(settings(server).model_copy(update={"embedding_base_url": base}))
            assert outside
            with pytest.raises(ModelGarbled, match=f"no vectors as OpenAI does. Set .*_BASE_URL={server.url}$"):
                outside.vector("one")
            with pytest.raises(ModelGarbled, match="Is it the right server"):
                loaded(server).vector("one")


class TestAQuestion:
    @by_the_clock
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

    @by_the_clock
    def test_f44_a_server_that_hangs_is_not_waited_for_long(
        self, own: Library, encoder: BundledEncoder, pipeline: Pipeline
    ) -> None:
        with scripted(embeddings=[Reply(), Reply(), Reply(), Reply(before=math.inf)]) as server:
            fill(own, loaded(server))
            hasty = loaded(server, timeouts=Timeouts(first=0.3, again=()))
            retriever, begun = HybridRetriever(own, encoder, Settings(), hasty), time.monotonic()
            assert retriever.search(QUESTION) == pipeline.retriever.search(QUESTION)
            assert time.monotonic() - begun < 5
            assert "sent no answer within 0.3 s" in (retriever.standby or "")

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
        assert of(embedding="openai/e", OPENAI_API_KEY="k") == "openai/e@api.openai.com/v1"
        with pytest.raises(BadSetting, match="set ASKPAPERS_EMBEDDING=local/e; else leave the address empty"):
            of(embedding="openai/e", OPENAI_API_KEY="k", embedding_base_url="http://x")
        assert of(embedding="ollama/e") == "ollama/e@127.0.0.1:11434/v1"
        assert of(embedding="ollama/e", embedding_base_url="http://gpu/v1/") == "ollama/e@gpu/v1"
        with pytest.raises(ModelUnconfigured, match="Set OPENAI_API_KEY, or another ASKPAPERS_EMBEDDING"):
            of(embedding="openai/e", embedding_api_key="k")
        with pytest.raises(ModelUnconfigured, match="Set ASKPAPERS_EMBEDDING_BASE_URL=http"):
            of(embedding="local/e", llm_base_url="http://127.0.0.1:1/v1")
        with pytest.raises(BadSetting, match="ASKPAPERS_EMBEDDING_BASE_URL=ftp://x"):
            of(embedding="local/e", embedding_base_url="ftp://x")
