"""What a model costs beyond itself: time to the first word, and until one that fails is given up. Asked is a script."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from statistics import median, quantiles

import httpx

from eval.figure import Figure
from eval.replies import Reply, Script, good
from eval.scripted import scripted
from ingest.add import SHIPPED, ingest
from rag.config import load_settings
from rag.encoder import BundledEncoder
from rag.library import Library
from rag.pipeline import Pipeline
from rag.types import Answer, Message, Query

QUESTION = "How much do we need {title} today?"
PATIENCE = 2.0  # seconds that a model is waited for, as ASKPAPERS_LLM_TIMEOUT
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
        yield Figure(f"given up: {what} ({requests:.0f} requests)", seconds, "s")
    seconds = median(_given_up(_pipeline(library, f"http://127.0.0.1:{_free_port()}/v1")) for _ in range(repeats))
    yield Figure("given up: connection refused", seconds, "s")


def shipped(folder: Path) -> Library:
    """The shipped papers in a library of this folder; made once."""
    library = Library(folder / "shipped")
    ingest(library, [SHIPPED], BundledEncoder())
    return library


def _pipeline(library: Library, url: str) -> Pipeline:
    settings = load_settings(llm="local/scripted", llm_base_url=url, llm_timeout=PATIENCE)
    return Pipeline(library, BundledEncoder(), settings)


def _first_word(pipeline: Pipeline, question: str) -> tuple[float, Answer]:
    begun = time.perf_counter()
    stream = pipeline.ask(Query(question))
    next(piece for piece in stream if piece)
    return 1000 * (time.perf_counter() - begun), stream.answer


def _bare(url: str, prompt: tuple[Message, ...]) -> float:
    """Milliseconds to the first content, by nothing but HTTP."""
    messages = [{"role": message.role, "content": message.content} for message in prompt]
    begun = time.perf_counter()
    with (
        httpx.Client(trust_env=False) as http,
        http.stream(
            "POST", f"{url}/chat/completions", json={"model": "scripted", "messages": messages, "stream": True}
        ) as response,
    ):
        next(line for line in response.iter_lines() if line.startswith("data: {") and _content(line))
        return 1000 * (time.perf_counter() - begun)


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
