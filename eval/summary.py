"""A run's figures, each with its interval and how many of how many were scored: summary.json, and the baseline.

Figures are rounded, so that another processor's last bits don't show.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from eval.abstention import area, risk_coverage
from eval.metrics import METRICS, Case, Metric, scores
from eval.questions import Question
from eval.record import SCHEMA
from eval.run import SUMMARY, Run
from eval.statistics import at_most, mean_interval
from eval.summary_form import SummaryForm
from rag.errors import CallerMistake

DIGITS = 6
PAPERS_RIGHT, STABILITY = "papers fully right", "stability"
RARE = "attack success"  # none seen is not none at all: its bound is the rule of three's

Summary = dict[str, Any]
Scored = tuple[Case, Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class Figure:
    """A mean over `scored` of `of` answers, the rest having failed; None where there is nothing to say."""

    value: float | None
    low: float | None
    high: float | None
    scored: int
    of: int


def figure(observed: Sequence[tuple[str, float | None]], rate: bool, unit: bool = True, rare: bool = False) -> Figure:
    """From (cluster, score) pairs; a score of None was not to be had, and is counted. `unit`: scores lie in 0..1.

    >>> figure([("a", 1.0), ("b", 0.0), ("c", None)], rate=True)
    Figure(value=0.5, low=0.094531, high=0.905469, scored=2, of=3)
    """
    known = [(cluster, score) for cluster, score in observed if score is not None]
    found = [score for _, score in known]
    if not found:
        return Figure(None, None, None, 0, len(observed))
    low, high = mean_interval(found, [cluster for cluster, _ in known], rate, unit) or (None, None)
    if rare and not any(found):
        high = at_most(0, len(found))
    return Figure(_round(sum(found) / len(found)), _round(low), _round(high), len(found), len(observed))


def _round(value: float | None) -> float | None:
    return None if value is None else round(value, DIGITS)


def summarise(run: Run, cases: Sequence[Case]) -> Summary:
    """Everything that is measured, as summary.json holds it; all that depends on the clock is under `times`."""
    scored = [(case, scores(case)) for case in cases]
    return {
        "schema": SCHEMA,
        "run": run.record,
        "status": {name: sum(c.result.status == name for c in cases) for name in ("answered", "abstained", "failed")},
        "written_by": dict(sorted(Counter(case.result.model for case in cases).items())),
        "fallbacks": sum(case.result.fallback is not None for case in cases),
        "figures": {
            "all": figures(scored, run.record["repeat"]),
            "kind": _grouped(scored, run, lambda question: [question.kind]),
            "split": _grouped(scored, run, lambda question: [question.split] if question.split else []),
            "tag": _grouped(scored, run, lambda question: question.tags[1:]),
        },
        "risk_coverage": curve(cases),
        "tokens": _tokens(cases),
        "metrics": [metric.name for metric in METRICS],
        "questions": _by_question(scored),
        "times": {"started": run.started, "latency": latency(cases)},
    }


def _grouped(
    scored: Sequence[Scored], run: Run, names: Callable[[Question], Sequence[str]]
) -> dict[str, dict[str, Any]]:
    groups: dict[str, list[Scored]] = {}
    for case, found in scored:
        for name in names(case.question):
            groups.setdefault(name, []).append((case, found))
    return {name: figures(group, run.record["repeat"]) for name, group in groups.items()}


def figures(scored: Sequence[Scored], repeat: int = 1) -> dict[str, dict[str, Any]]:
    """By name; what applies to no question of the group is left out."""
    found = {metric.name: _figure_of(metric, scored) for metric in METRICS}
    found[PAPERS_RIGHT] = figure(_papers(scored), rate=True)
    if repeat > 1:
        found[STABILITY] = figure(_texts(scored), rate=True)
    return {name: asdict(one) for name, one in found.items() if one.of}


def _figure_of(metric: Metric, scored: Sequence[Scored]) -> Figure:
    observed = [
        (case.question.cluster, found.get(metric.name))
        for case, found in scored
        if metric.name in found or (case.result.status == "failed" and metric.applies(case.question))
    ]
    independent = len({case.question.id for case, _ in scored}) == len(scored)  # repeats of a question are not
    return figure(observed, metric.rate and independent, metric.unit, rare=metric.name == RARE)


def _papers(scored: Sequence[Scored]) -> list[tuple[str, float | None]]:
    """Whether every question about one paper, and no other, is fully right; by paper."""
    papers: dict[str, list[float | None]] = {}
    for case, found in scored:
        if case.question.answerable and len(case.question.papers) == 1:
            papers.setdefault(case.question.cluster, []).append(found.get("fully right"))
    return [(paper, None if None in found else float(all(found))) for paper, found in papers.items()]


def _texts(scored: Sequence[Scored]) -> list[tuple[str, float | None]]:
    """Whether a question's text was the same at every repeat."""
    texts: dict[str, set[str | None]] = {}
    for case, _ in scored:
        failed = case.result.status == "failed"
        texts.setdefault(case.question.id, set()).add(None if failed else case.result.text)
    return [(key, None if None in found else float(len(found) == 1)) for key, found in texts.items()]


