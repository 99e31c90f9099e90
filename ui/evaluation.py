"""The evaluation's commands: askpapers eval ..., and python -m eval. Everything heavy is imported by the command."""

from __future__ import annotations

import json
import re
import sys
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rag.errors import CallerMistake

if TYPE_CHECKING:
    from eval.judge import Judge
    from eval.questions import Question
    from eval.record import Record
    from eval.results import Result
    from eval.run import How, Pipelines
    from eval.summary import Summary
    from rag.config import Settings
    from rag.library import Library
    from rag.pipeline import Pipeline

REGRESSION = 100  # exit code of a gate that does not let a run pass

app = typer.Typer(
    help="Knows what a change did: answers question sets by the product's own pipeline, measures, compares.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Home = Annotated[
    Path | None, typer.Option("--library", metavar="DIR", help="Folder of another library; never filled unasked.")
]
Llm = Annotated[str | None, typer.Option("--llm", metavar="SPEC", help="Who writes the answers.")]
Folder = Annotated[Path, typer.Argument(metavar="RUN", help="A run's folder, or its name in runs/.")]


@app.command(epilog="Example: askpapers eval run --questions mine.jsonl --out runs/mine")
def run(
    questions: Annotated[
        list[Path] | None,
        typer.Option(metavar="PATH", help="Question file, or folder of them; may be repeated. Default: the shipped."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Where the run goes. Default: runs/DATE-MODEL by the library."),
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many questions, spread evenly.")] = None,
    tag: Annotated[str | None, typer.Option(help="Only questions with this tag.")] = None,
    split: Annotated[str | None, typer.Option(help="Only this split: dev or test.")] = None,
    repeat: Annotated[int, typer.Option(min=1, help="Ask everything so many times, and measure stability.")] = 1,
    jobs: Annotated[int, typer.Option(min=1, max=64, help="Questions at a time.")] = 1,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run in --out, or refuse.")] = False,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Resume; ask again what failed or fell back.")
    ] = False,
    judge: Annotated[
        bool, typer.Option("--judge", help="Have a model grade the answers, too: ASKPAPERS_LLM's, else that of --llm.")
    ] = False,
    library: Home = None,
    llm: Llm = None,
) -> int:
    """Answers a question set; writes results.jsonl, summary.json, report.md and report.html.

    Run again, it goes on where it was stopped. Exit code 1 when an answer failed.
    """
    from eval.questions import SHIPPED, chosen, read_sets
    from eval.run import How
    from rag.config import load_settings
    from ui.evaluation_terminal import print_summary

    if (resume or retry_failed) and out is None:
        raise CallerMistake("Which run is to be resumed? Name its folder with --out.")
    asked = chosen(read_sets(questions or SHIPPED), tag, split, limit)
    settings = load_settings(home=library, llm=llm, llm_parallel=jobs)  # who asks so many at a time, means it
    grader = _judge(library, settings) if judge else None
    folder, summary = _run(out, asked, settings, library is None, How(repeat, jobs, resume, retry_failed), grader)
    print_summary(summary)
    print(f"\n{folder / 'report.html'} shows every question.")
    return int(summary["status"]["failed"] > 0)


def _folder(settings: Settings, made_of: Record) -> Path:
    """Of the newest run of this record that was cut short, else a new one: when, and which model."""
    from eval.run import unfinished
    from eval.runs import FOLDER

    runs = settings.library / FOLDER
    if cut := unfinished(runs, made_of):
        print(f"Goes on with {cut}.", file=sys.stderr)
        return cut
    now = f"{datetime.now().astimezone():%Y-%m-%d-%H%M%S}-{re.sub(r'[^A-Za-z0-9.]+', '-', settings.llm)}"
    return next(one for n in count(1) if not (one := runs / (now if n == 1 else f"{now}-{n}")).exists())


def _judge(library: Path | None, settings: Settings) -> Judge:
    """The model that is configured, also where another writes or none."""
    from eval.judge import load_judge
    from rag.config import load_settings

    configured = load_settings(home=library)
    return load_judge(settings if configured.llm == "extractive" else configured)


