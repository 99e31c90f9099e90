"""Answers questions by the pipeline that the user gets, a line an answer, so that a run may stop and go on."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import ValidationError

from eval.metrics import Case, found_first
from eval.questions import Question, read_questions
from eval.record import Record, differing
from eval.results import FILE, Result, line_of, read_results, result_of, rewrite
from ingest.add import embed, ingest
from rag.encoder import BundledEncoder, Encoder
from rag.errors import AskpapersError, CallerMistake, UnknownPaper
from rag.forms import answer_json
from rag.held import HeldByAnother, held, is_held
from rag.library import Library
from rag.pipeline import Pipeline, settled
from rag.schema import FILE as LIBRARY
from rag.types import Answer

RECORD, QUESTIONS, PREVIOUS = "run.json", "questions.jsonl", "results.previous.jsonl"
SUMMARY, PAGE, MARKDOWN = "summary.json", "report.html", "report.md"

Key = tuple[str, int]  # a question's id, and which of its repeats
Pipelines = Mapping[Path | None, Pipeline]  # by the file of papers that were added for its questions
Watch = Callable[[Case, int, int], None]  # the newest, done, of how many


@dataclass(frozen=True, slots=True)
class How:
    """The manner of asking: how often, how many at a time, and what of an earlier run is kept."""

    repeat: int = 1
    jobs: int = 1
    resume: bool = False
    retry_failed: bool = False


ONCE = How()


@dataclass(frozen=True, slots=True)
class Run:
    """A folder that holds a run, or will."""

    folder: Path
    questions: tuple[Question, ...]
    record: Record
    started: str

    @property
    def keys(self) -> list[Key]:
        """Everything that is asked, each question once before any is repeated."""
        repeats = range(1, self.record["repeat"] + 1)
        return [(question.id, repeat) for repeat in repeats for question in self.questions]


def read_run(folder: Path) -> Run:
    """Raises CallerMistake where the folder holds no run."""
    try:
        record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        return Run(folder, read_questions(folder / QUESTIONS), record["run"], record["started"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        raise CallerMistake(f"{folder} holds no run. Make one: askpapers eval run --out {folder}") from None


def begin(folder: Path, questions: tuple[Question, ...], record: Record, how: How = ONCE) -> Run:
    """Makes the folder ready: a run of the same record that was cut short, or is to be resumed, goes on.

    A finished one of the same record is made afresh, its answers kept aside. A line that can't be read is asked again.
    Raises CallerMistake where the folder holds another run; OSError.
    """
    old = read_run(folder) if (folder / RECORD).exists() else None
    if old and (changed := differing(old.record, record)):
        what = ", ".join(changed)
        raise CallerMistake(f"{folder} holds a run that differs in: {what}. Give another --out, or delete it.")
    if old is None or ((folder / SUMMARY).exists() and not (how.resume or how.retry_failed)):
        return _afresh(folder, questions, record)
    _forget_figures(folder)
    found, _ = read_results(folder)
    rewrite(folder, [one for one in found.values() if not (how.retry_failed and one.lacks_its_model)])
    return Run(folder, questions, old.record, old.started)


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Keeps a second process out of a run's folder. Raises CallerMistake, naming the first, and OSError."""
    if folder.exists() and not folder.is_dir():
        raise CallerMistake(f"{folder} is a file. Give --out a folder.")
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        try:
            stack.enter_context(held(folder, "run", wait=0))
        except HeldByAnother as pid:
            raise CallerMistake(
                f"Process {pid} is at the run in {folder}. Wait for it, or give another --out."
            ) from None
        yield


def unfinished(runs: Path, record: Record) -> Path | None:
    """The newest folder in `runs` with a run of that record that was cut short, and that no process is at."""
    cut = [file.parent for file in runs.glob(f"*/{RECORD}") if not (file.parent / SUMMARY).exists()]
    found = [run for folder in cut if (run := _readable(folder)) and not differing(run.record, record)]
    free = [run for run in found if not is_held(run.folder, "run")]
    return max(free, key=lambda run: run.started).folder if free else None


def _readable(folder: Path) -> Run | None:
    try:
        return read_run(folder)
    except CallerMistake:
        return None


def _forget_figures(folder: Path) -> None:
    """They are no longer of the answers beside them."""
    for name in (SUMMARY, PAGE, MARKDOWN):
        (folder / name).unlink(missing_ok=True)


def _afresh(folder: Path, questions: tuple[Question, ...], record: Record) -> Run:
    folder.mkdir(parents=True, exist_ok=True)
    _forget_figures(folder)
    if (folder / FILE).exists():
        (folder / FILE).replace(folder / PREVIOUS)
    started = datetime.now(UTC).isoformat(timespec="seconds")
    (folder / FILE).touch()
    lines = (json.dumps(question.as_json(), ensure_ascii=False) + "\n" for question in questions)
    (folder / QUESTIONS).write_text("".join(lines), encoding="utf-8")
    (folder / RECORD).write_text(json.dumps({"started": started, "run": record}, indent=1), encoding="utf-8")
    return Run(folder, questions, record, started)


