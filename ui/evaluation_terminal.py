"""What the evaluation shows in a terminal."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.panel import Panel
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from rag.errors import CallerMistake
from ui.terminal import printable

if TYPE_CHECKING:
    from eval.compare import Change, Flip
    from eval.metrics import Case
    from eval.results import Result
    from eval.run import Watch
    from eval.summary import Summary

MAIN = ("right", "hit@1", "nDCG@10", "coverage", "citation precision", "citation recall", "evidence recall", "facts",
        "abstention accuracy", "attack success")  # fmt: skip
TENTHS = 10  # lines of progress where there is no terminal
BESIDE = ("papers fully right", "precision when answering")  # over no pairs: two runs' values beside each other
SHOWN = 20  # failures and flips; the page has all


@contextmanager
def watching(before: Iterable[Case] = ()) -> Iterator[Watch]:
    """On stderr a bar with the figures so far; without a terminal a line every tenth. `before`: answered already."""
    console, so_far = Console(stderr=True), Counter[str]()
    for case in before:
        so_far.update(_counts(case))
    if not console.is_terminal:
        yield partial(_tell, so_far)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("asking", total=None)

        def watch(case: Case, done: int, total: int) -> None:
            so_far.update(_counts(case))
            bar.update(task, completed=done, total=total, description=figures_so_far(so_far))

        yield watch


def _tell(so_far: Counter[str], case: Case, done: int, total: int) -> None:
    so_far.update(_counts(case))
    if TENTHS * done // total > TENTHS * (done - 1) // total:
        print(f"{done} of {total}: {figures_so_far(so_far)}", file=sys.stderr, flush=True)


def _counts(case: Case) -> dict[str, int]:
    failed = case.result.status == "failed"
    return {"failed": int(failed), "right": int(not failed and case.right), "cited": int(bool(case.cited)), "asked": 1}


def figures_so_far(counts: Mapping[str, int]) -> str:
    """While a run goes on; `counts` has `asked` (1 or more), `right`, `cited`, `failed`."""
    right, cited = (counts[name] / counts["asked"] for name in ("right", "cited"))
    return f"right {right:.0%}, with citations {cited:.0%}, failed {counts['failed']}"


def print_summary(summary: Summary) -> None:
    """The main figures by kind, all figures with their intervals, and what failed."""
    from eval.summary import stand_ins

    console = Console(width=max(Console().width, 120))
    console.print(_by_kind(summary))
    console.print(_all_figures(summary["figures"]["all"]))
    if "judge" in summary:
        _print_judged(console, summary["judge"])
    status = ", ".join(f"{count} {name}" for name, count in summary["status"].items())
    print(f"{status}.")
    if "times" in summary:
        print(f"Latency in ms: {_latency(summary['times']['latency'])}.")
    if line := stand_ins(summary):
        print(printable(f"{line} report.html says why."))
    failed = [key for key, entry in summary["questions"].items() if entry["status"] == "failed"]
    if failed:
        print(printable(f"Failed: {_listed(failed)}"))


def _by_kind(summary: Summary) -> Table:
    figures = summary["figures"]
    by_others = f", {summary['fallbacks']} answers by fallback" if summary["fallbacks"] else ""
    title = f"{summary['run']['questions']['count']} questions, {summary['run']['model']}{by_others}"
    table = Table("kind", *MAIN, title=printable(title))
    for kind, found in [*figures["kind"].items(), ("all", figures["all"])]:
        cells = (_value(found.get(name)) for name in MAIN)
        table.add_row(printable(kind), *cells, end_section=kind == [*figures["kind"]][-1])
    return table


def _all_figures(figures: Mapping[str, Any]) -> Table:
    table = Table("figure", "value", "95% interval", "scored")
    for name, found in figures.items():
        table.add_row(name, _value(found), _interval(found), f"{found['scored']} of {found['of']}")
    return table


def _print_judged(console: Console, found: Mapping[str, Any]) -> None:
    from eval.agreement import HEAD, notes, rows

    table = Table(*HEAD, title=printable(f"judged by {found['model']}"))
    for row in rows(found):
        table.add_row(*row)
    console.print(table)
    for note in notes(found):
        print(printable(note))


def _value(figure: Mapping[str, Any] | None) -> str:
    return "-" if figure is None or figure["value"] is None else f"{figure['value']:.3f}"


def _interval(figure: Mapping[str, Any]) -> str:
    return "-" if figure["low"] is None else f"{figure['low']:.3f} to {figure['high']:.3f}"


def _latency(stages: Mapping[str, Mapping[str, float]]) -> str:
    return "; ".join(
        f"{stage.removesuffix('_ms')} p50 {one['p50']:g}, p95 {one['p95']:g}" for stage, one in stages.items()
    )


def print_asides(lines: Iterable[str]) -> None:
    """What to know beside the figures."""
    for line in lines:
        print(printable(line))


def print_verdict(found: Sequence[str], baseline: Summary, run: Summary) -> None:
    """A line a regression, and the questions lost, by id; or that there is none."""
    from eval.compare import flips

    for line in found:
        print(printable(f"Regression: {line}"))
    if not found:
        print(f"No regression over {run['run']['questions']['count']} questions.")
        return
    if lost := [flip.id for flip in flips(baseline, run) if flip.gain < 0]:
        print(printable(f"Lost: {_listed(lost)}"))


def _listed(ids: Sequence[str]) -> str:
    return ", ".join(ids[:SHOWN]) + (" ..." if len(ids) > SHOWN else "")


def print_changes(changes: Iterable[Change], first: Summary, second: Summary) -> None:
    """A line a metric; below it what has no pairs to compare."""
    table = Table("figure", "A", "B", "B - A", "95% interval", "p", "wins / ties / losses", "n")
    for change in changes:
        pair = change.paired
        interval = "-" if pair.interval is None else f"{pair.interval[0]:+.3f} to {pair.interval[1]:+.3f}"
        counts = f"{pair.wins} / {pair.ties} / {pair.losses}"
        row = (
            f"{change.first:.3f}",
            f"{change.second:.3f}",
            f"{pair.difference:+.3f}",
            interval,
            f"{pair.p:.3g}",
            counts,
        )
        table.add_row(change.metric.name, *row, f"{pair.n} of {change.of}")
    for name in BESIDE:
        table.add_row(name, *(_value(run["figures"]["all"].get(name)) for run in (first, second)))
    Console(width=max(Console().width, 120)).print(table)


def print_flips(
    flips: Sequence[Flip], first: Mapping[tuple[str, int], Result], second: Mapping[tuple[str, int], Result]
) -> None:
    """The questions that flipped, both answers side by side."""
    console = Console()
    print(f"{sum(f.gain < 0 for f in flips)} lost, {sum(f.gain > 0 for f in flips)} won, {len(flips)} changed in all.")
    if not (first and second):
        _print_ids(flips)
        return
    for flip in flips[:SHOWN]:
        key = flip.id, 1
        verdict = "lost" if flip.gain < 0 else "won" if flip.gain > 0 else "another status"
        asked = first[key].question if key in first else ""
        console.print(Text(printable(f"\n{flip.id} ({flip.kind}, {verdict}): {asked}"), style="bold"))
        sides = Table.grid(expand=True)
        sides.add_column(ratio=1)
        sides.add_column(ratio=1)
        sides.add_row(_side("A", first.get(key)), _side("B", second.get(key)))
        console.print(sides)
    if len(flips) > SHOWN:
        print(f"... and {len(flips) - SHOWN} more; --html FILE shows all.")


def _print_ids(flips: Sequence[Flip]) -> None:
    """Where a side has no answers to show: a baseline holds scores alone."""
    for verdict, side in (("lost", -1), ("won", 1)):
        if ids := [flip.id for flip in flips if side * flip.gain > 0]:
            print(printable(f"{verdict}: {_listed(ids)}"))


def _side(name: str, result: Result | None) -> Panel:
    said = "No answer can be read." if result is None else result.text or result.reason or ""
    title = name if result is None else f"{name}: {result.status}"
    return Panel(Text(printable(said)), title=title)


def print_retrieval(found: Mapping[str, Mapping[str, float]], title: str) -> None:
    """A line a way of searching."""
    table = Table("", *next(iter(found.values())), title=title)
    for name, figures in found.items():
        table.add_row(name, *(f"{value:.4f}" if value <= 1 else f"{value:.1f}" for value in figures.values()))
    Console(width=100).print(table)


def print_question(folder: Path, summary: Summary, key: str) -> None:
    """One question of a run: what was said, quoted and missed. Raises CallerMistake for an id that isn't there."""
    from eval.metrics import Case
    from eval.results import read_results
    from eval.run import read_run
    from eval.summary import scores_of

    question = next((one for one in read_run(folder).questions if one.id == key), None)
    if question is None or key not in summary["questions"]:
        raise CallerMistake(f"No question {key!r} in {folder}. {folder / 'report.html'} lists them.")
    results, _ = read_results(folder)
    print(printable(f"{key} ({question.kind}): {question.text}"))
    for result in (one for one in results.values() if one.id == key):
        _print_case(Case(question, result))
    scores = scores_of(summary)[key]
    print("\n" + ", ".join(f"{name} {score:g}" for name, score in scores.items()))


def _print_case(case: Case) -> None:
    from eval.missed import judged, missed

    print(printable(f"\n{case.result.status}: {case.result.text or case.result.reason}"))
    for quote in judged(case):
        mark = "right" if quote.gold_words else "right paper" if quote.gold_paper else "not gold"
        print(printable(f"  [{quote.citation.number}] {mark}: {quote.citation.paper.title}"))
    if case.result.status == "failed":
        return
    lacking = missed(case)
    for what, groups in (("paper", lacking.papers), ("evidence", lacking.evidence), ("fact", lacking.facts)):
        for group in groups:
            print(printable(f"  missed {what}: {' / '.join(group)}"))
    if lacking.forbidden or lacking.invented:
        print(printable(f"  said what it must not: {[*lacking.forbidden, *lacking.invented]}"))
