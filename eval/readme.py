"""The README's tables of figures: written by a command, held by a test."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from eval.summary import Summary, stand_ins
from rag.errors import CallerMistake

COLUMNS = {
    "n": None, "right": "right", "hit@1": "hit@1", "nDCG@10": "nDCG@10", "citation precision": "citation precision",
    "recall": "citation recall", "evidence": "evidence recall", "facts": "facts", "abstention": "abstention accuracy",
}  # fmt: skip
BESIDE = ("validity", "fidelity", "false refusals", "right refusals", "precision when answering", "CRAG score",
          "papers fully right", "attack success")  # fmt: skip


def rewritten(text: str, summary: Summary) -> str:
    """The README with the table of this run between its markers. Raises CallerMistake where it has none."""
    return placed(text, "figures", table(summary))


def placed(text: str, name: str, lines: str) -> str:
    """The text with these lines between the markers of that name. Raises CallerMistake where it has none.

    >>> placed("A <!-- n -->old<!-- /n --> B", "n", "new")
    'A <!-- n -->\\nnew\\n<!-- /n --> B'
    """
    begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    before, found, rest = text.partition(begin)
    _, closed, after = rest.partition(end)
    if not found or not closed:
        raise CallerMistake(f"The text has no {begin} ... {end}. Put them where the table belongs.")
    return f"{before}{begin}\n{lines}\n{end}{after}"


def table(summary: Summary) -> str:
    """By kind of question, then what is measured over all of them."""
    figures, run = summary["figures"], summary["run"]
    groups = [*((plain(kind), found) for kind, found in figures["kind"].items()), ("**all**", figures["all"])]
    beside = (f"{name} {_with_bounds(figures['all'][name])}" for name in BESIDE if name in figures["all"])
    return "\n".join(
        [
            f"{run['questions']['count']} questions over {run['library']['papers']} papers, {plain(run['model'])}, "
            f"askpapers {run['versions']['askpapers']}; ± is half of the 95% interval.",
            "",
            f"| kind | {' | '.join(COLUMNS)} |",
            f"|---|{'---|' * len(COLUMNS)}",
            *(f"| {kind} | {' | '.join(_cell(found, name) for name in COLUMNS.values())} |" for kind, found in groups),
            "",
            f"{'; '.join(beside)}.",
            *(plain(line) for line in [stand_ins(summary)] if line),
        ]
    )


def _cell(found: Mapping[str, Any], name: str | None) -> str:
    if name is None:
        return str(max(figure["of"] for figure in found.values()))
    figure = found.get(name)
    if figure is None or figure["value"] is None:
        return "–"
    half = "" if figure["low"] is None else f" ± {(figure['high'] - figure['low']) / 2:.2f}"
    return f"{figure['value']:.2f}{half}"


def _with_bounds(figure: Mapping[str, Any]) -> str:
    if figure["value"] is None:
        return "not scored"
    bounds = "" if figure["low"] is None else f" ({figure['low']:.2f} to {figure['high']:.2f})"
    return f"{figure['value']:.2f}{bounds}"


def plain(text: str) -> str:
    """On one line, with nothing left that Markdown or HTML would act upon.

    >>> plain("![x](http://a.b) <b>\\nnext")
    '\\\\!\\\\[x\\\\](http://a.b) &lt;b&gt; next'
    """
    text = " ".join(text.split()).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*_\[\]!|~$#])", r"\\\1", text)
