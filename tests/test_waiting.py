"""A local model's server is asked by one window after the other: in line, each told its place, none given another's."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from dataclasses import replace
from math import inf
from threading import Event
from typing import Any

import pytest
from clock import by_the_clock

from eval.replies import Body, Reply, Script, evidence, good, said
from eval.scripted import Server, scripted
from ingest.add import ingest
from rag.config import load_settings
from rag.encoder import BundledEncoder
from rag.endpoint import Endpoint, Timeouts
from rag.errors import ModelCut, ModelUnreachable
from rag.library import Library
from rag.models import load_llm
from rag.pipeline import Pipeline
from rag.stream import AnswerStream
from rag.turns import Turn, Turns
from rag.types import Answer, Query
from rag.types import Turn as Said

BIRDS = ["Avocet", "Bittern", "Curlew", "Dunlin", "Egret", "Fulmar", "Godwit", "Hoopoe", "Ibis", "Jacana"]


class TestALine:
    def test_so_many_are_served_at_once_and_the_others_in_the_order_of_their_coming(self) -> None:
        line = Turns(2)
        with line.turn() as first, line.turn() as second, line.turn() as third, line.turn() as fourth:
            assert [turn(0) for turn in (first, second, third, fourth)] == [0, 0, 1, 2]
            assert [turn(0) for turn in (fourth, third)] == [2, 1]

    def test_who_does_not_wait_for_a_turn_takes_nobodys(self) -> None:
        line = Turns(1)
        with line.turn(), line.turn() as second:
            assert second(0) == 0

    def test_whoever_leaves_lets_all_behind_move_on(self) -> None:
        line = Turns(1)
        with line.turn() as first, line.turn() as third:
            with suppress(RuntimeError), line.turn() as second:
                assert [turn(0) for turn in (first, second, third)] == [0, 1, 2]
                raise RuntimeError("a crash")
            assert third(0) == 1

    def test_who_waits_is_called_as_soon_as_it_is_his_turn(self) -> None:
        line, called = Turns(1), Event()

        def wait(turn: Turn) -> None:
            turn(30)
            called.set()

        with line.turn() as second:
            with line.turn() as first:
                first(0)
                thread = threading.Thread(target=wait, args=(second,))
                thread.start()
            assert called.wait(5)
            thread.join()

    def test_without_a_bound_all_have_their_turn(self) -> None:
        line = Turns()
        with line.turn() as first, line.turn() as second:
            assert (first(0), second(0)) == (0, 0)


@pytest.fixture(scope="module")
def birds(tmp_path_factory: pytest.TempPathFactory, encoder: BundledEncoder) -> Library:
    """A paper a window."""
    folder = tmp_path_factory.mktemp("birds")
    abstract = "{} counts birds with two cameras. {} saves {}% power."
    lines = [
        {"title": f"{bird}: Counting at Dusk", "abstract": abstract.format(bird, bird, 31 + number)}
        for number, bird in enumerate(BIRDS)
    ]
    (folder / "papers.jsonl").write_text("\n".join(map(json.dumps, lines)))
    ingest(library := Library(folder / "library"), [folder / "papers.jsonl"], encoder)
    return library


Local = Callable[..., AbstractContextManager[tuple[Pipeline, Server]]]


@pytest.fixture
def local(birds: Library, encoder: BundledEncoder) -> Local:
    """A pipeline whose model is scripted; settings may be given."""

    @contextmanager
    def asking(script: Script, **settings: Any) -> Iterator[tuple[Pipeline, Server]]:
        with scripted(script) as server:
            chosen = {"llm": "local/scripted", "llm_base_url": server.url, "llm_timeout": 20.0} | settings
            yield Pipeline(birds, encoder, load_settings(**chosen)), server

    return asking


def about(bird: str) -> Query:
    return Query(f"How much power does {bird} save?")


def asked_about(body: Body) -> str:
    found = re.search(r"How much power does (\w+) save", str(body["messages"]))
    return found[1] if found else ""


def slowly(body: Body) -> Reply:
    """The very quote."""
    number, quote = next((n, text) for n, text in evidence(body) if text.startswith(f"{asked_about(body)} saves"))
    return said(f"{quote} [{number}].", between=0.02)


def stuck(body: Body) -> Reply:
    """The beginning of an answer, and nothing more."""
    return replace(good(body), hang_after=2)


def begun(stream: AnswerStream) -> AnswerStream:
    """The stream, at its first word."""
    next(piece for piece in stream if piece)
    return stream


def waiting(stream: AnswerStream) -> str:
    """What is told to the reader of a stream that stands in line."""
    pieces = iter(stream)
    while "in line" not in stream.doing:
        assert next(pieces) == ""
    return stream.doing


def test_ten_windows_are_answered_one_after_the_other_each_its_own(local: Local) -> None:
    told: dict[str, list[str]] = {bird: [] for bird in BIRDS}

    def ask(pipeline: Pipeline, bird: str) -> tuple[float, Answer]:
        stream = pipeline.ask(about(bird))
        for _ in stream:
            told[bird].append(stream.doing)
        return time.monotonic(), stream.answer

    with local(slowly) as (pipeline, server), ThreadPoolExecutor(len(BIRDS)) as windows:
        done = dict(zip(BIRDS, windows.map(lambda bird: ask(pipeline, bird), BIRDS), strict=True))
        assert server.most_at_once == 1
        asked = [asked_about(request.body) for request in server.requests]
    assert sorted(asked) == BIRDS
    assert sorted(BIRDS, key=lambda bird: done[bird][0]) == asked, "first come, first served"
    for bird, (_, answer) in done.items():
        assert (answer.model, answer.fallback) == ("local/scripted", None)
        assert {citation.span.paper.title.split(":")[0] for citation in answer.citations} == {bird}
        assert {name for name in BIRDS if name in answer.text} == {bird}
        places = [int(found[1]) for doing in told[bird] if (found := re.search(r"(\d+)(?:st|nd|rd|th) in line", doing))]
        assert places == sorted(places, reverse=True)
    assert len({doing for doing in told[asked[-1]] if "in line" in doing}) > 1


def test_the_place_in_line_is_told_and_counts_down(local: Local) -> None:
    with local(stuck) as (pipeline, server):
        streams = [begun(pipeline.ask(about("Avocet")))]
        streams += [pipeline.ask(about(bird)) for bird in BIRDS[1:4]]
        assert [waiting(stream) for stream in streams[1:]] == [
            f"Waiting for local/scripted: {place} in line" for place in ("1st", "2nd", "3rd")
        ]
        streams[1].close()  # one who is tired of waiting
        next(iter(streams[3]))
        assert streams[3].doing == "Waiting for local/scripted: 2nd in line"
        assert len(server.requests) == 1
        for stream in streams:
            stream.close()


@by_the_clock
def test_stop_while_waiting_leaves_the_line_at_once(local: Local) -> None:
    with local(stuck) as (pipeline, server):
        first, second = begun(pipeline.ask(about("Avocet"))), pipeline.ask(about("Bittern"))
        waiting(second)
        with ThreadPoolExecutor(1) as other:
            reading = other.submit(lambda: [*second])
            stopped = time.monotonic()
            second.close()
            assert time.monotonic() - stopped < 1
            assert isinstance(reading.exception(timeout=5), ModelCut)
        with closing(pipeline.ask(about("Curlew"))) as third:
            assert waiting(third).endswith("1st in line")
        first.close()
        assert len(server.requests) == 1


@by_the_clock
def test_whoever_is_stopped_at_the_server_lets_the_next_go_on(local: Local) -> None:
    with local(lambda body: (good if asked_about(body) == "Bittern" else stuck)(body)) as (pipeline, server):
        first, second = begun(pipeline.ask(about("Avocet"))), pipeline.ask(about("Bittern"))
        waiting(second)
        first.close()
        assert second.answer.model == "local/scripted"
        assert server.closed.get(timeout=5)


@pytest.mark.parametrize("fault", [Reply(status=401), Reply(raw=b"data: {no\n\n"), said("a b", cut_after=1)])
def test_a_fault_of_ones_own_lets_the_next_go_on(local: Local, fault: Reply) -> None:
    script = lambda body: slowly(body) if asked_about(body) == "Bittern" else fault  # noqa: E731
    with local(script) as (pipeline, _), ThreadPoolExecutor(2) as windows:
        answers = [*windows.map(lambda bird: pipeline.ask(about(bird)).answer, BIRDS[:2])]
    assert [answer.model for answer in answers] == ["extractive", "local/scripted"]


def test_a_crash_of_a_reader_lets_the_next_go_on(local: Local) -> None:
    with local(slowly) as (pipeline, _):

        def crash() -> None:
            for piece in pipeline.ask(about("Avocet")):
                if piece:
                    raise RuntimeError("a window's script")

        with pytest.raises(RuntimeError):
            crash()
        assert pipeline.ask(about("Bittern")).answer.model == "local/scripted"


@by_the_clock
def test_waiting_in_line_is_no_silence_of_the_server(local: Local) -> None:
    """Two answers that take more than a second each, where a server may be silent for one."""
    script = lambda body: replace(said(good(body).pieces[0]), pieces=good(body).pieces[:6], between=0.25)  # noqa: E731
    with local(script, llm_timeout=1.0) as (pipeline, _), ThreadPoolExecutor(2) as windows:
        answers = [*windows.map(lambda bird: pipeline.ask(about(bird)).answer, BIRDS[:2])]
    assert [answer.model for answer in answers] == ["local/scripted"] * 2
    assert max(answer.timings["total_ms"] for answer in answers) > 2500


@by_the_clock
def test_nobody_waits_longer_in_line_and_at_a_server_that_is_silent_to_all_than_at_it_alone(local: Local) -> None:
    def ask(pipeline: Pipeline, place: int) -> Answer:
        time.sleep(0.2 * place)  # the second waits for most of the first's time, and is asked with what is left of its
        return pipeline.ask(about(BIRDS[place])).answer

    with local([Reply(before=inf)], llm_timeout=2.0) as (pipeline, server), ThreadPoolExecutor(3) as windows:
        answers = [*windows.map(lambda place: ask(pipeline, place), range(3))]
        assert {answer.model for answer in answers} == {"extractive"}
        assert max(answer.timings["total_ms"] for answer in answers) < 2900
        assert len(server.requests) > 1
    assert all("for 2 s" in str(one.fallback) or "within 2 s" in str(one.fallback) for one in answers)


def test_who_waits_for_a_server_that_fails_again_and_again_is_told_without_asking_it() -> None:
    with scripted([Reply(status=500)]) as server:
        endpoint = Endpoint(server.url, timeouts=Timeouts(again=()), at_once=1)
        with endpoint.turns.turn() as first, endpoint.turns.turn() as second:
            now = time.monotonic()
            assert [*endpoint.places(first, now)] == []
            in_line = endpoint.places(second, now)
            assert next(in_line) == 1
            for _ in range(3):
                with pytest.raises(ModelUnreachable):
                    endpoint.call(lambda http: http.get("/chat/completions"))
            with pytest.raises(ModelUnreachable, match="failed 3 times in a row and is not asked again for 30 s"):
                next(in_line)


def test_a_follow_up_stands_in_line_once_for_both_that_it_asks(local: Local) -> None:
    """What it makes of the conversation, and the answer: nobody comes in between."""
    history = (
        Said("user", "What is Avocet?"),
        Said("assistant", "It counts. [1]", ("Avocet: Counting at Dusk",)),
    )
    script = lambda body: slowly(body) if evidence(body) else said("How much power does Avocet save?", between=0.1)  # noqa: E731
    with local(script) as (pipeline, server), ThreadPoolExecutor(1) as other:
        follow_up = begun_to_read(pipeline.ask(Query("How much power does it save?", history)), server)
        late = other.submit(lambda: pipeline.ask(about("Bittern")).answer)
        assert follow_up.answer.standalone_question == "How much power does Avocet save?"
        assert late.result().model == "local/scripted"
        assert [asked_about(request.body) for request in server.requests] == ["it", "Avocet", "Bittern"]


def begun_to_read(stream: AnswerStream, server: Server) -> AnswerStream:
    """The stream, once its first request is at the server."""
    pieces = iter(stream)
    while not server.requests:
        next(pieces)
    return stream


@pytest.mark.parametrize(("parallel", "at_once"), [(1, 1), (3, 3)])
def test_a_server_that_serves_several_is_asked_by_several(local: Local, parallel: int, at_once: int) -> None:
    with local(slowly, llm_parallel=parallel) as (pipeline, server), ThreadPoolExecutor(6) as windows:
        [*windows.map(lambda bird: pipeline.ask(about(bird)).answer, BIRDS[:6])]
        assert server.most_at_once == at_once


def test_before_hosted_models_nobody_stands_in_line() -> None:
    hosted = load_llm(load_settings(llm="openai/gpt-5", openai_api_key="sk-x"))
    assert hosted
    with hosted.endpoint.turns.turn() as first, hosted.endpoint.turns.turn() as second:
        assert (first(0), second(0)) == (0, 0)