def curve(cases: Sequence[Case]) -> dict[str, Any]:
    """Risk against coverage over the confidence that abstention goes by, and the area under it."""
    known = [case for case in cases if case.result.status != "failed"]
    answered = [(case.result.confidence, case.right) for case in known if case.answered]
    points = risk_coverage(answered, len(known))
    return {"area": _round(area(points)), "points": [[_round(value) for value in asdict(p).values()] for p in points]}


def latency(cases: Iterable[Case]) -> dict[str, dict[str, float]]:
    """Median and 95th percentile of every stage, in milliseconds."""
    stages: dict[str, list[float]] = {}
    for case in cases:
        for stage, taken in case.result.timings.items():
            stages.setdefault(stage, []).append(taken)
    return {
        stage: {name: round(float(np.percentile(taken, share)), 1) for name, share in (("p50", 50), ("p95", 95))}
        for stage, taken in stages.items()
    }


def _tokens(cases: Iterable[Case]) -> dict[str, int]:
    total = Counter[str]()
    for case in cases:
        total.update(case.result.usage)
    return dict(sorted(total.items()))


def _by_question(scored: Sequence[Scored]) -> dict[str, Any]:
    """Status and mean scores of each question, in METRICS' order; clusters as numbers, so that no text is in it."""
    grouped: dict[str, list[Scored]] = {}
    for case, found in scored:
        grouped.setdefault(case.question.id, []).append((case, found))
    clusters: dict[str, int] = {}
    return {
        key: {
            "kind": group[0][0].question.kind,
            "cluster": clusters.setdefault(group[0][0].question.cluster, len(clusters)),
            "status": max((case.result.status for case, _ in group), key=["answered", "abstained", "failed"].index),
            "scores": [_mean([found[metric.name] for _, found in group if metric.name in found]) for metric in METRICS],
        }
        for key, group in grouped.items()
    }


def _mean(known: Sequence[float]) -> float | None:
    if not known:
        return None
    mean = round(sum(known) / len(known), DIGITS)
    return int(mean) if mean == int(mean) else mean


def scores_of(summary: Summary) -> dict[str, dict[str, float]]:
    """Scores by metric, of every question by id; what does not apply is left out."""
    names = summary["metrics"]
    return {
        key: {name: score for name, score in zip(names, entry["scores"], strict=True) if score is not None}
        for key, entry in summary["questions"].items()
    }


def stand_ins(summary: Summary) -> str:
    """How many answers another than the configured model wrote, as a sentence; empty where none."""
    count, of = summary["fallbacks"], sum(summary["status"].values())
    return f"{count} of {of} answers were not written by {summary['run']['model']}." if count else ""


def written(summary: Summary) -> str:
    """As JSON, a line a figure and a line a question, so that two of them can be compared by eye."""
    depths = {"figures": 3, "run": 1, "questions": 1, "judge": 1}
    parts = (f" {json.dumps(name)}: {_lines(value, depths.get(name, 0))}" for name, value in summary.items())
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _lines(value: object, depth: int, indent: str = " ") -> str:
    if not isinstance(value, dict) or not depth or not value:
        return json.dumps(value, ensure_ascii=False)
    inner = indent + " "
    entries = (f"{inner}{json.dumps(name)}: {_lines(entry, depth - 1, inner)}" for name, entry in value.items())
    return "{\n" + ",\n".join(entries) + f"\n{indent}}}"


def read_summary(path: Path) -> Summary:
    """From a run's folder, a summary or a baseline, which has no `times`. Raises CallerMistake."""
    file = path / SUMMARY if path.is_dir() else path
    try:
        raw = file.read_bytes()
        summary = json.loads(raw)
        if summary["schema"] != SCHEMA:
            raise CallerMistake(f"{file} has schema {summary['schema']}; {SCHEMA} is read. Make the run again.")
        SummaryForm.model_validate_json(raw)
        return dict(summary)
    except ValidationError as error:
        wrong = error.errors(include_input=False)[0]
        where = ".".join(map(str, wrong["loc"]))
        raise CallerMistake(
            f"{file} has not the form of a summary: {where} {wrong['msg']}. Make the run again."
        ) from None
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise CallerMistake(f"{file} is no summary of a run: {error}. Make one: askpapers eval run") from None
