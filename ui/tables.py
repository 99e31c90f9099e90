"""What the evaluation page's tables show: figures, runs, changes, what a right answer holds. Pure.

A cell is text, or an object: `text`, `sub` (smaller, below), `shade` (good, fair, bad, soft), `about` (on hover),
`span` (columns), `plot` (`value`, `low`, `high` on `least`..`most`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from eval.compare import Change
from eval.gate import SIGNIFICANT
from eval.metrics import METRICS, Case
from eval.missed import missed
from eval.ranking import same
from eval.report import ABOUT
from eval.runs import Found
from eval.summary import Summary

Cell = str | dict[str, Any]
Table = dict[str, Any]

OVERVIEW = {
    "right": "right", "hit@1": "hit@1", "citation precision": "citation precision",
    "citation recall": "citation recall", "abstention": "abstention accuracy",
}  # fmt: skip
BY_KIND = {
    "right": "right", "hit@1": "hit@1", "citation precision": "citation precision",
    "citation recall": "citation recall", "facts": "facts", "abstention": "abstention accuracy",
}  # fmt: skip
BOUNDS = {metric.name: (0.0 if metric.unit else -1.0, 1.0) for metric in METRICS}


def table(label: str, columns: Iterable[Mapping[str, object]], rows: Iterable[Mapping[str, object]]) -> Table:
    """As the component draws it; `label` is read to who can't see it."""
    return {"label": label, "columns": list(columns), "rows": list(rows)}


def column(name: str, kind: Literal["number", "tight", ""] = "", about: str = "") -> dict[str, object]:
    """Numbers stand at the right; what is tight takes no more room than it needs."""
    return {"name": name, "kind": kind, "about": about}


def _numbers(names: Mapping[str, str]) -> list[dict[str, object]]:
    return [column(short, "number", ABOUT.get(name, "")) for short, name in names.items()]


def runs(found: Sequence[Found], chosen: str | None) -> Table:
    """A row a run; one without figures says why it has none."""
    columns = [column("run"), column("model"), column("n", "number"), *_numbers(OVERVIEW), column("failed", "number")]
    return table("Runs, newest first", columns, (_run(run, run.name == chosen, len(columns)) for run in found))


def _run(run: Found, current: bool, width: int) -> dict[str, object]:
    began = when(run.started)
    first: Cell = {"text": began or run.name, "sub": run.name if began else ""}
    if run.summary is None:
        trouble = {"text": run.trouble, "shade": "fair", "span": width - 2}
        return {"id": run.name, "current": current, "cells": [first, run.model, trouble]}
    summary, failed = run.summary, run.summary["status"].get("failed", 0)
    model: Cell = {"text": run.model, "sub": f"{summary['fallbacks']:,} by fallback", "shade": "bad"}
    cells = [
        model if summary["fallbacks"] else run.model,
        f"{summary['run']['questions']['count']:,}",
        *(value(summary["figures"]["all"].get(name)) for name in OVERVIEW.values()),
        {"text": f"{failed:,}", "shade": "bad" if failed else ""},
    ]
    return {"id": run.name, "current": current, "cells": [first, *cells]}


def when(started: str) -> str:
    """A time of ISO 8601, as this machine's clock says it; what is none is said as it is."""
    try:
        return datetime.fromisoformat(started).astimezone().strftime("%Y-%m-%d %H:%M")
    except (ValueError, OverflowError):
        return started


def value(figure: Mapping[str, Any] | None) -> Cell:
    """The value alone; its interval on hover."""
    if figure is None or figure["value"] is None:
        return "–"
    return {"text": f"{figure['value']:.2f}", "about": f"{interval(figure)}, {scored(figure)}"}


def interval(figure: Mapping[str, Any]) -> str:
    """In words."""
    return "no interval" if figure["low"] is None else f"{figure['low']:.2f} to {figure['high']:.2f}"


def scored(figure: Mapping[str, Any]) -> str:
    """In words."""
    return f"{figure['scored']:,} of {figure['of']:,} scored"


def drawn(figure: Mapping[str, Any] | None, bounds: tuple[float, float] = (0.0, 1.0)) -> Cell:
    """The value, its interval in words and as a picture; and of how many, where some could not be scored."""
    if figure is None or figure["value"] is None:
        return "–"
    least, most = bounds
    plot = {name: figure[name] for name in ("value", "low", "high")} | {"least": least, "most": most}
    sub = interval(figure) if figure["scored"] == figure["of"] else f"{interval(figure)}\n{scored(figure)}"
    return {"text": f"{figure['value']:.2f}", "sub": sub, "plot": plot, "about": scored(figure)}