def _run(
    out: Path | None,
    questions: tuple[Question, ...],
    settings: Settings,
    ship: bool,
    how: How,
    judge: Judge | None = None,
) -> tuple[Path, Summary]:
    """Where the run is, and its figures; nothing is written before the model's settings are found to be whole."""
    from eval.record import record
    from eval.run import opened, written_to
    from rag.config import EMBEDDED
    from rag.encoder import BundledEncoder
    from rag.models import load_embedding
    from ui.opening import open_library, open_pipeline
    from ui.terminal import progress

    with progress() as step:
        library = open_library(settings, ship, step)
    embedding = load_embedding(settings)
    made_of = record(settings, library, (embedding or BundledEncoder()).fingerprint, questions, how.repeat)
    here = settings.model_copy(update={"chroma": EMBEDDED})  # a copy leaves nothing on a server

    def open_(one: Library) -> Pipeline:
        return open_pipeline(one, settings if one is library else here)

    with opened(library, questions, open_, embedding) as pipelines:
        folder = out or _folder(settings, made_of)
        with written_to(folder):
            return folder, _asked(folder, questions, made_of, how, pipelines, judge)


def _asked(
    folder: Path,
    questions: tuple[Question, ...],
    made_of: Record,
    how: How,
    pipelines: Pipelines,
    judge: Judge | None,
) -> Summary:
    from eval.agreement import judged
    from eval.gold import warnings
    from eval.judge import grade_all
    from eval.report import write_reports
    from eval.run import alone, answer, begin, kept
    from eval.summary import summarise
    from ui.evaluation_terminal import watching
    from ui.terminal import printable, progress

    with alone(folder):
        begun = begin(folder, questions, made_of, how)
        for line in warnings(questions, {extra: one.library for extra, one in pipelines.items()}):
            print(printable(f"askpapers: {line}"), file=sys.stderr)
        with watching(kept(begun, pipelines)) as watch:
            cases = answer(begun, pipelines, how.jobs, watch)
        summary, grades = summarise(begun, cases), []
        if judge:
            with progress() as step:
                grades = grade_all(folder, cases, judge, step)
            summary["judge"] = judged(cases, grades, judge.model.name)
        write_reports(folder, summary, cases, grades)
    return summary


def _run_in(run: Path, library: Path | None) -> Path:
    """As it is named, or of that name among the library's runs."""
    from eval.runs import FOLDER
    from rag.config import load_settings

    kept = load_settings(home=library).library / FOLDER / run
    return kept if kept.exists() and not run.exists() else run


@app.command(epilog="Example: askpapers eval compare runs/before runs/after --html compare.html")
def compare(
    first: Annotated[Path, typer.Argument(metavar="A", help="A run's folder, its name in runs/, or a baseline.")],
    second: Annotated[Path, typer.Argument(metavar="B", help="Another's, over the same questions.")],
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a page of it, too.")] = None,
    library: Home = None,
) -> None:
    """Shows what moved from A to B, whether that is noise, and the questions that flipped."""
    from eval.compare import asides, changes, flips
    from eval.comparison import write_comparison
    from eval.summary import read_summary
    from ui.evaluation_terminal import print_asides, print_changes, print_flips

    first, second = _run_in(first, library), _run_in(second, library)
    one, other = read_summary(first), read_summary(second)
    found = changes(one, other)
    if html:
        write_comparison(html, first, second)
    print_asides(asides(one, other))
    print_changes(found, one, other)
    print_flips(flips(one, other), _results(first), _results(second))


def _results(run: Path) -> dict[tuple[str, int], Result]:
    """Its answers; a baseline has none."""
    from eval.results import read_results

    return read_results(run)[0] if run.is_dir() else {}