def kept(run: Run, pipelines: Pipelines) -> list[Case]:
    """What an earlier start has answered already."""
    found, _ = read_results(run.folder)
    questions = {question.id: question for question in run.questions}
    return [case_of(questions[key[0]], found[key], pipelines) for key in run.keys if key in found]


def answer(run: Run, pipelines: Pipelines, jobs: int = 1, watch: Watch | None = None) -> list[Case]:
    """Asks what has no answer yet, `jobs` at a time; a case for every question and repeat, in their order."""
    found, _ = read_results(run.folder)
    questions = {question.id: question for question in run.questions}
    missing = [key for key in run.keys if key not in found]
    with (run.folder / FILE).open("a", encoding="utf-8") as file:
        asked = _ask_all([(questions[key[0]], key[1]) for key in missing], pipelines, jobs)
        for done, result in enumerate(asked, start=len(run.keys) - len(missing) + 1):
            file.write(line_of(result))
            file.flush()
            found[result.key] = result
            if watch:
                watch(case_of(questions[result.id], result, pipelines), done, len(run.keys))
    return [case_of(questions[key[0]], found[key], pipelines) for key in run.keys]


def _ask_all(tasks: Iterable[tuple[Question, int]], pipelines: Pipelines, jobs: int) -> Iterator[Result]:
    """As they are done; when the reader stops, what was not begun never is."""
    with ThreadPoolExecutor(jobs, thread_name_prefix="question") as crowd:
        waiting = [crowd.submit(ask, pipelines[question.extra], question, repeat) for question, repeat in tasks]
        try:
            for future in as_completed(waiting):
                yield future.result()
        finally:
            crowd.shutdown(wait=False, cancel_futures=True)


def ask(pipeline: Pipeline, question: Question, repeat: int = 1) -> Result:
    """The answer to one question; whatever goes wrong with it is a `failed` one, and the run goes on."""
    try:
        found = settled(question.query, lambda: pipeline.ask(question.query).answer)
        return result_of(answer_json(found, question.id), repeat)
    except ValidationError as error:
        reason = f"The answer has not the form that was promised: {error.errors()[0]['loc']}"
    except Exception as error:  # a fault of the product's is one question's failure, and is counted
        reason = f"{type(error).__name__}: {error}"
    failed = Answer(question.text, question.text, "failed", "", reason=reason)
    return result_of(answer_json(failed, question.id), repeat)


def case_of(question: Question, result: Result, pipelines: Pipelines) -> Case:
    """With the abstracts that the library has for what is cited and what was found first."""
    library = pipelines[question.extra].library
    papers = {citation.paper.id for citation in result.citations} | {near.paper_id for near in found_first(result)}
    found = {key: _abstract(library, key) for key in papers}
    return Case(question, result, {key: abstract for key, abstract in found.items() if abstract is not None})


def _abstract(library: Library, key: str) -> str | None:
    try:
        paper = library.paper(key)
    except UnknownPaper:
        return None
    return paper.abstract if paper.id == key else None


@contextmanager
def written_to(folder: Path) -> Iterator[None]:
    """Says in a line what keeps a run from being written. Raises AskpapersError."""
    try:
        yield
    except OSError as error:
        raise AskpapersError(
            f"{error.filename or folder} can't be written: {error.strerror}. Mend that, then run it again to go on."
        ) from error


@contextmanager
def opened(
    library: Library,
    questions: Iterable[Question],
    open_: Callable[[Library], Pipeline],
    embedding: Encoder | None = None,
) -> Iterator[Pipelines]:
    """A pipeline over the library, and one over a copy of it for every file of papers that questions bring along.

    `embedding`: the one beside the bundled encoder, if one is configured.
    """
    with ExitStack() as stack:
        pipelines: dict[Path | None, Pipeline] = {None: open_(library)}
        for extra in sorted({question.extra for question in questions if question.extra}):
            folder = Path(stack.enter_context(TemporaryDirectory(prefix="askpapers-eval-")))
            pipelines[extra] = open_(_copy(library, folder, extra, embedding))
        yield pipelines


def _copy(library: Library, folder: Path, extra: Path, embedding: Encoder | None) -> Library:
    """The library with more papers in it; its index comes along, so that only these are embedded."""
    with (
        closing(sqlite3.connect(library.folder / LIBRARY)) as source,
        closing(sqlite3.connect(folder / LIBRARY)) as target,
    ):
        source.backup(target)
    if (library.folder / "index").is_dir():
        shutil.copytree(library.folder / "index", folder / "index", ignore=shutil.ignore_patterns("*.lock"))
    copy = Library(folder)
    (summary,) = ingest(copy, [extra], BundledEncoder())
    if summary.refused:
        refusal = summary.refused[0]
        raise CallerMistake(f"{extra}, {refusal.where or 'as a whole'}: {refusal.reason}")
    if embedding:
        embed(copy, embedding, ("passage",))
    return copy
