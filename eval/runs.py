"""The runs that lie in a folder, newest first, without trusting a file of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from eval.metrics import Case
from eval.questions import Question
from eval.results import FILE, Result, read_results
from eval.run import QUESTIONS, RECORD, SUMMARY, read_run
from eval.summary import Summary, read_summary
from rag.errors import CallerMistake

FOLDER = "runs"  # beside the library's file


@dataclass(frozen=True, slots=True)
class Found:
    """A run's folder, and its figures; where there are none, `trouble` says why and what to do."""

    folder: Path
    started: str  # ISO 8601; empty where it can't be read
    model: str
    summary: Summary | None
    trouble: str = ""

    @property
    def name(self) -> str:
        """Of its folder; what can't be shown of it is replaced."""
        return _shown(self.folder.name)


def runs_in(folder: Path) -> list[Found]:
    """Every folder in it that holds a run, or something of one; newest first. Raises CallerMistake."""
    try:
        found = [
            _found(one) for one in folder.iterdir() if any((one / name).exists() for name in (RECORD, SUMMARY, FILE))
        ]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise CallerMistake(f"{folder} can't be read: {error.strerror}.") from None
    return sorted(found, key=lambda run: (run.started, run.name), reverse=True)


def _found(folder: Path) -> Found:
    try:
        summary = checked_summary(folder)
        return Found(folder, summary.get("times", {}).get("started", ""), summary["run"]["model"], summary)
    except CallerMistake as error:
        return _without_figures(folder, _shown(str(error)))


def _without_figures(folder: Path, trouble: str) -> Found:
    try:
        run = read_run(folder)
        started, model = map(_shown, (run.started, run.record["model"]))
        of = len(run.questions) * int(run.record["repeat"])
    except (CallerMistake, KeyError, TypeError, ValueError):
        return Found(folder, "", "", None, trouble)
    if not (folder / SUMMARY).exists():
        done = _lines(folder / FILE)
        trouble = _shown(f"{done:,} of {of:,} answered. Stopped? The same command with --out {folder} goes on.")
    return Found(folder, started, model, None, trouble)


def _shown(text: object) -> str:
    return str(text).encode("utf-8", "replace").decode()  # names of files and JSON can hold lone surrogates


def _lines(file: Path) -> int:
    try:
        with file.open("rb") as lines:
            return sum(1 for line in lines if line.strip())
    except OSError:
        return 0


@dataclass(frozen=True)
class Contents:
    """A run's questions, and its answers as far as they can be read."""

    questions: Mapping[str, Question]
    results: Mapping[tuple[str, int], Result]
    unreadable: int

    @property
    def cases(self) -> list[Case]:
        """Without abstracts: what there is to look at, in the order of the questions."""
        asked = {key: place for place, key in enumerate(self.questions)}
        known = sorted((result for result in self.results.values() if result.id in asked), key=lambda r: asked[r.id])
        return [Case(self.questions[result.id], result) for result in known]


def contents(folder: Path) -> Contents:
    """What a run's folder holds. Raises CallerMistake."""
    return _contents(folder, *(state(folder / name) for name in (RECORD, QUESTIONS, FILE)))


def state(file: Path) -> tuple[int, int]:
    """What tells that a file was written anew: when it was changed (ns), and its size; zeros where there is none."""
    try:
        state = file.stat()
    except OSError:
        return 0, 0
    return state.st_mtime_ns, state.st_size


@lru_cache(maxsize=4)
def _contents(folder: Path, *states: tuple[int, int]) -> Contents:
    """Read once for as long as the files stay as they are."""
    questions = {question.id: question for question in read_run(folder).questions}
    return Contents(questions, *read_results(folder))


def checked_summary(folder: Path) -> Summary:
    """A run's summary, as `read_summary` gives it. Raises CallerMistake."""
    file = folder / SUMMARY
    return _checked(file, *state(file))


@lru_cache(maxsize=200)
def _checked(file: Path, changed: int, size: int) -> Summary:
    """Read once for as long as the file stays as it is."""
    return read_summary(file)