def by_kind(summary: Summary) -> Table:
    """The main figures, a row a kind of question, then all of them."""
    groups = [*summary["figures"]["kind"].items(), ("all", summary["figures"]["all"])]
    rows = (
        {"cells": [kind, f"{_asked(found):,}", *(drawn(found.get(name)) for name in BY_KIND.values())]}
        for kind, found in groups
    )
    return table("Figures by kind of question", [column("kind"), column("n", "number"), *_numbers(BY_KIND)], rows)


def _asked(found: Mapping[str, Mapping[str, Any]]) -> int:
    return max((figure["of"] for figure in found.values()), default=0)


def every_figure(summary: Summary) -> Table:
    """A row a figure, over all questions."""
    columns = [column("figure"), column("value", "number"), column("scored", "number"), column("what it is")]
    rows = (
        {
            "cells": [
                name,
                drawn(figure, BOUNDS.get(name, (0.0, 1.0))),
                f"{figure['scored']:,} of {figure['of']:,}",
                {"text": ABOUT.get(name, ""), "shade": "soft"},
            ]
        }
        for name, figure in summary["figures"]["all"].items()
    )
    return table("Every figure", columns, rows)


def changed(changes: Sequence[Change]) -> Table:
    """A row a metric that moved: before, after, the difference with its interval, and whether that is noise."""
    ends = (end for one in changes for end in (one.paired.difference, *(one.paired.interval or ())))
    most = max(map(abs, ends), default=0)
    columns = [
        column("figure"), column("A", "number"), column("B", "number"), column("B − A", "number"), column(""),
        column("95% interval", "number"), column("p", "number", "how often chance alone would do as much"),
        column("wins / ties / losses", "number", "questions that B does better, as well, worse"), column("n", "number"),
    ]  # fmt: skip
    return table("What moved from A to B", columns, (_change(change, most) for change in changes if moved(change)))


def moved(change: Change) -> bool:
    """Whether it did, for any question."""
    return bool(change.paired.wins or change.paired.losses)


def _change(change: Change, most: float) -> dict[str, object]:
    metric, pair = change.metric, change.paired
    low, high = pair.interval or (None, None)
    shade = ("bad" if change.loss > 0 else "good") if pair.p < SIGNIFICANT else ""
    plot = {"value": pair.difference, "low": low, "high": high, "least": -most, "most": most}
    cells: list[Cell] = [
        {"text": metric.name, "sub": "" if metric.up else "lower is better", "about": metric.about},
        f"{change.first:.3f}",
        f"{change.second:.3f}",
        {"text": f"{pair.difference:+.3f}", "shade": shade},
        {"text": "", "plot": plot, "shade": shade},
        "–" if low is None else f"{low:+.3f} to {high:+.3f}",
        f"{pair.p:.3f}" if pair.p >= 0.001 else "< 0.001",
        f"{pair.wins} / {pair.ties} / {pair.losses}",
        f"{pair.n:,}" if pair.n == change.of else f"{pair.n:,} of {change.of:,}",
    ]
    return {"cells": cells}


def gold(case: Case, title: Mapping[str, str]) -> Table:
    """What a right answer holds, and which of it this one has; `title`: of papers by id."""
    lacking, wanted = missed(case), case.question
    rows = [
        *(_held("paper", [title.get(one, one) for one in group], group in lacking.papers) for group in wanted.papers),
        *(_held("sentence", group, group in lacking.evidence) for group in wanted.evidence),
        *(_held("fact", group, group in lacking.facts) for group in wanted.facts),
        *(_said(f"a citation of nothing: [{number}]") for number in lacking.invented),
        *(_said(word) for word in lacking.forbidden),
    ]
    return table("What a right answer holds", [column("", "tight"), column("", "tight"), column("")], rows)


def _held(what: str, group: Sequence[str], lacks: bool) -> dict[str, object]:
    mark: Cell = {"text": "✗ missed", "shade": "bad"} if lacks else {"text": "✓ found", "shade": "good"}
    others = f"or {'; '.join(group[1:])}" if len(group) > 1 else ""
    return {"cells": [mark, {"text": what, "shade": "soft"}, {"text": group[0], "sub": others}]}


def _said(what: str) -> dict[str, object]:
    return {"cells": [{"text": "✗ said", "shade": "bad"}, {"text": "must not be", "shade": "soft"}, what]}


def passages(case: Case) -> Table:
    """What was found, best first."""
    columns = [column("score", "number"), column("", "tight"), column("paper and passage")]
    rows = []
    for near in case.result.passages:
        right = any(same({near.paper_id, near.title}, group) for group in case.question.papers)
        mark: Cell = {"text": "gold", "shade": "good"} if right else ""
        rows.append({"cells": [f"{near.score:.2f}", mark, {"text": near.title, "sub": near.text}]})
    return table("Passages found, best first", columns, rows)
