"""Asking a model over HTTP: an answer comes whole, or what is wrong is said in one line."""

from __future__ import annotations

import threading

import httpx
import pytest
from asking import ANSWER, OK, SETTING, answer, chat, embed, endpoint, refused
from canary import KEY

from eval.protocol import vector
from eval.replies import Reply, said
from eval.scripted import scripted
from rag.endpoint import Endpoint
from rag.errors import (
    ContextOverflow,
    ModelCut,
    ModelGarbled,
    ModelRejected,
)
from rag.peer import QUOTED


class TestAnAnswer:
    def test_it_streams_through_a_client_library(self) -> None:
        with scripted([OK]) as server:
            assert answer(server) == ANSWER

    def test_a_call_returns_what_its_work_does_even_nothing(self) -> None:
        with scripted(models=[OK]) as server:
            assert endpoint(server).call(lambda http: http.get("/models").json()["data"][0]["id"]) == "scripted"
            assert endpoint(server).call(lambda http: None) is None

    def test_embeddings_come_the_same_way(self) -> None:
        with scripted(dimension=8) as server:
            assert endpoint(server).call(embed(server))[1] == pytest.approx(vector("two", 8), abs=1e-6)

    def test_a_reader_is_let_go_now_and_then_while_nothing_comes(self) -> None:
        with scripted([said(ANSWER, before=0.5)]) as server:
            assert next(endpoint(server).stream(chat(server))) is None

    def test_a_client_of_ones_own_thread_is_asked_alike(self) -> None:
        refusing = scripted(models=[Reply(status=403)])
        with refusing as server, endpoint(server).client() as http, pytest.raises(ModelRejected, match=SETTING):
            http.get("/models")

    def test_a_hundred_at_once_get_their_own(self) -> None:
        found: dict[int, str] = {}

        def ask(number: int) -> None:
            body = {"messages": [{"role": "user", "content": str(number)}]}
            found[number] = shared.call(lambda http: http.post("/chat/completions", json=body).text)

        with scripted(lambda body: said(f"<{body['messages'][0]['content']}>")) as server:
            shared = endpoint(server)
            threads = [threading.Thread(target=ask, args=(number,)) for number in range(100)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        assert all(f"<{number}>" in found[number] for number in range(100))


class TestRefusals:
    @pytest.mark.parametrize("status", [401, 403])
    def test_f41_a_refused_key_names_its_setting_and_is_not_tried_again(self, status: int) -> None:
        said, requests = refused([Reply(status=status)], ModelRejected)
        assert SETTING in said
        assert str(status) in said
        assert requests == 1

    def test_f41_without_a_key_it_is_said_that_one_is_wanted(self) -> None:
        with scripted([Reply(status=401)]) as server:
            with pytest.raises(ModelRejected, match=f"wants a key.*{SETTING}"):
                list(Endpoint(server.url).stream(chat(server)))
            assert "authorization" not in server.requests[0].headers

    def test_an_unknown_model_or_path_is_told_with_the_servers_own_words(self) -> None:
        said, requests = refused([Reply(("model 'x' not found",), status=404)], ModelRejected)
        assert "model 'x' not found" in said
        assert "/v1/chat/completions" in said
        assert requests == 1

    def test_other_refusals_quote_the_server_in_one_bounded_line_without_the_key(self) -> None:
        said, requests = refused([Reply((f"no\n\x1b[31m \u202e{KEY} ", "very " * 10_000), status=422)], ModelRejected)
        assert '"no [31m *** very very' in said
        assert said.isprintable()
        assert KEY not in said
        assert len(said) < QUOTED + 150
        assert requests == 1

    @pytest.mark.parametrize("body", [b"<html>Bad gateway</html>", b"\xff\xfe", b"", b"[" * 50_000, b'{"detail": [1]}'])
    def test_an_errors_body_may_be_anything(self, body: bytes) -> None:
        said, _ = refused([Reply(status=418, raw=body)], ModelRejected)
        assert "418" in said
        assert "html" not in said

    @pytest.mark.parametrize(
        ("message", "code"),
        [
            ("This model's maximum context length is 8192 tokens. However, you requested 9000.", 400),
            ("the request exceeds the available context size, try increasing it", 400),
            ("exceed_context_size_error", 400),
            ("The input token count (9000) exceeds the maximum number of tokens allowed (8192).", 400),
            ("The decoder prompt (length 9000) is longer than the maximum model length of 4096", 400),
            ("too many tokens", 400),
            ("Request too large: the input is too long", 413),
            ("<html>413 Request Entity Too Large</html>", 413),
            ("`inputs` tokens + `max_new_tokens` must be <= 2048. Given: 3000 `inputs` tokens", 422),
            ("inputs must have less than 2048 tokens. Given: 3000", 422),
            ("Please reduce the length of the messages or completion.", 400),
            ("the request exceeds the available context size", 500),
        ],
    )
    def test_f48_a_prompt_that_is_too_long_is_told_from_other_refusals(self, message: str, code: int) -> None:
        _, requests = refused([Reply((message,), status=code)], ContextOverflow)
        assert requests == 1

    def test_f48_a_400_for_another_reason_is_a_refusal(self) -> None:
        refused([Reply(("temperature must not exceed 2",), status=400)], ModelRejected)

    def test_f48_a_prompt_found_too_long_in_the_middle_of_a_stream_is_recognised_too(self) -> None:
        event = b'data: {"error": {"code": 400, "message": "no", "type": "exceed_context_size_error"}}\n\n'
        refused([Reply(raw=event)], ContextOverflow)


class TestBrokenAnswers:
    def test_f46_a_connection_cut_within_an_answer_says_so(self) -> None:
        said_, _ = refused([said(ANSWER, cut_after=2)], ModelCut)
        assert "cut the connection" in said_

    def test_f46_a_whole_body_that_is_cut_says_so(self) -> None:
        with scripted(embeddings=[Reply(cut_after=0)]) as server, pytest.raises(ModelCut):
            endpoint(server).call(embed(server))

    @pytest.mark.parametrize("body", [b"null", b'"text"', b"{}", b"not json", b'{"data": [{"embedding": null}]}'])
    def test_f47_embeddings_that_are_none_are_said_to_be_garbage(self, body: bytes) -> None:
        with scripted(embeddings=[Reply(raw=body)]) as server, pytest.raises(ModelGarbled):
            endpoint(server).call(embed(server))

    @pytest.mark.parametrize(
        "event", [b'{"choices": []}', b'{"choices": [{"index": 0, "delta": {"content": null}}]}', b'{"choices": [{}]}']
    )
    def test_f47_empty_choices_and_null_content_are_no_text(self, event: bytes) -> None:
        with scripted([Reply(raw=b"data: " + event + b"\n\ndata: [DONE]\n\n")]) as server:
            assert answer(server) == ""

    def test_f53_a_body_without_end_is_not_read_into_memory(self) -> None:
        huge = Reply(raw=b" " * 21_000_000)
        with scripted(embeddings=[huge], models=[huge]) as server:
            with pytest.raises(ModelGarbled, match="more than 20 MB"):
                endpoint(server).call(embed(server))
            with pytest.raises(ModelGarbled, match="more than 20 MB"), endpoint(server).client() as http:
                http.get("/models")

    def test_f53_a_stream_may_be_long_but_each_of_its_events_is_bounded(self) -> None:
        def raw(http: httpx.Client) -> int:
            with http.stream("POST", "/chat/completions", json={"stream": True}) as response:
                return sum(map(len, response.iter_raw()))

        many = Reply(raw=b"data: 0123456789\n\n" * 1_200_000)
        one = Reply(raw=b"data: " + b"0" * 21_000_000)
        with scripted([many, one]) as server:
            assert endpoint(server).call(raw) > 20_000_000
            with pytest.raises(ModelGarbled, match="more than 20 MB"):
                endpoint(server).call(raw)
