"""One question of a run in depth: what was asked, what a right answer holds, what was answered and found."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from eval.items import Item
from eval.metrics import Case
from eval.results import FILE
from eval.runs import Found, contents
from eval.summary import Summary, scores_of
from ui import tables
from ui.components import show_table, show_words
from ui.reopened import Lookup
from ui.resources import lookup
from ui.showing import WIDTH, choose_run, show_result, unreadable

EVERY = "every"
VERDICTS = (EVERY, "right", "wrong", "abstained", "failed")
ROLES = {"user": "Asked before", "assistant": "Answered"}


def questions(found: Sequence[Found]) -> None:
    """Chooses a run and a question of it. Raises CallerMistake where the run can't be read."""
    run_box, kind_box, verdict_box = st.columns([3, 2, 2])
    with run_box:
        run = choose_run("Run", found, "run")
    kept = contents(run.folder)
    items = [Item(case) for case in kept.cases]
    unreadable(kept.unreadable, FILE)
    kinds = [EVERY, *dict.fromkeys(item.question.kind for item in items)]
    with kind_box:
        kind = st.selectbox("Kind", kinds, key="kind", persist_state="session")
    with verdict_box:
        verdict = st.selectbox("Verdict", VERDICTS, key="verdict", persist_state="session")
    some = [item for item in items if kind in (EVERY, item.question.kind) and verdict in (EVERY, item.verdict)]
    if not some:
        st.markdown("No question of this run is like that.")
        return
    place = st.selectbox(
        f"Question ({len(some):,} of {len(items):,})", range(len(some)), format_func=lambda at: title(some[at])
    )
    in_depth(some[place], run.summary, lookup())


def title(item: Item) -> str:
    """As the list has it."""
    repeat = f" (repeat {item.result.repeat})" if item.result.repeat > 1 else ""
    return f"{item.question.text}  ·  {item.verdict}, {item.question.id}{repeat}"


def in_depth(item: Item, summary: Summary | None, known: Lookup) -> None:
    """From the question to what was found for it, top to bottom."""
    question, result = item.question, item.result
    said = [("said", f"{ROLES[turn.role]}: {turn.content}") for turn in question.history]
    alone = result.standalone_question
    understood = f"Understood as: {alone}" if alone != question.text else ""
    small = f"{item.verdict} · {question.kind} · {question.id}"
    show_words([("small", small), *said, ("asked", question.text), ("said", understood)], "asked")
    show_result(result, known, "in-depth")
    case = with_abstracts(item.case, known)
    with st.container(width=WIDTH):
        st.subheader("What a right answer holds", anchor=False)
        if not question.answerable:
            st.markdown("That the papers don't say.")
        if result.status != "failed" and (rows := tables.gold(case, titles(case, known)))["rows"]:
            show_table(rows, "gold")
        if result.passages:
            st.subheader("What was found", anchor=False)
            show_table(tables.passages(case), "passages")
    scores = scores_of(summary).get(question.id, {}) if summary else {}
    show_words([("small", ", ".join(f"{name} {score:g}" for name, score in scores.items()))], "scores")


def with_abstracts(case: Case, known: Lookup) -> Case:
    """With what the library has for the papers cited, so that neighbouring quotes count as one."""
    papers = [known(citation.paper.id) for citation in case.result.citations]
    return Case(case.question, case.result, {paper.id: paper.abstract for paper in papers if paper})


def titles(case: Case, known: Lookup) -> dict[str, str]:
    """Of the gold papers that are named by their id."""
    names = (name for group in case.question.papers for name in group)
    return {name: paper.title for name in names if (paper := known(name))}
