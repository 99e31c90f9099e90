"""Whatever a model's server does, one question meets it, and the next is answered as if nothing had been."""

from __future__ import annotations

import json
import re
import socket
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from math import inf
from typing import Any

import pytest
from canary import KEY

from eval.protocol import DONE, deltas, event
from eval.replies import Body, Reply, Script, good
from eval.scripted import scripted
from ingest.add import ingest
from rag.config import load_settings
from rag.encoder import BundledEncoder
from rag.endpoint import Endpoint, Timeouts
from rag.errors import ModelError
from rag.generate import Writer
from rag.library import Library
from rag.models import load_llm
from rag.peer import QUOTED
from rag.pipeline import Pipeline
from rag.quotes import Quote
from rag.stream import Redrawn
from rag.types import Answer, Draft, Paper, Query, Span

QUESTION = Query("How much less power does Kestrel need?")
PAPERS = [
    (
        "Kestrel: Bird Counting at Dusk",
        "Kestrel counts birds at dusk with two cameras. It needs 38% less power than a human observer. "
        "We tried it in four valleys.",
    ),
    ("On Sourdough", "We let sourdough ferment at 18 degrees for fourteen hours. The loaves rise by a third."),
    ("Tin Whiskers", "Tin whiskers grow from solder within months. A coating of nickel slows their growth."),
]
AT_ONCE = 5  # cases are asked side by side, as many of them wait
SLACK = 8.0  # seconds, as this machine has more to do
SOON, PATIENT = 0.7, 6.0  # seconds until a first token, as ASKPAPERS_LLM_TIMEOUT
RETRIED = 0.8 * (0.5 + 1.0)  # seconds at least before a third try


@dataclass(frozen=True, slots=True)
class Case:
    """What befalls a question, and what comes of it."""

    name: str
    script: Script
    sees: str = ""  # of why the model's answer is not used, a regular expression; "": it is used
    requests: int = 1
    seconds: float = 0  # at least; at most SLACK more
    patience: float = PATIENT
    url: str = "{server}"  # {tls} is the same port, {closed} one where nobody listens


# What servers send


def stream(body: Body) -> bytes:
    """A good answer's events."""
    return b"".join([event({"role": "assistant", "content": ""}), *map(event, deltas(good(body))), STOP, DONE])


def edited(edit: Callable[[bytes], bytes]) -> Script:
    """A good answer whose events are changed."""
    return lambda body: Reply(raw=edit(stream(body)))


def after_text(*events: bytes) -> Script:
    """A good answer's text, and these events in the place of its end."""
    return lambda body: Reply(raw=event({"content": "".join(good(body).pieces)}) + b"".join(events))


def with_head(head: str, end: int | None = None) -> Script:
    """A good answer behind another status line and headers, up to a byte; the end of the connection ends it."""
    first = f"{head}\n\n".replace("\n", "\r\n").encode()
    return lambda body: Reply(wire=first + stream(body)[:end])


def then(*first: Reply) -> Script:
    """These one after the other, then good ones."""
    left = [*first]
    return lambda body: left.pop(0) if left else good(body)


def raw(*events: bytes) -> Script:
    return [Reply(raw=b"".join(events))]


def wire(data: bytes, **how: Any) -> Script:
    return [Reply(wire=data, **how)]


def status(code: int, *said_: str, **headers: str) -> list[Reply]:
    return [Reply(said_, status=code, headers={name.replace("_", "-"): value for name, value in headers.items()})]


STOP = event({}, "stop")
SSE = "HTTP/1.1 200 OK\nContent-Type: text/event-stream"
IN_TWO_HOURS = format_datetime(datetime.now(UTC) + timedelta(hours=2), usegmt=True)  # when this is read, not asked
BROKE_OFF = "could not be used: it broke off"
UNREADABLE = "can't be read as an answer"
NO_KEY = r"refuses the key \({}\)\. Set ASKPAPERS_LLM_API_KEY"
JSON = {"Content-Type": "application/json"}

