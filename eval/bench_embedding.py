"""What an embedding behind an endpoint is paid: each text once, however often it is killed. Asked is a script."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from math import inf
from pathlib import Path
from statistics import median
from threading import Event

import numpy as np

from eval.bench_papers import SIZES, sample, shipped
from eval.figure import Figure
from eval.replies import Body, Reply
from eval.scripted import Server, scripted
from ingest.add import embed, ingest
from rag.encoder import BundledEncoder
from rag.library import Library

KILLS = 2
LIMIT = 4  # requests, of which the last is one too many
TOO_OFTEN = Reply(("slow down",), status=429, headers={"Retry-After": "1"})
COMMAND = "from ui.cli import main; main()"
START = 300  # seconds until a killed process has come to where it is to be killed


class Host:
    """Limits the rate, and counts what it is to be paid for; its callers are killed while they wait for it."""

    def __init__(self, texts: int) -> None:
        self.paid: list[str] = []
        self.requests, self.limited, self.is_waited_for = 0, 0, Event()
        self._silences = [texts * part // (KILLS + 1) for part in range(1, KILLS + 1)]

    def __call__(self, body: Body) -> Reply:
        """A script."""
        self.requests += 1
        if self.requests % LIMIT == 0:
            self.limited += 1
            return TOO_OFTEN
        if self._silences and len(self.paid) >= self._silences[0]:
            self._silences.pop(0)
            self.is_waited_for.set()
            return Reply(before=inf)
        self.paid += body["input"]
        return Reply()


class Counting(BundledEncoder):
    """Counts the texts that it makes vectors of."""

    made: int = 0

    def vectors(self, texts: Sequence[str]) -> np.ndarray:
        """As ever."""
        self.made += len(texts)
        return super().vectors(texts)


def embedding_figures(folder: Path, papers: Path | None, repeats: int) -> Iterator[Figure]:
    """Seconds of `askpapers embed`, killed twice and run again, and what was paid for by then; then back again."""
    library = _library(folder, papers)
    runs = [_embedded(library) for _ in range(repeats)]  # each by a server, and so by a fingerprint, of its own
    what = f"embed of {library.count('passage'):,} passages of {len(library):,} papers, killed {KILLS} times"
    waits = median(host.limited for _, host in runs)
    yield Figure(what, median(seconds for seconds, _ in runs), "s", "asked to wait by the limit of its rate", waits)
    paid = [text for _, host in runs for text in host.paid]
    distinct = sum(len({*host.paid}) for _, host in runs)
    yield Figure("  texts that were paid for", len(paid), "texts", "distinct ones", distinct, "ratio 1")
    encoder = Counting()
    embed(library, encoder, ("passage", "sentence"))
    yield Figure("  embedded on the way back to the bundled encoder", encoder.made, "texts", aim="0")


def _library(folder: Path, papers: Path | None) -> Library:
    if papers is None:
        return shipped(folder)
    library = Library(folder / "embedding")
    ingest(library, [sample(folder, papers, SIZES[1])], BundledEncoder())
    return library


def _embedded(library: Library) -> tuple[float, Host]:
    """Raises CalledProcessError where the last run fails."""
    host, begun = Host(library.count("passage")), time.perf_counter()
    with scripted(embeddings=host) as server:
        for _ in range(KILLS):
            _kill_at_work(_command(library, server), host)
        _command(library, server).wait()
    seconds = time.perf_counter() - begun
    if library.lacks("passage", f"local/scripted@{server.url.partition('://')[2]}"):
        raise RuntimeError("The last run of `askpapers embed` left passages without their vectors.")
    return seconds, host


def _command(library: Library, server: Server) -> subprocess.Popen[bytes]:
    own = {"ASKPAPERS_EMBEDDING": "local/scripted", "ASKPAPERS_EMBEDDING_BASE_URL": server.url}
    call = [sys.executable, "-c", COMMAND, "embed", "--library", str(library.folder)]
    return subprocess.Popen(call, env=os.environ | own, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _kill_at_work(process: subprocess.Popen[bytes], host: Host) -> None:
    """Half-way, while it waits for a request's vectors."""
    if not host.is_waited_for.wait(START):
        raise RuntimeError("`askpapers embed` did not come to where it was to be killed.")
    host.is_waited_for.clear()
    process.kill()
    process.wait()
