"""Whether a run may replace the baseline: nothing that must hold is broken or missing, and nothing is lost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from eval.compare import Change, changes, comparable, one_sided
from eval.metrics import METRICS
from eval.statistics import SAME
from eval.summary import Summary, read_summary, scores_of, written
from rag.errors import CallerMistake

BASELINE = Path(__file__).with_name("baseline.json")
MARGIN = 0.02  # how much of a figure may be lost without a word
FEWEST = 3  # questions lost, below which no loss counts: one or two may flip on another processor
SIGNIFICANT = 0.05  # p below which a smaller loss counts too
NAMED = 5  # questions of a line


def regressions(baseline: Summary, run: Summary, margin: float = MARGIN) -> list[str]:
    """A line for each; empty where the run may pass. Raises CallerMistake for another question set.

    What is lost of one kind of question counts, too, and is named where the figure over all hides it.
    """
    comparable(baseline, run)
    over_all = {change.metric.name: line for change in changes(baseline, run) if (line := _lost(change, margin))}
    missing = one_sided(baseline, run, ("the baseline", "the run"))
    of_kinds = (line for name, line in _lost_of_kinds(baseline, run, margin) if name not in over_all)
    return [*_broken(run), *missing, *_failed(baseline, run), *_stood_in(baseline, run), *over_all.values(), *of_kinds]


def _broken(run: Summary) -> Iterator[str]:
    """What must be 1 of every answer that says something, and isn't, or isn't known to be."""
    silent = {key for key, entry in run["questions"].items() if entry["status"] != "answered"}
    for metric in (metric for metric in METRICS if metric.must and metric.name in run["metrics"]):
        broken = [key for key, s in scores_of(run).items() if s.get(metric.name, float(key in silent)) < 1]
        if broken:
            yield f"{metric.name} must be 1 and is not for {len(broken)}: {', '.join(broken[:NAMED])}"


def _failed(baseline: Summary, run: Summary) -> Iterator[str]:
    before, after = baseline["status"]["failed"], run["status"]["failed"]
    status = {key: entry["status"] for key, entry in baseline["questions"].items()}
    newly = [key for key, entry in run["questions"].items() if entry["status"] == "failed" != status[key]]
    if newly or after > before:
        yield f"{after} answers failed; in the baseline {before}. Newly: {', '.join(newly[:NAMED]) or 'repeats'}"


def _stood_in(baseline: Summary, run: Summary) -> Iterator[str]:
    before, after = baseline["fallbacks"], run["fallbacks"]
    if after > before:
        yield f"{after} answers were not written by {run['run']['model']}; in the baseline {before}"


def _lost(change: Change, margin: float) -> str | None:
    moved = f"{change.metric.name} went from {change.first:.3f} to {change.second:.3f}"
    if _beyond(change, margin):
        return f"{moved}: beyond the margin of {margin:g} (p = {change.paired.p:.3g})"
    if change.loss > SAME and change.paired.p < SIGNIFICANT:
        return f"{moved}: a significant loss (p = {change.paired.p:.3g})"
    return None


def _beyond(change: Change, margin: float) -> bool:
    return change.loss > margin + SAME and change.questions_lost > FEWEST - SAME


def _lost_of_kinds(baseline: Summary, run: Summary, margin: float) -> Iterator[tuple[str, str]]:
    """(metric, line); by the margin alone, as of so many tests some are significant by chance."""
    for kind in dict.fromkeys(entry["kind"] for entry in baseline["questions"].values()):
        for change in changes(baseline, run, kind):
            if _beyond(change, margin):
                line = f"{change.metric.name} of {kind!r} went from {change.first:.3f} to {change.second:.3f}"
                yield change.metric.name, f"{line}: {change.questions_lost:.3g} of {change.paired.n} questions' worth"


def accept(run: Summary, file: Path) -> None:
    """Makes the run the baseline: its figures and per-question scores; no times, no texts.

    Raises CallerMistake where an answer failed, where the baseline before it is of other questions, and where the file
    can't be written.
    """
    if failed := run["status"]["failed"]:
        raise CallerMistake(f"{failed} answers failed, which no baseline may have. Ask them again with --retry-failed.")
    if file.exists():
        _of_the_same_questions(run, file)
    kept = {name: value for name, value in run.items() if name not in ("times", "risk_coverage", "judge")}
    library = {name: value for name, value in run["run"]["library"].items() if name != "edition"}
    try:
        file.write_text(written(kept | {"run": run["run"] | {"library": library}}), encoding="utf-8")
    except OSError as error:
        raise CallerMistake(f"{file} can't be written: {error.strerror}.") from None


def _of_the_same_questions(run: Summary, file: Path) -> None:
    one, other = (summary["run"]["questions"] for summary in (read_summary(file), run))
    if one["sha256"] != other["sha256"]:
        counts = f"{one['count']} questions, the run has {other['count']}"
        raise CallerMistake(f"{file} is of another set: {counts}. Delete it first, if that is meant.")
