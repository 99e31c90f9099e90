"""F11: killed at any moment, the next run reaches exactly the state of a run that nobody disturbed."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from pathlib import Path
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
ADD = """
import sys
from pathlib import Path
from ingest.add import ingest
from rag.encoder import BundledEncoder
from rag.library import Library
library, encoder = Library(Path(sys.argv[1])), BundledEncoder()
encoder.vector("the model is loaded")
print("started", flush=True)
ingest(library, [Path(sys.argv[2])], encoder, lambda what, done, total: print(what, done, flush=True))
print("done", flush=True)
"""


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


def start(folder: Path, papers: Path) -> subprocess.Popen[str]:
    """A process that adds them; it has said that it is about to begin."""
    command = [sys.executable, "-c", ADD, str(folder), str(papers)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    assert process.stdout.readline() == "started\n"
    return process


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
    with library._reading() as db:
        held = {name: db.execute(question).fetchall() for name, question in tables.items()}
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    return held | {question: retriever.search(question) for question in QUESTIONS}


@pytest.mark.kill
def test_f11_killed_at_random_points_running_again_reaches_the_state_of_a_clean_run(
    papers: Path, encoder: BundledEncoder, tmp_path: Path
) -> None:
    clean = start(tmp_path / "clean", papers)
    begun = time.perf_counter()
    assert clean.wait() == 0
    life = time.perf_counter() - begun
    wanted = state(tmp_path / "clean", encoder)
    assert len(wanted["papers"]) == PAPERS
    moments = random.Random(11)
    cut_short = 0
    for trial in range(TRIALS):
        folder = tmp_path / str(trial)
        process = start(folder, papers)
        time.sleep(moments.uniform(0, life))
        process.kill()
        said = process.communicate()[0].split("\n")
        told = [int(line.split()[-1]) for line in said if line.startswith("bread.jsonl ")]
        library = Library(folder)
        assert len(library) >= max(told, default=0), "what was said to be done is there"
        cut_short += "done" not in said
        if len(library) and trial % 2:  # a question in between
            assert HybridRetriever(library, encoder, Settings()).search(QUESTIONS[0])
        ingest(library, [papers], encoder)
        assert state(folder, encoder) == wanted, f"trial {trial}, after {told}"
        assert not list(folder.glob("index/.building"))
    assert cut_short > TRIALS / 2
