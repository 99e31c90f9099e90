"""What a model costs beyond itself: time to the first word, to give one up that fails, in line. Asked is a script."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from itertools import islice
from pathlib import Path
from statistics import median, quantiles

import httpx

from eval.bench_papers import shipped
from eval.figure import Figure
from eval.replies import Body, Reply, Script, good
from eval.scripted import scripted
from rag.config import load_settings
from rag.encoder import BundledEncoder
from rag.library import Library
from rag.pipeline import Pipeline
from rag.types import Answer, Message, Query

QUESTION = "How much do we need {title} today?"
PATIENCE = 2.0  # seconds that a model is waited for, as ASKPAPERS_LLM_TIMEOUT
WINDOWS, ROUND, PATIENCE_IN_LINE = 10, 30.0, 60.0  # seconds that all ask on, for each repeat
WORD = 0.02  # seconds, as of a small model on a laptop
TOO_MANY, BUSY = Reply(("slow down",), status=429), Reply(("overloaded",), status=503)
FAULTS: dict[str, Script] = {
    "401": [Reply(("wrong key",), status=401)],
    "429, Retry-After 1": [replace(TOO_MANY, headers={"Retry-After": "1"})],
    "429, Retry-After 600": [replace(TOO_MANY, headers={"Retry-After": "600"})],
    "503": [BUSY],
    "hang before the first byte": [Reply(before=float("inf"))],
    "hang in the middle": lambda body: replace(good(body), hang_after=9),
    "cut in the middle": lambda body: replace(good(body), cut_after=9),
    "no finish_reason": lambda body: replace(good(body), finish=None),
    "a web page with 200": [Reply(raw=b"<html>Sign in</html>")],
    "garbage for events": [Reply(raw=b"data: {nonsense\n\n")],
}


def model_figures(folder: Path, papers: Path | None, repeats: int) -> Iterator[Figure]:
    """Milliseconds from a question to the first word, beside the bare server asked with the same prompt."""
    library = shipped(folder)
    ours, bare = [], []
    with scripted(good) as server:
        pipeline = _pipeline(library, server.url)
        for title in [paper.title for paper in library.papers()] * repeats:
            first, answer = _first_word(pipeline, QUESTION.format(title=title))
            if answer.prompt:
                ours.append(first)
                bare.append(_bare(server.url, answer.prompt))
    more = [mine - theirs for mine, theirs in zip(ours, bare, strict=True)]
    yield Figure("first word by a model, p50", median(ours), "ms", "the bare server", median(bare))
    yield Figure(
        "first word by a model, p95", quantiles(ours, n=20)[-1], "ms", "the bare server", quantiles(bare, n=20)[-1]
    )
    yield Figure("  more than the bare server, p50", median(more), "ms", aim="under 60 ms")
    yield Figure("  more than the bare server, p95", quantiles(more, n=20)[-1], "ms")


def fault_figures(folder: Path, papers: Path | None, repeats: int) -> Iterator[Figure]:
    """Seconds until the extractive answer is there in place of a model that fails, and requests made by then."""
    library = shipped(folder)
    for what, script in FAULTS.items():
        with scripted(script) as server:
            seconds = median(_given_up(_pipeline(library, server.url)) for _ in range(repeats))
            requests = server.connections / repeats
        yield Figure(f"given up: {what} ({requests:.0f} request{'s' * (requests != 1)})", seconds, "s")
    seconds = median(_given_up(_pipeline(library, f"http://127.0.0.1:{_free_port()}/v1")) for _ in range(repeats))
    yield Figure("given up: connection refused", seconds, "s")


def line_figures(folder: Path, papers: Path | None, repeats: int) -> Iterator[Figure]:
    """Ten windows that ask one slow local model all at once, again and again: how many are answered, and how evenly."""
    library = shipped(folder)
    with scripted(_slowly) as server, ThreadPoolExecutor(WINDOWS) as windows:
        pipeline = _pipeline(library, server.url, PATIENCE_IN_LINE)
        prompts = dict(islice(_put_to_it(pipeline), WINDOWS))
        begun = time.perf_counter()
        until = begun + repeats * ROUND
        answered = [*windows.map(lambda question: _answered(pipeline, question, until), prompts)]
        minutes = (time.perf_counter() - begun) / 60
        at_once = server.most_at_once
        bare = [_whole(server.url, prompt) for prompt in prompts.values()]
    yield Figure(
        f"ten windows, one local model ({at_once} request at a time)",
        sum(answered) / minutes,
        "answers/min",
        "the bare server, one after the other",
        60 / median(bare),
        "ratio 0.9 or more",
    )
    fairness = sum(answered) ** 2 / (len(answered) * sum(count**2 for count in answered))
    yield Figure("  evenness of their answers (Jain's index; 1: all got as many)", fairness, "", aim="0.95 or more")


def _put_to_it(pipeline: Pipeline) -> Iterator[tuple[str, tuple[Message, ...]]]:
    """Questions that the model is asked, with the prompts."""
    for paper in pipeline.library.papers():
        question = QUESTION.format(title=paper.title)
        if prompt := pipeline.ask(Query(question)).answer.prompt:
            yield question, prompt


def _slowly(body: Body) -> Reply:
    return replace(good(body), between=WORD)


def _answered(pipeline: Pipeline, question: str, until: float) -> int:
    """How many answers of the model a window got by then, and the one that it was waiting for."""
    count = 0
    while time.perf_counter() < until:
        answer = pipeline.ask(Query(question)).answer
        if answer.fallback:
            raise RuntimeError(f"The model was to answer, and did not: {answer.fallback}")
        count += 1
    return count


def _pipeline(library: Library, url: str, patience: float = PATIENCE) -> Pipeline:
    settings = load_settings(llm="local/scripted", llm_base_url=url, llm_timeout=patience)
    return Pipeline(library, BundledEncoder(), settings)


def _first_word(pipeline: Pipeline, question: str) -> tuple[float, Answer]:
    begun = time.perf_counter()
    stream = pipeline.ask(Query(question))
    next(piece for piece in stream if piece)
    return 1000 * (time.perf_counter() - begun), stream.answer


def _bare(url: str, prompt: tuple[Message, ...]) -> float:
    """Milliseconds to the first content, by nothing but HTTP."""
    begun = time.perf_counter()
    with closing(_lines(url, prompt)) as lines:
        next(line for line in lines if line.startswith("data: {") and _content(line))
        return 1000 * (time.perf_counter() - begun)


def _whole(url: str, prompt: tuple[Message, ...]) -> float:
    """Seconds of a whole answer, by nothing but HTTP."""
    begun = time.perf_counter()
    for _ in _lines(url, prompt):
        pass
    return time.perf_counter() - begun


def _lines(url: str, prompt: tuple[Message, ...]) -> Generator[str, None, None]:
    """Of a streamed answer."""
    messages = [{"role": message.role, "content": message.content} for message in prompt]
    asked = {"model": "scripted", "messages": messages, "stream": True}
    with (
        httpx.Client(trust_env=False) as http,
        http.stream("POST", f"{url}/chat/completions", json=asked) as response,
    ):
        yield from response.iter_lines()


def _content(line: str) -> str:
    return json.loads(line.removeprefix("data: "))["choices"][0]["delta"].get("content") or ""


def _given_up(pipeline: Pipeline) -> float:
    begun = time.perf_counter()
    answer = pipeline.ask(Query("How much shorter do capsule prompts get?")).answer
    if answer.fallback is None:
        raise RuntimeError(f"The model was to fail, and answered {answer.text!r}")
    return time.perf_counter() - begun


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])
