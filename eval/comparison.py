"""Two runs compared, as a page that a person opens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from eval import plots
from eval.compare import Flip, asides, changes, flips
from eval.items import Item
from eval.metrics import Case
from eval.questions import Question
from eval.rendered import day, rendered
from eval.results import Result, read_results
from eval.run import read_run
from eval.summary import read_summary
from rag.errors import CallerMistake


@dataclass(frozen=True)
class Flipped:
    """A question that flipped, with both answers; None where one can't be read."""

    flip: Flip
    question: Question
    sides: tuple[Item | None, Item | None]

    @property
    def anchor(self) -> str:
        """Its address in the page."""
        return f"q-{self.flip.id}"

    @property
    def verdict(self) -> str:
        """lost, won or changed."""
        return "lost" if self.flip.gain < 0 else "won" if self.flip.gain > 0 else "changed"

    @property
    def shade(self) -> str:
        """good, fair or bad."""
        return {"lost": "bad", "won": "good"}.get(self.verdict, "fair")


def write_comparison(file: Path, first: Path, second: Path) -> None:
    """Two runs' folders compared, as one page. Raises CallerMistake."""
    one, other = read_summary(first), read_summary(second)
    rows = changes(one, other)
    most = max((abs(end) for row in rows for end in (row.paired.difference, *(row.paired.interval or ()))), default=0)
    items = _flipped(flips(one, other), first, second)
    text = rendered(
        "compare.html",
        names=(first.name, second.name),
        runs=(one["run"], other["run"]),
        began=tuple(day(read_run(folder).started) for folder in (first, second)),
        asides=asides(one, other),
        rows=[(row, _plot(row.paired.difference, row.paired.interval, row.metric.up, most or 1)) for row in rows],
        items=items,
        lost=sum(item.verdict == "lost" for item in items),
        won=sum(item.verdict == "won" for item in items),
        kinds=list(dict.fromkeys(item.flip.kind for item in items)),
        verdicts=list(dict.fromkeys(item.verdict for item in items)),
    )
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise CallerMistake(f"{file} can't be written: {error.strerror}.") from None


def _plot(difference: float, interval: tuple[float, float] | None, up: bool, most: float) -> Markup:
    low, high = interval or (None, None)
    return Markup(plots.change(difference, low, high, up, most))


def _flipped(found: Sequence[Flip], first: Path, second: Path) -> list[Flipped]:
    questions = {question.id: question for question in read_run(first).questions}
    one, other = read_results(first)[0], read_results(second)[0]

    def item(results: Mapping[tuple[str, int], Result], key: str) -> Item | None:
        return Item(Case(questions[key], results[key, 1])) if (key, 1) in results else None

    return [Flipped(flip, questions[flip.id], (item(one, flip.id), item(other, flip.id))) for flip in found]
