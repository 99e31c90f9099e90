"""What the evaluation shows in a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
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
SHOWN = 20  # failures and flips; the page has all


@contextmanager
def watching() -> Iterator[Watch | None]:
    """A bar on stderr with the figures so far; None when nobody watches."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("asking", total=None)
        so_far: Counter[str] = Counter()

        def watch(case: Case, done: int, total: int) -> None:
            failed = case.result.status == "failed"
            so_far.update({"failed": failed, "right": not failed and case.right, "cited": bool(case.cited), "asked": 1})
            bar.update(task, completed=done, total=total, description=figures_so_far(so_far))

        yield watch


def figures_so_far(counts: Mapping[str, int]) -> str:
    """While a run goes on; `counts` has `asked` (1 or more), `right`, `cited`, `failed`."""
    right, cited = (counts[name] / counts["asked"] for name in ("right", "cited"))
    return f"right {right:.0%}, with citations {cited:.0%}, failed {counts['failed']}"


def print_summary(summary: Summary) -> None:
    """The main figures by kind, all figures with their intervals, and what failed."""
    console = Console(width=max(Console().width, 120))
    console.print(_by_kind(summary))
    console.print(_all_figures(summary["figures"]["all"]))
    if "judge" in summary:
        _print_judged(console, summary["judge"])
    status = ", ".join(f"{count} {name}" for name, count in summary["status"].items())
    print(f"{status}. Latency in ms: {_latency(summary['times']['latency'])}.")
    if summary["fallbacks"]:
        print(f"{summary['fallbacks']} were not written by {summary['run']['model']}: report.html says why.")
    failed = [key for key, entry in summary["questions"].items() if entry["status"] == "failed"]
    if failed:
        print(printable(f"Failed: {', '.join(failed[:SHOWN])}{' ...' if len(failed) > SHOWN else ''}"))


def _by_kind(summary: Summary) -> Table:
    figures = summary["figures"]
    table = Table("kind", *MAIN, title=f"{summary['run']['questions']['count']} questions, {summary['run']['model']}")
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


def print_changes(changes: Iterable[Change]) -> None:
    """A line a metric."""
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
    Console(width=max(Console().width, 120)).print(table)


def print_flips(
    flips: Sequence[Flip], first: Mapping[tuple[str, int], Result], second: Mapping[tuple[str, int], Result]
) -> None:
    """The questions that flipped, both answers side by side."""
    console = Console()
    print(f"{sum(f.gain < 0 for f in flips)} lost, {sum(f.gain > 0 for f in flips)} won, {len(flips)} changed in all.")
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
