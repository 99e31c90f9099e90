"""Whether a run may replace the baseline: nothing that must hold is broken, and nothing is lost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from eval.compare import Change, changes
from eval.metrics import METRICS
from eval.statistics import SAME
from eval.summary import Summary, scores_of, written

BASELINE = Path(__file__).with_name("baseline.json")
MARGIN = 0.02  # how much of a figure may be lost without a word
SIGNIFICANT = 0.05  # p below which a smaller loss counts too


def regressions(baseline: Summary, run: Summary, margin: float = MARGIN) -> list[str]:
    """A line for each; empty where the run may pass. Raises CallerMistake for another question set.

    A question or two may flip on another processor: that stays inside the margin and is not significant.
    """
    lost = (line for change in changes(baseline, run) if (line := _lost(change, margin)))
    return [*_broken(run), *_failed(baseline, run), *lost]


def _broken(run: Summary) -> Iterator[str]:
    scores = scores_of(run)
    for metric in METRICS:
        broken = [key for key, found in scores.items() if metric.must and found.get(metric.name, 1.0) < 1]
        if broken:
            yield f"{metric.name} must be 1 and is not for {len(broken)}: {', '.join(broken[:5])}"


def _failed(baseline: Summary, run: Summary) -> Iterator[str]:
    before, after = baseline["status"]["failed"], run["status"]["failed"]
    if after > before:
        yield f"{after} answers failed; in the baseline {before}"


def _lost(change: Change, margin: float) -> str | None:
    moved = f"{change.metric.name} went from {change.first:.3f} to {change.second:.3f}"
    if change.loss > margin + SAME:
        return f"{moved}: beyond the margin of {margin:g} (p = {change.paired.p:.3g})"
    if change.loss > SAME and change.paired.p < SIGNIFICANT:
        return f"{moved}: a significant loss (p = {change.paired.p:.3g})"
    return None


def accept(run: Summary, file: Path) -> None:
    """Makes the run the baseline: its figures and per-question scores; no times, no texts."""
    kept = {name: value for name, value in run.items() if name not in ("times", "risk_coverage", "judge")}
    library = {name: value for name, value in run["run"]["library"].items() if name != "edition"}
    file.write_text(written(kept | {"run": run["run"] | {"library": library}}), encoding="utf-8")
