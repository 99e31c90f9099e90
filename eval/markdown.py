"""A run as Markdown, for a pull request or a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from eval.agreement import HEAD, notes, rows
from eval.metrics import Case
from eval.missed import missed
from eval.readme import plain, table
from eval.summary import Summary


def markdown(summary: Summary, cases: Sequence[Case]) -> str:
    """The figures, then every answer that is not right and what it missed."""
    wrong = [case for case in cases if case.result.status == "failed" or not case.right]
    return "\n".join(
        [
            f"# {summary['run']['questions']['count']} questions, {plain(summary['run']['model'])}",
            "",
            table(summary),
            "",
            *_figures(summary),
            *_judged(summary),
            "",
            f"## Not right: {len(wrong)} of {len(cases)}",
            *(line for case in wrong for line in _case(case)),
            "",
        ]
    )


def _figures(summary: Summary) -> Iterator[str]:
    yield "| figure | value | 95% interval | scored |"
    yield "|---|---|---|---|"
    for name, found in summary["figures"]["all"].items():
        value = "-" if found["value"] is None else f"{found['value']:.3f}"
        bounds = "-" if found["low"] is None else f"{found['low']:.3f} to {found['high']:.3f}"
        yield f"| {name} | {value} | {bounds} | {found['scored']} of {found['of']} |"


def _judged(summary: Summary) -> Iterator[str]:
    if found := summary.get("judge"):
        yield f"\n## Judged by {plain(found['model'])}\n"
        yield f"| {' | '.join(HEAD)} |"
        yield "|---" * len(HEAD) + "|"
        yield from (f"| {' | '.join(row)} |" for row in rows(found))
        yield from (f"\n{plain(note)}" for note in notes(found))


def _case(case: Case) -> Iterator[str]:
    question = case.question
    yield f"\n**{plain(question.id)}** ({plain(question.kind)}, {case.result.status}): {plain(question.text)}"
    yield f"\n> {plain(case.result.text or case.result.reason or '')}\n"
    if case.result.status != "failed":
        found = missed(case)
        for what, groups in (("paper", found.papers), ("evidence", found.evidence), ("fact", found.facts)):
            yield from (f"- missed {what}: {plain(' / '.join(group))}" for group in groups)
        if found.invented or found.forbidden:
            yield f"- must not be said: {plain(', '.join([*map(str, found.invented), *found.forbidden]))}"
