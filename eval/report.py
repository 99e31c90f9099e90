"""A run as a page that a person opens, as Markdown, and as figures for programs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from markupsafe import Markup

from eval import agreement, plots
from eval.items import Item
from eval.judge import Grade
from eval.markdown import markdown
from eval.metrics import METRICS, Case
from eval.record import flat
from eval.rendered import day, rendered
from eval.run import MARKDOWN, PAGE, SUMMARY
from eval.summary import Summary, written

CARDS = ("right", "citation precision", "citation recall", "facts", "abstention accuracy", "attack success")
PLOTS = ("right", "hit@1", "citation recall", "facts", "abstention accuracy")
ABOUT = {metric.name: metric.about for metric in METRICS} | {
    "papers fully right": "papers of which every question about it alone is fully right",
    "stability": "the text was the same at every repeat",
}


def write_reports(folder: Path, summary: Summary, cases: Sequence[Case], grades: Sequence[Grade] = ()) -> None:
    """The page, its Markdown and summary.json of a run."""
    (folder / PAGE).write_text(page(summary, cases, grades), encoding="utf-8")
    (folder / MARKDOWN).write_text(markdown(summary, cases), encoding="utf-8")
    (folder / SUMMARY).write_text(written(summary), encoding="utf-8")  # last: with it, the run is whole


def page(summary: Summary, cases: Sequence[Case], grades: Sequence[Grade] = ()) -> str:
    """The run as one page."""
    by_key: dict[tuple[str, int], tuple[Grade, ...]] = {}
    for grade in grades:
        by_key[grade.id, grade.repeat] = (*by_key.get((grade.id, grade.repeat), ()), grade)
    figures, items = summary["figures"], [Item(case, by_key.get(case.result.key, ())) for case in cases]
    by_kind = {name: {kind: found[name] for kind, found in figures["kind"].items() if name in found} for name in PLOTS}
    return rendered(
        "report.html",
        summary=summary,
        run=summary["run"],
        figures=figures["all"],
        about=ABOUT,
        must={metric.name for metric in METRICS if metric.must},
        cards=[(name, figures["all"][name]) for name in CARDS if figures["all"].get(name, {}).get("value") is not None],
        plots=[(name, Markup(plots.intervals(found, f"{name} by kind"))) for name, found in by_kind.items() if found],
        curve=Markup(plots.risk_coverage(summary["risk_coverage"]["points"], "risk against coverage")),
        items=items,
        kinds=list(figures["kind"]),
        verdicts=[
            one for one in ("right", "wrong", "abstained", "failed") if any(item.verdict == one for item in items)
        ],
        agreement=agreement,
        made_of=list(flat(summary["run"])),
        groups=[(name, found) for kind in ("split", "tag") for name, found in figures[kind].items()],
        began=day(summary["times"]["started"]),
    )
