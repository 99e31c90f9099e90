"""The shipped questions through a real server, llama.cpp's own: its tiny model talks nonsense, and none may fail."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path

from eval.bench_papers import shipped
from eval.figure import Figure
from eval.judge import UNSCORED, load_judge, tasks
from eval.llama_cpp import llama
from eval.metrics import Case
from eval.questions import SHIPPED, chosen, read_sets
from eval.run import ask, case_of, opened
from rag.config import Settings, load_settings
from rag.encoder import BundledEncoder
from rag.library import Library
from rag.pipeline import Pipeline

CONTEXT = 16_384  # tokens, of a byte each
MOST = 64  # tokens of an answer, and of a vote
QUESTIONS: int | None = None  # None: all
JUDGED = 20  # answers that are judged, too
NEEDED = ("xllamacpp", "gguf")


def llama_figures(folder: Path, papers: Path | None, repeats: int) -> Iterator[Figure]:
    """One run, whatever `repeats` says. Nothing but a line on stderr where there is no llama.cpp."""
    if missing := [name for name in NEEDED if find_spec(name) is None]:
        print(f"llama: left out, {missing[0]} is not installed. pip install -e '.[test]'", file=sys.stderr)
        return
    library = shipped(folder)
    with llama(CONTEXT) as server:
        settings = load_settings(llm="local/tiny", llm_base_url=f"{server.url}/v1", llm_max_tokens=MOST)
        begun = time.perf_counter()
        cases = _asked(library, settings)
        yield from _of_answers(cases, (time.perf_counter() - begun) / 60)
        yield from _of_votes([case for case in cases if case.answered], settings)


def _asked(library: Library, settings: Settings) -> list[Case]:
    questions = chosen(read_sets(SHIPPED), limit=QUESTIONS)
    with opened(library, questions, lambda one: Pipeline(one, BundledEncoder(), settings)) as pipelines:
        return [case_of(one, ask(pipelines[one.extra], one), pipelines) for one in questions]


def _of_answers(cases: Sequence[Case], minutes: float) -> Iterator[Figure]:
    status = Counter(case.result.status for case in cases)
    yield Figure(f"{len(cases)} questions through llama.cpp's server", len(cases) / minutes, "questions/min")
    yield Figure("  answered", status["answered"], "")
    yield Figure("  met with “the papers don't say”", status["abstained"], "")
    yield Figure("  failed", status["failed"], "", aim="0")
    fell_back = sum(case.result.fallback is not None for case in cases)
    yield Figure("  fell back on the papers' own sentences, as the model talks nonsense", fell_back, "")


def _of_votes(cases: Sequence[Case], settings: Settings) -> Iterator[Figure]:
    """A judge that talks nonsense leaves all unscored, and ends."""
    judge, sample = load_judge(settings), cases[:: max(1, len(cases) // JUDGED)][:JUDGED]
    grades = [judge.grade(task, {}) for case in sample for task in tasks(case)]
    yield Figure(f"  votes on {len(sample)} of the answers", len(grades), "")
    yield Figure("  unscored, as the judge talks nonsense", sum(grade.verdict == UNSCORED for grade in grades), "")