@app.command(epilog="Example: askpapers eval gate --baseline eval/baseline.json runs/after")
def gate(
    folder: Annotated[
        Path | None, typer.Argument(metavar="RUN", help="A run. Default: the shipped sets are answered first.")
    ] = None,
    baseline: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A baseline, or a run's folder. Default: the shipped one.")
    ] = None,
    margin: Annotated[float, typer.Option(min=0, max=1, help="How much of a figure may be lost.")] = 0.02,
    accept: Annotated[bool, typer.Option("--accept", help="Make RUN the baseline instead.")] = False,
    library: Home = None,
    llm: Llm = None,
) -> int:
    """Lets a run pass (exit code 0), or names what is worse than the baseline (exit code 100)."""
    from eval.gate import BASELINE, regressions
    from eval.gate import accept as make_baseline
    from eval.record import differences
    from eval.summary import read_summary, stand_ins
    from ui.evaluation_terminal import print_asides, print_verdict

    file = baseline or BASELINE
    summary = read_summary(_run_in(folder, library)) if folder else _run_shipped(library, llm)
    if accept:
        make_baseline(summary, file)
        print(f"{file} is now the baseline: {summary['run']['questions']['count']} questions.")
        return 0
    before = read_summary(file)
    found = regressions(before, summary, margin)
    print_asides(f"Differs from the baseline in {line}" for line in differences(before["run"], summary["run"]))
    print_asides(filter(None, [stand_ins(summary)]))
    print_verdict(found, before, summary)
    return REGRESSION if found else 0


def _run_shipped(library: Path | None, llm: str | None) -> Summary:
    """Kept among the library's runs."""
    from eval.questions import SHIPPED, read_sets
    from eval.run import ONCE
    from rag.config import load_settings

    settings = load_settings(home=library, llm=llm)
    folder, summary = _run(None, read_sets(SHIPPED), settings, library is None, ONCE)
    print(f"The run is in {folder}.")
    return summary


@app.command(epilog="Example: askpapers eval show runs/after named-p01")
def show(
    folder: Folder,
    key: Annotated[str | None, typer.Argument(metavar="ID", help="One question, in depth.")] = None,
    library: Home = None,
) -> None:
    """Shows a run's figures, or one of its questions: what was said, quoted and missed."""
    from eval.summary import read_summary
    from ui.evaluation_terminal import print_question, print_summary

    folder = _run_in(folder, library)
    summary = read_summary(folder)
    if key is None:
        print_summary(summary)
    else:
        print_question(folder, summary, key)


@app.command(epilog="Example: askpapers eval retrieval --dataset scifact --json")
def retrieval(
    dataset: Annotated[Path, typer.Option(metavar="DIR", help="A folder in BEIR's form: corpus, queries, qrels.")],
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON, and nothing else, on stdout.")] = False,
    cache: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where indexes are kept. Default: the user's cache folder.")
    ] = None,
    library: Home = None,
) -> None:
    """Measures retrieval alone on another collection: words, meaning, and both as the product searches."""
    from eval.beir import read_dataset
    from eval.retrieval import Encoders, library_of, measure
    from rag.config import load_settings
    from rag.encoder import BundledEncoder
    from rag.models import load_embedding
    from ui.evaluation_terminal import print_retrieval
    from ui.terminal import progress

    read, settings = read_dataset(dataset), load_settings(home=library)
    by = Encoders(BundledEncoder(), load_embedding(settings))
    with progress() as step:
        collection = library_of(read, by, cache, step)
    found = measure(collection, read, by, settings)
    if as_json:
        print(json.dumps(found))
    else:
        print_retrieval(found, f"{dataset.name}: {len(collection):,} documents, {len(read.queries):,} queries")


@app.command(epilog="Example: askpapers eval readme README.md")
def readme(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="Holds the markers <!-- figures --> and <!-- /figures -->.")
    ],
    baseline: Annotated[Path | None, typer.Option(metavar="FILE", help="Default: the shipped baseline.")] = None,
) -> None:
    """Writes the baseline's table of figures into a README, between its markers."""
    from eval.gate import BASELINE
    from eval.readme import rewritten
    from eval.summary import read_summary

    summary = read_summary(baseline or BASELINE)
    try:
        file.write_text(rewritten(file.read_text(encoding="utf-8"), summary), encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CallerMistake(f"{file} can't be rewritten: {error}.") from None
