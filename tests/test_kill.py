"""F11: killed at any moment, the next run reaches exactly the state of a run that nobody disturbed."""

from __future__ import annotations

import json
import multiprocessing
import random
import sys
import time
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from ingest.add import ingest
from rag.config import Settings
from rag.encoder import BundledEncoder
from rag.library import Library
from rag.retrieve import HybridRetriever

TRIALS = 20
PAPERS = 40  # three batches
QUESTIONS = ("How long does loaf 7 rest?", "bubbles in the crumb", "bread number 33", "What is an oven?")
CONTEXT = multiprocessing.get_context("forkserver")  # its children need not import everything again
CONTEXT.set_forkserver_preload(["ingest.add", "rag.index"])


def add(folder: Path, papers: Path, told: Connection) -> None:
    """What the process does that is killed."""
    encoder = BundledEncoder()
    encoder.vector("the model is loaded")
    library = Library(folder)
    told.send(("started", 0))
    ingest(library, [papers], encoder, lambda what, done, total: told.send((what, done)))
    told.send(("done", 0))


@pytest.fixture(scope="module")
def papers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("kill") / "bread.jsonl"
    lines = (
        {
            "title": f"Bread number {n}",
            "abstract": f"Loaf {n} rests for {n + 2} hours. Its crumb holds {n * 3} bubbles.",
        }
        for n in range(PAPERS)
    )
    file.write_text("\n".join(map(json.dumps, lines)))
    return file


@pytest.fixture(autouse=True)
def _a_bare_main_module(monkeypatch: pytest.MonkeyPatch) -> None:
    """Children run the main module first: that may be a page of the window, which another test left there."""
    monkeypatch.setitem(sys.modules, "__main__", ModuleType("__main__"))


def start(folder: Path, papers: Path) -> tuple[BaseProcess, Connection]:
    """A process that adds them, and what it tells; it is about to begin."""
    hears, tells = CONTEXT.Pipe(duplex=False)
    process = CONTEXT.Process(target=add, args=(folder, papers, tells))
    process.start()
    tells.close()
    assert hears.recv() == ("started", 0)
    return process, hears


def heard(told: Connection) -> list[tuple[str, int]]:
    """All that it told to the end."""
    found = []
    with suppress(EOFError):
        while True:
            found.append(told.recv())
    return found


def state(folder: Path, encoder: BundledEncoder) -> dict[str, Any]:
    """All that the library holds, and what its index answers."""
    library = Library(folder)
    retriever = HybridRetriever(library, encoder, Settings())
    tables = {
        "papers": "SELECT * FROM papers ORDER BY seq",
        "chunks": "SELECT * FROM chunks ORDER BY id",
        "vectors": "SELECT * FROM vectors ORDER BY fingerprint, digest",
        "facts": "SELECT * FROM facts WHERE key <> 'stamp' ORDER BY key",
    }
    with library.reading() as db:
        held = {name: db.execute(question).fetchall() for name, question in tables.items()}
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    return held | {question: retriever.search(question) for question in QUESTIONS}


@pytest.mark.kill
def test_f11_killed_at_random_points_running_again_reaches_the_state_of_a_clean_run(
    papers: Path, encoder: BundledEncoder, tmp_path: Path
) -> None:
    clean, told = start(tmp_path / "clean", papers)
    begun = time.perf_counter()
    assert ("done", 0) in heard(told)
    clean.join()
    life = time.perf_counter() - begun
    wanted = state(tmp_path / "clean", encoder)
    assert len(wanted["papers"]) == PAPERS
    moments = random.Random(11)
    cut_short = 0
    for trial in range(TRIALS):
        folder = tmp_path / str(trial)
        process, told = start(folder, papers)
        time.sleep(moments.uniform(0, life))
        process.kill()
        said = heard(told)
        process.join()
        done = [count for what, count in said if what == "bread.jsonl"]
        library = Library(folder)
        assert len(library) >= max(done, default=0), "what was said to be done is there"
        if ("done", 0) in said:  # the machine is quicker by now
            life *= 0.8
        else:
            cut_short += 1
        if len(library) and trial % 2:  # a question in between
            assert HybridRetriever(library, encoder, Settings()).search(QUESTIONS[0])
        ingest(library, [papers], encoder)
        assert state(folder, encoder) == wanted, f"trial {trial}, after {said}"
        assert not list(folder.glob("index/.building"))
    assert cut_short > TRIALS / 2
