"""What a judge's grades come to, and how far the judge and the metrics agree on the same statements and answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from eval.judge import UNSCORED, Grade, has_gold
from eval.metrics import Case
from eval.statistics import kappa
from eval.summary import DIGITS, figure

HEAD = ("judged", "value", "95% interval", "scored", "without a judge", "equal verdicts", "kappa")
NAMES = {"support": "statements supported", "correct": "answers correct"}
FAILED = "The answer itself failed."
OTHER = "not correct"


@dataclass(frozen=True, slots=True)
class _Pair:
    """The judge's verdict on something, and the one that needs no judge."""

    cluster: str
    judge: str
    metric: str


def judged(cases: Sequence[Case], grades: Sequence[Grade], model: str) -> dict[str, Any]:
    """As summary.json holds it under `judge`; `model` is the judge's name.

    `support` is the share of statements graded supported, beside the product's own check of the same statements;
    `correct` the share of answers graded correct, beside *right*. An answer that failed is unscored.
    """
    failed = [case for case in cases if case.result.status == "failed" and has_gold(case)]
    reasons = Counter(one.why for one in grades if one.verdict == UNSCORED) + Counter({FAILED: len(failed)})
    once = len({case.question.id for case in cases}) == len(cases)  # repeats of a question are not independent
    return {
        "model": model,
        "support": _compared(_statements(cases, grades), "supported", rate=False),
        "correct": _compared([*_answers(cases, grades), *map(_lacking, failed)], "correct", rate=once),
        "verdicts": dict(sorted(Counter(one.verdict for one in grades).items())),
        "unscored": dict(sorted(reasons.items())),
        "shortened": sum(one.left_out > 0 for one in grades),
    }


def _statements(cases: Sequence[Case], grades: Sequence[Grade]) -> list[_Pair]:
    by_key = {case.result.key: case for case in cases}
    return [
        _Pair(case.question.cluster, one.verdict, case.result.statements[one.statement - 1].support)
        for one in grades
        if one.statement is not None and (case := by_key[one.id, one.repeat])
    ]


def _answers(cases: Sequence[Case], grades: Sequence[Grade]) -> list[_Pair]:
    by_key = {case.result.key: case for case in cases}
    return [
        _Pair(
            case.question.cluster,
            one.verdict if one.verdict in ("correct", UNSCORED) else OTHER,
            "correct" if case.right else OTHER,
        )
        for one in grades
        if one.statement is None and (case := by_key[one.id, one.repeat])
    ]


def _lacking(case: Case) -> _Pair:
    return _Pair(case.question.cluster, UNSCORED, OTHER)


def _compared(pairs: Sequence[_Pair], good: str, rate: bool) -> dict[str, Any]:
    def mean(of: Callable[[_Pair], bool]) -> dict[str, Any]:
        return asdict(figure([(one.cluster, None if one.judge == UNSCORED else float(of(one))) for one in pairs], rate))

    beyond_chance = kappa([(one.judge, one.metric) for one in pairs if one.judge != UNSCORED])
    return mean(lambda one: one.judge == good) | {
        "without_judge": mean(lambda one: one.metric == good)["value"],  # of the same
        "agreement": mean(lambda one: one.judge == one.metric),
        "kappa": None if beyond_chance is None else round(beyond_chance, DIGITS),
    }


def rows(found: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """What `judged` found, as cells under HEAD."""
    return [(name, *_cells(found[key])) for key, name in NAMES.items()]


def _cells(one: Mapping[str, Any]) -> tuple[str, ...]:
    equal = one["agreement"]
    scored = f"{one['scored']} of {one['of']}"
    beside = (_number(one["without_judge"]), f"{_number(equal['value'])} ({_interval(equal)})", _number(one["kappa"]))
    return _number(one["value"]), _interval(one), scored, *beside


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _interval(found: Mapping[str, Any]) -> str:
    return "-" if found["low"] is None else f"{found['low']:.3f} to {found['high']:.3f}"


def notes(found: Mapping[str, Any], most: int = 3) -> list[str]:
    """What else is to be said of it: how many are unscored and the commonest reasons, how many prompts were cut."""
    reasons = Counter(found["unscored"])
    lines = [f"{count} unscored: {reason}" for reason, count in reasons.most_common(most)]
    rest = reasons.total() - sum(count for _, count in reasons.most_common(most))
    lines += [f"{rest} more unscored; judged.jsonl says why."] if rest else []
    lines += [f"{found['shortened']} prompts had no room for all quotes."] if found["shortened"] else []
    return lines
