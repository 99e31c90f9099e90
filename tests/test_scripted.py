"""The scripted model server speaks the protocol that real ones speak, and its models have their ways."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import Any

import httpx
import pytest
from clock import by_the_clock

from eval import replies
from eval.protocol import vector
from eval.replies import Body, Reply, Script, said
from eval.scripted import Server, scripted

PROMPT = (
    "Say «It isn't there.» if it isn't.\n\n[1] It is 4.5 times faster.\n[2] We use 81% less.\n[3] Third.\n[4] Fourth."
)
BODY: Body = {"messages": [{"role": "system", "content": "[1] no"}, {"role": "user", "content": PROMPT}]}
GOOD = "It is 4.5 times faster [1]. We use 81% less [2]. Third [3]."


def text(reply: Reply) -> str:
    return "".join(reply.pieces)


def events(server: Server, **more: object) -> list[Any]:
    response = httpx.post(f"{server.url}/chat/completions", json={**BODY, "stream": True, **more})
    assert response.headers["content-type"] == "text/event-stream"
    *found, done = [line.removeprefix("data: ") for line in response.text.split("\n\n") if line]
    assert done == "[DONE]"
    return [json.loads(event) for event in found]


def completion(server: Server) -> Any:
    return httpx.post(f"{server.url}/chat/completions", json=BODY).json()


def embeddings(server: Server, texts: str | Sequence[str], **more: object) -> list[Any]:
    body = httpx.post(f"{server.url}/embeddings", json={"input": texts, **more}).json()
    return [entry["embedding"] for entry in body["data"]]


class TestTheServer:
    def test_it_streams_a_word_a_chunk_then_why_it_ended(self) -> None:
        with scripted() as server:
            found = events(server)
        deltas = [event["choices"][0]["delta"].get("content") for event in found]
        assert deltas[:3] == ["", "It", " is"]
        assert "".join(filter(None, deltas)) == GOOD
        assert [event["choices"][0]["finish_reason"] for event in found[-2:]] == [None, "stop"]

    def test_usage_comes_last_without_choices_and_only_if_asked_for(self) -> None:
        with scripted([said("a b", usage=(7, 2))]) as server:
            assert "usage" not in events(server)[-1]
            last = events(server, stream_options={"include_usage": True})[-1]
        assert last["choices"] == []
        assert last["usage"] == {"prompt_tokens": 7, "completion_tokens": 2, "total_tokens": 9}

    def test_unstreamed_it_is_one_object(self) -> None:
        with scripted() as server:
            whole = completion(server)
        assert whole["choices"][0] == {
            "index": 0,
            "message": {"role": "assistant", "content": GOOD},
            "finish_reason": "stop",
        }
        assert 20 < whole["usage"]["prompt_tokens"] < 50

    def test_it_lists_its_model_and_knows_no_other_path(self) -> None:
        with scripted() as server:
            assert httpx.get(f"{server.url}/models").json()["data"][0]["id"] == "scripted"
            assert httpx.get(f"{server.url}/nowhere").status_code == 404

    def test_embeddings_are_the_same_for_the_same_text_and_of_the_size_asked_for(self) -> None:
        with scripted(dimension=8) as server:
            assert embeddings(server, ["a", "b"]) == [vector("a", 8), vector("b", 8)]
            assert embeddings(server, "a", dimensions=4) == [vector("a", 4)]
            assert embeddings(server, "a", encoding_format="base64")[0].endswith("=")

    def test_replies_are_used_one_after_the_other_and_the_last_again(self) -> None:
        with scripted([Reply(status=500), said("a")]) as server:
            statuses = [httpx.post(f"{server.url}/chat/completions", json=BODY).status_code for _ in range(3)]
        assert statuses == [500, 200, 200]

    def test_it_keeps_what_was_asked(self) -> None:
        with scripted() as server:
            httpx.post(f"{server.url}/chat/completions", json=BODY, headers={"X-One": "two"})
            [request] = server.requests
        assert (request.path, request.headers["x-one"], request.body) == ("/v1/chat/completions", "two", BODY)

    @by_the_clock
    @pytest.mark.parametrize("hangs", [said("a b", hang_after=1), said("a b", between=60)])
    def test_it_notices_a_client_that_goes_away(self, hangs: Reply) -> None:
        with scripted([hangs]) as server:
            with httpx.stream("POST", f"{server.url}/chat/completions", json={**BODY, "stream": True}) as response:
                arriving = response.iter_raw()
                next(arriving)
                assert server.closed.empty()
            assert time.monotonic() - server.closed.get(timeout=1) < 1

    @by_the_clock
    def test_it_stops_with_a_client_that_hangs_on(self) -> None:
        with httpx.Client() as http:
            with scripted([said("a b", hang_after=1)]) as server:
                request = http.build_request("POST", f"{server.url}/chat/completions", json={**BODY, "stream": True})
                response = http.send(request, stream=True)
                started = time.monotonic()
            assert time.monotonic() - started < 3
            assert server.closed.empty()
            response.close()


class TestItsModels:
    def test_the_good_one_restates_the_first_three_quotes_with_their_numbers(self) -> None:
        assert text(replies.good(BODY)) == GOOD

    def test_parts_of_a_message_are_read_as_one(self) -> None:
        parts = [{"type": "text", "text": PROMPT}]
        assert text(replies.good({"messages": [{"role": "user", "content": parts}]})) == GOOD

    @pytest.mark.parametrize(
        "form", ["faster【1】.", "less. [Source 2]", "(1).", ".^2", "^1.", "[1-2]", "[1][2]", "[1, 2]"]
    )
    def test_the_sloppy_one_cites_in_every_way(self, form: str) -> None:
        assert form in text(replies.sloppy(BODY))

    @pytest.mark.parametrize(
        "form", ["11.5 times", "[9]", "Smith et al. (2021)", "doi:10.9999/xyz", "http://evil.example"]
    )
    def test_the_inventing_one_invents(self, form: str) -> None:
        assert form in text(replies.inventing(BODY))

    def test_the_refusing_one_says_what_the_prompt_tells_it_to(self) -> None:
        assert text(replies.refusing(BODY)) == "It isn't there."
        assert text(replies.refusing({"messages": []})) == "The papers don't say."

    def test_the_uncited_one_cites_nothing(self) -> None:
        assert text(replies.uncited(BODY)) == "It is 4.5 times faster. We use 81% less. Third."

    def test_thoughts_come_in_the_answer_or_beside_it(self) -> None:
        assert text(replies.thinking(BODY)).startswith("<think>")
        assert text(replies.thinking(BODY)).endswith(f"</think>\n\n{GOOD}")
        with scripted(replies.reasoning) as server:
            found = [event["choices"][0]["delta"] for event in events(server)]
        assert found[1] == {"reasoning_content": "The"}
        assert "".join(delta.get("content", "") for delta in found) == GOOD

    def test_the_endless_one_says_ten_megabytes(self) -> None:
        assert sum(map(len, replies.endless(BODY).pieces)) == 10_000_000

    @pytest.mark.parametrize(
        "script", [replies.garbage, replies.repeating, replies.foreign, replies.sloppy, replies.good]
    )
    def test_each_says_something_also_without_evidence(self, script: Script) -> None:
        with scripted(script) as server:
            body = {"messages": [{"role": "user", "content": "Hello"}]}
            reply = httpx.post(f"{server.url}/chat/completions", json=body).json()
        assert reply["choices"][0]["message"]["content"]
