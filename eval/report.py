"""A run, or two compared, as pages that a person opens: one file each, nothing fetched, all text taken as text."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup

from eval import agreement, plots
from eval.answers import fact_pattern
from eval.compare import Flip, changes, flips
from eval.judge import Grade
from eval.markdown import markdown
from eval.metrics import METRICS, Case, scores
from eval.missed import Judged, Missed, judged, missed
from eval.questions import Question
from eval.record import differing
from eval.results import Result, read_results
from eval.run import MARKDOWN, PAGE, SUMMARY, read_run
from eval.summary import Summary, read_summary, written
from rag.errors import CallerMistake

PAGES = Path(__file__).parent / "pages"
CARDS = ("right", "citation precision", "citation recall", "facts", "abstention accuracy", "attack success")
PLOTS = ("right", "hit@1", "citation recall", "facts", "abstention accuracy")
ABOUT = {metric.name: metric.about for metric in METRICS} | {
    "papers fully right": "papers of which every question about it alone is fully right",
    "stability": "the text was the same at every repeat",
}

Painted = tuple[str | None, str]  # what a stretch of the answer is (fact, good, fair, bad), and its words


@dataclass(frozen=True)
class Quote:
    """A citation as the page shows it."""

    judged: Judged
    in_text: bool

    @property
    def citation(self) -> Any:
        """As the answer has it."""
        return self.judged.citation

    @property
    def shade(self) -> str:
        """good, fair or bad."""
        if self.judged.verbatim is False:
            return "bad"
        return "good" if self.judged.gold_words else "fair" if self.judged.gold_paper else "bad"

    @property
    def verdict(self) -> str:
        """What the shade means."""
        if self.judged.verbatim is False:
            return "does not stand where it says"
        return {"good": "a gold sentence", "fair": "a gold paper, another sentence", "bad": "not a gold paper"}[
            self.shade
        ]


@dataclass(frozen=True)
class Item:
    """A question and an answer to it, as the page shows them, with a judge's grades where there are any."""

    case: Case
    grades: tuple[Grade, ...] = ()

    @property
    def question(self) -> Question:
        """As it was asked."""
        return self.case.question

    @property
    def result(self) -> Result:
        """What came of it."""
        return self.case.result

    @property
    def anchor(self) -> str:
        """Its address in the page."""
        return f"q-{self.question.id}" + (f"-{self.result.repeat}" if self.result.repeat > 1 else "")

    @property
    def verdict(self) -> str:
        """right, wrong, abstained (though there is an answer) or failed."""
        if self.result.status == "failed" or self.case.right:
            return "failed" if self.result.status == "failed" else "right"
        return "abstained" if self.result.status == "abstained" else "wrong"

    @property
    def shade(self) -> str:
        """good, fair or bad."""
        return {"right": "good", "abstained": "fair"}.get(self.verdict, "bad")

    @property
    def gold(self) -> set[str]:
        """Names of its gold papers."""
        return {name for group in self.question.papers for name in group}

    @cached_property
    def quotes(self) -> list[Quote]:
        """In the order of their numbers."""
        return [Quote(one, one.citation.quote in self.result.text) for one in judged(self.case)]

    @property
    def missed(self) -> Missed | None:
        """None of a failed answer, and of an abstention that is right."""
        return None if self.result.status == "failed" else missed(self.case)

    @property
    def scores(self) -> dict[str, float]:
        """By metric."""
        return scores(self.case)

    @property
    def painted(self) -> list[Painted]:
        """The answer's text, cut at citation marks and at the facts that were found."""
        facts = [fact_pattern(fact).pattern for group in self.question.facts for fact in group]
        cuts = re.compile("|".join([r"(?P<mark>\[\d+\])", *facts]), re.IGNORECASE)
        return list(_painted(self.result.text, cuts, {f"[{q.citation.number}]": q.shade for q in self.quotes}))


def _painted(text: str, cuts: re.Pattern[str], shades: Mapping[str, str]) -> Iterator[Painted]:
    place = 0
    for found in cuts.finditer(text):
        yield None, text[place : found.start()]
        yield (shades.get(found.group(), "bad") if found["mark"] else "fact"), found.group()
        place = found.end()
    yield None, text[place:]


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
    return _rendered(
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
        made_of=list(_flat(summary["run"])),
        groups=[(name, found) for kind in ("split", "tag") for name, found in figures[kind].items()],
        began=day(summary["times"]["started"]),
    )


def day(moment: str) -> str:
    """An ISO moment as people write it.

    >>> day("2025-03-09T08:05:00+00:00")
    '9 March 2025, 08:05 UTC'
    """
    return f"{(then := datetime.fromisoformat(moment)).day} {then:%B %Y, %H:%M} UTC"


def _flat(record: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    for name, value in record.items():
        if isinstance(value, Mapping):
            yield from ((f"{name}.{inner}", entry) for inner, entry in value.items())
        else:
            yield name, value


def _rendered(template: str, **values: object) -> str:
    pages = Environment(loader=FileSystemLoader(PAGES), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    assets = {"style": _asset("page.css"), "script": _asset("filter.js")}
    return pages.get_template(template).render(**assets, **values)


def _asset(name: str) -> dict[str, str]:
    """A file of ours to put into the page, and the hash by which the page lets it and nothing else run."""
    text = (PAGES / name).read_text(encoding="utf-8")
    return {"text": Markup(text), "hash": b64encode(sha256(text.encode()).digest()).decode()}


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
    text = _rendered(
        "compare.html",
        names=(first.name, second.name),
        runs=(one["run"], other["run"]),
        began=tuple(day(read_run(folder).started) for folder in (first, second)),
        differing=differing(one["run"], other["run"]),
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