CASES = [
    # refused
    Case("F41 401", status(401), NO_KEY.format(401)),
    Case("F41 403", status(403), NO_KEY.format(403)),
    Case("402, no money", status(402, "pay first"), '402: "pay first"'),
    Case("404, no such model", status(404, "no model x"), 'knows no such model or path .*"no model x"'),
    Case("405", status(405), "refuses the request .405"),
    Case("422", status(422, "no temperature"), '422: "no temperature"'),
    Case("300 without a place to go", status(300), "refuses the request .300"),
    Case("A31 301", status(301, Location="http://evil.example/v1"), 'points elsewhere, to "evil.example"'),
    Case("A31 307", status(307, Location="file:///etc/passwd"), "points elsewhere"),
    Case("F48 400, too long", status(400, "maximum context length is 99 tokens"), "too long.*LLM_CONTEXT", 2),
    Case("F48 413", status(413), "too long for the model", 2),
    # too much, for now
    Case("F42 429", status(429, "slow down"), 'asked too often .429: "slow down"', 3, RETRIED),
    Case("F42 429, wait 1 s", status(429, Retry_After="1"), "asks to wait 1 s", 3, 2),
    Case("F42 429, wait 10 min", status(429, Retry_After="600"), "asks to wait 600 s"),
    Case("F42 429, wait two hours, as a date", status(429, Retry_After=IN_TWO_HOURS), r"asks to wait [4-7]\d\d\d s"),
    Case("F42 429, wait for nonsense", status(429, Retry_After="soon"), "asked too often", 3, RETRIED),
    Case("F42 503, wait longer than the reader", status(503, Retry_After="15"), "no first token within 2 s", 1, 2, 2.0),
    Case("F43 408", status(408), "fails .408", 3, RETRIED),
    Case("F43 500", status(500, "out of memory"), 'fails .500: "out of memory"', 3, RETRIED),
    Case("F43 502, a page", [Reply(raw=b"<h1>Bad gateway", status=502)], "fails .502: no details", 3, RETRIED),
    Case("F43 529", status(529), "fails .529", 3, RETRIED),
    Case("F43 999", wire(b"HTTP/1.1 999 No\r\nContent-Length: 0\r\n\r\n"), "fails .999", 3, RETRIED),
    Case("F43 an error's body hangs", [Reply(("x" * 99,), status=500, hang_after=0)], "no first token", 1, SOON, SOON),
    # no server
    Case("F43 refused", good, "refuses the connection. Start its server", 0, RETRIED, url="http://{closed}/v1"),
    Case("F43 unknown host", good, "host name.invalid is unknown", 0, RETRIED, url="http://name.invalid/v1"),
    Case("F43 TLS to a plain port", good, "TLS with https:.*is it http://", 0, RETRIED, url="{tls}"),
    # no HTTP
    Case("F46 closed at once", wire(b""), "closed the connection without an answer", 3, RETRIED),
    Case("F46 closed within the head", wire(b"HTTP/1.1 20"), "closed the connection without", 3, RETRIED),
    Case("F47 a mail server", wire(b"220 mail.example ready\r\n\r\n"), "sent no proper HTTP"),
    Case("F47 another protocol", wire(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"), "no proper HTTP"),
    Case("F53 a head without end", wire(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 300_000), "sent no proper HTTP"),
    Case("F46 a chunk without its length", wire(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz"), "cut the"),
    Case("F44 a head that trickles", wire(b"HTTP/1.1 200 OK\r\nX: long", between=0.1), "no first token", 1, SOON, SOON),
    Case("F46 shorter than it says", with_head(f"{SSE}\nContent-Length: 99999", 300), "cut the conn"),
    Case("F46 longer than it says", with_head(f"{SSE}\nContent-Length: 300"), BROKE_OFF),
    # no answer
    Case("204", wire(b"HTTP/1.1 204 No Content\r\n\r\n"), BROKE_OFF),
    Case("F47 nothing with 200", raw(), BROKE_OFF),
    Case("F47 a web page with 200", [Reply(raw=b"<html>", headers={"Content-Type": "text/html"})], "sent a web page"),
    Case("F47 a web page for events", raw(b"\n<!doctype html><p>Sign in"), "sent a web page"),
    Case("F47 an error with 200", [Reply(raw=b'{"error": "loading"}', headers=JSON)], 'instead of a stream ."loading"'),
    Case("F48 too long, with 200", raw(b'{"error": "context length exceeded"}'), "prompt is too long", 2),
    Case("F47 an answer in one piece", raw(b'{"choices": []}'), "sent one piece instead of a stream"),
    Case("F47 compressed", [Reply(raw=b"\x1f\x8b", headers={"Content-Encoding": "gzip"})], "what is compressed"),
    Case("F47 no JSON", raw(b"data: {not json\n\n"), UNREADABLE),
    Case("F47 a list", raw(b"data: [1, 2]\n\n"), UNREADABLE),
    Case("F47 no UTF-8", raw(b"data: \xff\xfe\n\n"), UNREADABLE),
    Case("F47 ten thousand brackets", raw(b"data: ", b"[" * 10_000, b"\n\n"), UNREADABLE),
    Case("F47 empty choices", raw(b'data: {"choices": []}\n\n', DONE), BROKE_OFF),
    Case("F47 no choices", raw(b'data: {"object": "x"}\n\n', DONE), BROKE_OFF),
    Case("F47 null content", raw(b'data: {"choices": [{"delta": {"content": null}}]}\n\n', STOP, DONE), "said nothing"),
    Case("F47 content that is a number", raw(b'data: {"choices": [{"delta": {"content": 7}}]}\n\n'), UNREADABLE),
    Case("F47 a delta of text", raw(b'data: {"choices": [{"delta": "text"}]}\n\n'), UNREADABLE),
    Case("F47 an end alone", raw(DONE), BROKE_OFF),
    Case("F47 a refusal beside the content", raw(event({"refusal": "I can't."}), STOP, DONE), "said nothing"),
    Case("F47 a tool is called", raw(event({}, "tool_calls"), DONE), "could not be used"),
    Case("F52 nothing", [Reply(())], "said nothing"),
    Case("F47 thoughts alone", [Reply(reasoning=("Let me", " think"))], "only thought, and said nothing"),
    # broken in the middle
    Case("F44 no first byte", [Reply(before=inf)], "no first token within 0.7 s", 1, SOON, SOON),
    Case("F44 a head, and silence", lambda body: replace(good(body), hang_after=0), "no first token", 1, SOON, SOON),
    Case("F44 silence in the middle", lambda body: replace(good(body), hang_after=9), "fell silent", 1, SOON, SOON),
    Case(
        "F44 signs of life alone",
        lambda body: replace(good(body), hang_after=9, keep_alive=0.1),
        "fell silent for 0.7 s",
        1,
        SOON,
        SOON,
    ),
    Case("F44 empty pieces alone", [Reply(("",) * 99, between=0.1)], "no first token", 1, SOON, SOON),
    Case("F44 thoughts without end", [Reply(reasoning=("hm ",) * 199, between=0.1)], "no end within 10 s", 1, 10, 1),
    Case("F46 cut before a word", lambda body: replace(good(body), cut_after=0), "cut the connection"),
    Case("F46 cut in the middle", lambda body: replace(good(body), cut_after=9), "cut the connection"),
    Case(
        "F46 cut before its finish_reason",
        lambda body: replace(good(body), cut_after=len(good(body).pieces)),
        "cut the connection",
    ),
    Case("F45 no finish_reason", lambda body: replace(good(body), finish=None), BROKE_OFF),
    Case("F45 content_filter", lambda body: replace(good(body), finish="content_filter"), "withheld it"),
    Case("F45 another finish_reason", after_text(event({}, "tool_calls"), DONE), "could not be used"),
    Case("F45 a finish_reason that is none", after_text(event({}, ["stop"]), DONE), BROKE_OFF),  # type: ignore[arg-type]
    Case("F47 no JSON after good text", after_text(b"data: {no\n\n", STOP, DONE), UNREADABLE),
    Case("F47 an error after good text", after_text(b'data: {"error": {"message": "CUDA"}}\n\n'), 'answer ."CUDA"'),
    Case("F47 an error of bare words", after_text(b'data: {"error": "CUDA"}\n\n'), 'broke off its answer ."CUDA"'),
    Case("F49 half of the prompt read", lambda body: replace(good(body), usage=(120, 9)), "read 120 .*num_ctx"),
    # mended, or nothing amiss
    Case("F43 500, then well", then(*status(500)), requests=2, seconds=0.4),
    Case("F43 closed twice, then well", then(*[Reply(wire=b"")] * 2), requests=3, seconds=RETRIED),
    Case("F42 429, wait 1 s, then well", then(*status(429, Retry_After="1")), requests=2, seconds=1),
    Case("F43 503, then 401", then(*status(503), *status(401)), NO_KEY.format(401), 2, 0.4),
    Case("slow, and steady", lambda body: replace(good(body), before=0.4, between=0.05), seconds=1.5, patience=1.5),
    Case("signs of life before the first word", lambda body: replace(good(body), before=0.5, keep_alive=0.1)),
    Case("lines that end in CR LF", edited(lambda all_: all_.replace(b"\n", b"\r\n"))),
    Case("lines that end in CR", edited(lambda all_: all_.replace(b"\n", b"\r"))),
    Case("no blank after the colon", edited(lambda all_: all_.replace(b"data: ", b"data:"))),
    Case("a byte order mark", edited(lambda all_: b"\xef\xbb\xbf" + all_)),
    Case("comments", edited(lambda all_: all_.replace(b"data:", b": well\n\ndata:"))),
    Case("other fields", edited(lambda all_: all_.replace(b"data:", b"event: message\nid: 7\nretry: 9\ndata:"))),
    Case("an event of two lines", edited(lambda all_: all_.replace(b'"choices":', b'\ndata: "choices":'))),
    Case("no [DONE]", edited(lambda all_: all_.removesuffix(DONE))),
    Case("more after [DONE]", edited(lambda all_: all_ + event({"content": " The moon is cheese [1]."}))),
    Case("a ping", edited(lambda all_: b"event: ping\ndata: {}\n\n" + all_)),
    Case("no usage", lambda body: replace(good(body), usage=None)),
    Case(
        "usage that is no number", after_text(STOP, b'data: {"choices": [], "usage": {"prompt_tokens": NaN}}\n\n', DONE)
    ),
    Case("choices that are null", after_text(STOP, b'data: {"choices": null, "usage": [9]}\n\n', DONE)),
    Case("the end told twice", after_text(STOP, STOP, DONE)),
    Case("an end without a delta", after_text(b'data: {"choices": [{"finish_reason": "stop"}]}\n\n', DONE)),
    Case("an end of a null delta", after_text(b'data: {"choices": [{"delta": null, "finish_reason": "stop"}]}\n\n')),
    Case("another word for the end", lambda body: replace(good(body), finish="end_turn")),
    Case("no Content-Type", with_head("HTTP/1.1 200 OK")),
    Case("HTTP/1.0", with_head(SSE.replace("1.1", "1.0"))),
    Case("100 Continue first", with_head(f"HTTP/1.1 100 Continue\n\n{SSE}")),
    Case("all at once", with_head(SSE)),
]


# What comes of it


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of a question, and of the one after it, by which time the server is well."""

    answer: Answer
    pieces: list[str]
    seen_later: str
    requests: int
    seconds: float
    next: Answer | None  # where it can be asked


@dataclass
class Ill:
    """A server's script that does what a case says until it is well."""

    script: Script
    is_well: bool = False

    def __call__(self, body: Body) -> Reply:
        if self.is_well:
            return good(body)
        return self.script(body) if callable(self.script) else self.script[0]


@pytest.fixture(scope="module")
def papers(tmp_path_factory: pytest.TempPathFactory, encoder: BundledEncoder) -> Library:
    folder = tmp_path_factory.mktemp("faults")
    file = folder / "papers.jsonl"
    file.write_text("\n".join(json.dumps({"title": title, "abstract": text}) for title, text in PAPERS))
    ingest(library := Library(folder / "library"), [file], encoder)
    return library


def asking(papers: Library, encoder: BundledEncoder, url: str, patience: float) -> Pipeline:
    settings = load_settings(llm="local/scripted", llm_base_url=url, llm_timeout=patience, llm_api_key=KEY)
    return Pipeline(papers, encoder, settings)


def met(papers: Library, encoder: BundledEncoder, case: Case) -> Outcome:
    script = Ill(case.script)
    with scripted(script) as server, socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = case.url.format(
            server=server.url, tls=server.url.replace("http", "https"), closed=f"127.0.0.1:{closed.getsockname()[1]}"
        )
        pipeline = asking(papers, encoder, url, case.patience)
        begun = time.monotonic()
        asked = pipeline.ask(QUESTION)
        pieces, answer = list(asked), asked.answer
        seconds, script.is_well = time.monotonic() - begun, True
        requests = sum("messages" in request.body for request in server.requests)  # a count of tokens asks no answer
        later = pipeline.ask(QUESTION).answer if url == server.url else None
        return Outcome(answer, pieces, "".join(asked), requests, seconds, later)


@pytest.fixture(scope="module")
def outcomes(papers: Library, encoder: BundledEncoder) -> dict[str, Future[Outcome]]:
    """All of them asked side by side, the longest first; none is at work any more when the first is looked at."""
    met(papers, encoder, Case("the first of a process, which loads what the others find loaded", good))
    with ThreadPoolExecutor(AT_ONCE) as crowd:
        longest_first = sorted(CASES, key=lambda case: -case.seconds)
        return {case.name: crowd.submit(met, papers, encoder, case) for case in longest_first}


@pytest.fixture(scope="module")
def extractive(papers: Library, encoder: BundledEncoder) -> Answer:
    return Pipeline(papers, encoder, load_settings(llm="extractive")).ask(QUESTION).answer


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_whatever_a_server_does(case: Case, outcomes: dict[str, Future[Outcome]], extractive: Answer) -> None:
    outcome = outcomes[case.name].result()
    answer = outcome.answer
    if case.sees:
        assert re.search(case.sees, answer.fallback or ""), answer.fallback
        assert (answer.fallback or "").isprintable()
        assert len(answer.fallback or "") < QUOTED + 300
        assert (answer.model, answer.text, answer.statements) == ("extractive", extractive.text, extractive.statements)
        assert [piece for piece in outcome.pieces if piece][-1] == Redrawn(extractive.text), (
            "what was painted is withdrawn"
        )
    else:
        assert outcome.next
        assert (answer.model, answer.fallback, answer.text) == (outcome.next.model, None, outcome.next.text)
    assert outcome.seen_later == answer.text, "nothing else is kept"
    assert outcome.requests == case.requests
    assert case.seconds <= outcome.seconds < case.seconds + SLACK
    if outcome.next:
        assert (outcome.next.status, outcome.next.model, outcome.next.fallback) == ("answered", "local/scripted", None)
    assert KEY not in repr(outcome)


def test_a_server_silent_three_times_is_left_alone_and_it_is_said_for_how_long(
    papers: Library, encoder: BundledEncoder
) -> None:
    with scripted([Reply(before=inf)]) as server:
        pipeline = asking(papers, encoder, server.url, patience=0.3)
        for _ in range(3):
            assert "no first token" in (pipeline.ask(QUESTION).answer.fallback or "")
        asked = len(server.requests)
        told = pipeline.ask(QUESTION).answer.fallback or ""
        assert len(server.requests) == asked
    assert re.search(r"failed 3 times in a row and is not asked again for (30|2\d) s\. The last time: ", told), told


def test_each_case_has_a_name_of_its_own_and_there_are_many() -> None:
    assert len({case.name for case in CASES}) == len(CASES) > 90


# A stream that comes in parts

TEXT = PAPERS[0][1]
QUOTES = [Quote(Span(Paper("p", PAPERS[0][0], TEXT), 0, len(TEXT)), 1.0)]
HEAD = b"HTTP/1.1 200 OK\r\n\r\n"
SHORT = b"".join(
    b"data:%b\n\n" % event
    for event in (
        b'{"choices":[{"delta":{"content":"It needs"}}]}',
        b'{"choices":[{"delta":{"content":" 38% less power [1]."}}]}',
        b'{"choices":[{"finish_reason":"stop"}]}',
    )
)


def test_f46_a_stream_cut_after_any_byte_is_no_answer_before_it_said_that_it_ends(encoder: BundledEncoder) -> None:
    cuts = range(len(SHORT + DONE))
    believed = [*written(encoder, [Reply(wire=HEAD + (SHORT + DONE)[:end]) for end in cuts])]
    assert {*believed[: len(SHORT) - 1]} == {None}, "also where the connection's end looks like the answer's"
    assert {*believed[len(SHORT) :]} == {"It needs 38% less power [1]."}


def test_f47_a_stream_that_comes_a_byte_at_a_time_is_read_whole(encoder: BundledEncoder) -> None:
    [text] = written(encoder, [Reply(wire=HEAD + SHORT + DONE, between=1e-5)])
    assert text == "It needs 38% less power [1]."


def test_f47_half_of_a_sign_is_mended_by_its_other_half_or_shown_as_none(encoder: BundledEncoder) -> None:
    halves = [
        rb"It needs \ud83d",
        rb'It needs \ud83d"}}]}' + b'\n\ndata:{"choices":[{"delta":{"content":"' + rb"\udc26",
    ]
    streams = [Reply(wire=HEAD + SHORT.replace(b"It needs", half) + DONE) for half in halves]
    assert [*written(encoder, streams)] == [f"It needs {sign} 38% less power [1]." for sign in "�🐦"]


def written(encoder: BundledEncoder, script: Sequence[Reply]) -> Iterator[str | None]:
    """What is believed of each reply; None where nothing is."""
    with scripted(script) as server:
        model = load_llm(load_settings(llm="local/scripted", llm_base_url=server.url))
        assert model
        for _ in script:
            fresh = Endpoint(server.url, timeouts=Timeouts(first=5, between=5, again=()))  # its breaker is closed
            writer = Writer(replace(model, endpoint=fresh), encoder.cosine, load_settings())
            try:
                yield drained(writer.write("How much less power?", QUOTES, [])).text
            except ModelError:
                yield None


def drained(pieces: Generator[str, None, Draft]) -> Draft:
    while True:
        try:
            next(pieces)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]
