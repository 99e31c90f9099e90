"""The shipped questions through a real server, llama.cpp's own: its tiny model talks nonsense, and none may fail."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from eval.bench_papers import shipped
from eval.figure import Figure
from eval.llama_cpp import Llama, llama

CONTEXT = 16_384  # tokens, of a byte each
MOST = 64  # tokens of an answer
QUESTIONS: int | None = None  # None: all
JUDGED = 20  # questions of which the answers are judged, too
NEEDED = ("xllamacpp", "gguf")
COMMAND = "from ui.cli import main; main()"


def llama_figures(folder: Path, papers: Path | None, repeats: int) -> Iterator[Figure]:
    """One run, whatever `repeats` says. Nothing but a line on stderr where there is no llama.cpp."""
    if missing := [name for name in NEEDED if find_spec(name) is None]:
        print(f"llama: left out, {missing[0]} is not installed. pip install -e '.[test]'", file=sys.stderr)
        return
    home = shipped(folder).folder
    with llama(CONTEXT) as server:
        begun = time.perf_counter()
        summary = _run(server, home, folder / "llama", QUESTIONS)
        minutes = (time.perf_counter() - begun) / 60
        judged = _run(server, home, folder / "llama-judged", JUDGED, "--judge")["judge"]
    yield from _of_run(summary, minutes)
    yield from _of_judge(judged)


def _of_run(summary: dict[str, Any], minutes: float) -> Iterator[Figure]:
    status = summary["status"]
    asked = sum(status.values())
    yield Figure(f"{asked} questions through llama.cpp's server", asked / minutes, "questions/min")
    yield Figure("  answered", status["answered"], "", "met with “the papers don't say”", status["abstained"])
    yield Figure("  failed", status["failed"], "", aim="0")
    yield Figure("  fell back on the papers' own sentences, as what it wrote was nonsense", summary["fallbacks"], "")


def _of_judge(judged: dict[str, Any]) -> Iterator[Figure]:
    verdicts = judged["verdicts"]
    votes = sum(verdicts.values())
    yield Figure(f"votes on {JUDGED} answers", votes, "", "that could not be read", verdicts.get("unscored", 0))


def _run(server: Llama, home: Path, out: Path, limit: int | None, *options: str) -> dict[str, Any]:
    """The summary of `askpapers eval run`. Raises CalledProcessError where that can't run at all."""
    model = {"LLM": "local/tiny", "LLM_BASE_URL": f"{server.url}/v1", "LLM_MAX_TOKENS": str(MOST)}
    call = [sys.executable, "-c", COMMAND, "eval", "run", "--library", str(home), "--out", str(out), *options]
    call += [] if limit is None else ["--limit", str(limit)]
    environment = os.environ | {f"ASKPAPERS_{name}": value for name, value in model.items()}
    ended = subprocess.run(call, env=environment, capture_output=True, check=False)
    if ended.returncode > 1:  # 1: an answer failed, and is counted
        raise subprocess.CalledProcessError(ended.returncode, call, ended.stdout, ended.stderr)
    return dict(json.loads((out / "summary.json").read_text(encoding="utf-8")))
