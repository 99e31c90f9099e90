"""A small context window: what matters is in the prompt, by whole quotes, and an answer has room beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from beside import has, words
from hypothesis import given
from hypothesis import strategies as st

from eval import replies
from eval.replies import Body, Reply, Script, evidence, message
from eval.scripted import Server, scripted
from rag.config import load_settings
from rag.encoder import BundledEncoder
from rag.evidence import gather, widened
from rag.library import Library
from rag.pipeline import Pipeline
from rag.prompts import answer_prompt, fitted
from rag.quotes import Quote
from rag.room import Room, cautious, count_tokens, size
from rag.types import Message, Paper, Query, Span, Standalone, Turn

CAPSULE = "How much shorter do capsule prompts get?"
SEVERAL = "Which papers compress prompts, distil models or make inference faster?"
MARKER = "0" * 8


@contextmanager
def writing(
    library: Library, encoder: BundledEncoder, script: Script = replies.good, **settings: Any
) -> Iterator[tuple[Pipeline, Server]]:
    with scripted(script) as server:
        chosen = {"llm": "local/scripted", "llm_base_url": server.url, "llm_timeout": 5.0} | settings
        yield Pipeline(library, encoder, load_settings(**chosen)), server


def needed(body: Body) -> int:
    return sum(cautious(turn["content"]) + 8 for turn in body["messages"])


def prompts(server: Server) -> list[Body]:
    return [request.body for request in server.requests if "messages" in request.body]


def wanted(pipeline: Pipeline, question: str) -> tuple[Quote, ...]:
    """All that a model is shown where there is room."""
    asked = Standalone(question, question)
    found = gather(pipeline.retriever, pipeline.settings, asked)
    return widened(pipeline.retriever, pipeline.settings, asked, found)


@pytest.mark.parametrize("context", [1024, 2048, 4096])
@pytest.mark.parametrize("question", [CAPSULE, SEVERAL, "Compare MetaCLIP and CroCo."])
def test_the_best_quotes_are_in_the_prompt_whole_and_an_answer_has_room_beside_it(
    shipped: Library, encoder: BundledEncoder, context: int, question: str
) -> None:
    with writing(shipped, encoder, llm_context=context, evidence=60) as (pipeline, server):
        answer = pipeline.ask(Query(question)).answer
        [sent] = prompts(server)
        quotes = wanted(pipeline, question)
    assert answer.model == "local/scripted", answer.fallback
    shown = [quote for _, quote in evidence(sent)]
    whole = {" ".join(quote.span.text.split()).rstrip("."): quote for quote in quotes}
    assert set(shown) <= whole.keys()
    best = max(quotes, key=lambda quote: quote.odds)
    assert best in [whole[one] for one in shown]
    assert needed(sent) <= context - context // 4
    assert context // 4 <= sent["max_tokens"] <= context - needed(sent)


def test_every_paper_keeps_its_best_quote_before_any_keeps_two(shipped: Library, encoder: BundledEncoder) -> None:
    with writing(shipped, encoder, llm_context=1024, evidence=60) as (pipeline, server):
        pipeline.ask(Query(SEVERAL)).answer  # noqa: B018 - reading it does the work
        shown = message(prompts(server)[0], "user")
        papers = dict.fromkeys(quote.span.paper.title for quote in wanted(pipeline, SEVERAL))
    headings = re.findall(r"^From “(.+)”:$", shown, re.MULTILINE)
    assert 1 < len(headings) < shown.count("\n[") + 1 or len(headings) == len(papers)
    assert len(set(headings)) == len(headings)


@pytest.mark.parametrize(
    ("query", "settings"),
    [
        (Query(f"What is CLIP? {'🦜𠜎' * 1900}"), {}),
        (Query(f"What is CLIP? {'🦜𠜎' * 300}"), {"llm_context": 1024}),
    ],
    ids=["a long question", "a small window"],
)
def test_what_does_not_fit_into_the_window_is_not_sent(
    shipped: Library, encoder: BundledEncoder, query: Query, settings: dict[str, Any]
) -> None:
    with writing(shipped, encoder, **settings) as (pipeline, server):
        answer = pipeline.ask(query).answer
        assert not prompts(server)
    assert "Raise it, with the server's own window, or ask a shorter question." in (answer.fallback or "")
    assert answer.status == "answered"


def test_the_smallest_window_holds_a_follow_up_too(shipped: Library, encoder: BundledEncoder) -> None:
    asked = "How much shorter do capsule prompts get?"
    script = lambda body: replies.good(body) if evidence(body) else replies.said(asked)  # noqa: E731
    with writing(shipped, encoder, script, llm_context=1024) as (pipeline, server):
        answer = pipeline.ask(Query("How much shorter do they get?", (Turn("user", CAPSULE),))).answer
        assert [needed(body) <= 768 for body in prompts(server)] == [True, True]
    assert (answer.model, answer.fallback) == ("local/scripted", None)


def test_a_server_that_reads_less_is_asked_for_less_on_the_second_try(
    shipped: Library, encoder: BundledEncoder
) -> None:
    def small(body: Body) -> Reply:
        if needed(body) + body["max_tokens"] > 2048:
            return Reply(("This model's maximum context length is 2048 tokens.",), status=400)
        return replies.good(body)

    with writing(shipped, encoder, small, llm_max_tokens=2000) as (pipeline, server):
        answer = pipeline.ask(Query(CAPSULE)).answer
        assert len(prompts(server)) == 2
    assert answer.model == "local/scripted", answer.fallback


# Counting


def test_the_server_is_asked_to_count_where_our_own_count_leaves_quotes_out(
    shipped: Library, encoder: BundledEncoder
) -> None:
    with writing(shipped, encoder, llm_context=1024, evidence=20) as (pipeline, server):
        pipeline.ask(Query(CAPSULE)).answer  # noqa: B018
        by_us = len(evidence(prompts(server)[-1]))
        assert [request.path for request in server.requests].count("/tokenize") == 1, "it offers none, and is told once"
        pipeline.ask(Query(CAPSULE)).answer  # noqa: B018
        assert [request.path for request in server.requests].count("/tokenize") == 1
    with writing(shipped, encoder, llm_context=1024, evidence=20) as (pipeline, server):
        has(server, "/tokenize", words)
        pipeline.ask(Query(CAPSULE)).answer  # noqa: B018
        assert len(evidence(prompts(server)[-1])) > by_us


def signs(body: Body) -> dict[str, list[int]]:
    """As `words`, of a model whose tokens are single characters."""
    return {"tokens": list(range(len(body["content"])))}


@pytest.mark.parametrize("evidence", [12, 60])
def test_a_server_that_counts_more_than_we_do_is_sent_no_more_than_it_can_read(
    shipped: Library, encoder: BundledEncoder, evidence: int
) -> None:
    def strict(body: Body) -> Reply:
        needed = sum(len(turn["content"]) + 8 for turn in body["messages"])
        if needed + body["max_tokens"] > 4096:
            return Reply((f"the request ({needed} tokens) exceeds the available context size",), status=400)
        return replies.good(body)

    with writing(shipped, encoder, strict, evidence=evidence) as (pipeline, server):
        has(server, "/tokenize", signs)
        answer = pipeline.ask(Query(CAPSULE)).answer
        sent = prompts(server)
    assert answer.model == "local/scripted", answer.fallback
    assert len(sent) <= 2 - (evidence == 60), "asked to count where it is near, else told by the refusal"


def test_where_there_is_room_the_server_is_not_asked_to_count(shipped: Library, encoder: BundledEncoder) -> None:
    with writing(shipped, encoder) as (pipeline, server):
        has(server, "/tokenize", words)
        pipeline.ask(Query(CAPSULE)).answer  # noqa: B018
        assert [request.path for request in server.requests] == ["/v1/chat/completions"]


@pytest.mark.parametrize("found", [None, [], {"tokens": None}, {"tokens": 7}, {"count": 3}, {"tokens": {}}, "text"])
def test_a_count_that_is_none_leaves_us_our_own(shipped: Library, encoder: BundledEncoder, found: Any) -> None:
    with writing(shipped, encoder, llm_context=1024, evidence=20) as (pipeline, server):
        has(server, "/tokenize", lambda _: found)
        answer = pipeline.ask(Query(CAPSULE)).answer
        assert needed(prompts(server)[-1]) <= 768
    assert answer.model == "local/scripted"


# Prompts of any size

SENTENCES = st.lists(
    st.tuples(st.integers(0, 4), st.integers(1, 60), st.floats(-5, 5)), min_size=1, max_size=12, unique_by=lambda x: x
)


@given(SENTENCES, st.integers(300, 2000))
def test_any_quotes_are_shortened_to_whole_ones_with_the_best_among_them(
    sentences: list[tuple[int, int, float]], room: int
) -> None:
    quotes = []
    for place, (paper, length, odds) in enumerate(sorted(sentences)):
        text = f"Sentence {place} " + "says much " * length
        quotes.append(Quote(Span(Paper(f"p{paper}", f"Title {paper}", text), 0, len(text)), odds))

    def fits(prompt: Sequence[Message]) -> bool:
        return size(prompt, count_tokens) <= room

    kept = fitted("How fast is it?", quotes, MARKER, fits)
    assert kept == tuple(quote for quote in quotes if quote in kept), "in their order"
    assert max(quote.odds for quote in quotes) in [quote.odds for quote in kept]
    assert fits(answer_prompt("How fast is it?", kept, MARKER)) or len(kept) == 1
    assert len(kept) == len(quotes) or not fits(answer_prompt("How fast is it?", quotes, MARKER))


@given(st.integers(1024, 40_000), st.integers(64, 40_000), st.integers(0, 40_000))
def test_a_prompt_and_its_answer_share_the_window(context: int, answer: int, prompt: int) -> None:
    room = Room(context, answer)
    assert room.prompt >= context * 3 // 4
    assert 0 < room.beside(prompt) <= answer
    if prompt <= room.prompt:
        assert prompt + room.beside(prompt) <= context
