"""The evaluation in the window: runs, two of them compared, one question in depth, and thumbs down from the chat."""

from __future__ import annotations

import streamlit as st

from eval.runs import FOLDER, Found, runs_in
from eval.summary import stand_ins
from rag.config import Settings, load_settings
from rag.errors import AskpapersError
from ui import tables
from ui.commands import eval_run
from ui.comparison_view import comparison
from ui.components import show_table
from ui.feedback_view import thumbs_down
from ui.question_view import questions
from ui.showing import number

VIEWS = ("Runs", "Compare", "Questions", "Thumbs down")


def page() -> None:
    """Draws the view that is open, and that alone."""
    st.title("Evaluation", anchor=False)
    for tab, view in zip(st.tabs(VIEWS, key="view", on_change="rerun"), VIEWS, strict=True):
        if tab.open:
            with tab:
                draw(view)


def draw(view: str) -> None:
    """One view, or what keeps it from being drawn."""
    try:
        settings = load_settings()
        if view == "Thumbs down":
            thumbs_down(settings)
            return
        found = runs_in(settings.library / FOLDER)
        if not found:
            none_yet(settings)
        elif view == "Runs":
            runs(found)
        elif view == "Compare":
            comparison(found)
        else:
            questions(found)
    except AskpapersError as problem:
        st.text(str(problem))


def none_yet(settings: Settings) -> None:
    """How to make the first run."""
    st.markdown(
        "No run yet. A run answers a set of questions and measures the answers: how many are right, whether the right "
        "papers are cited, whether it abstains when it should. Make one in a terminal; it shows up here.",
        width=704,
    )
    st.code(eval_run(settings), language=None, wrap_lines=True)


def runs(found: list[Found]) -> None:
    """All of them, and the figures of the one that is chosen."""
    names = [run.name for run in found]
    if st.session_state.get("run") not in names:
        st.session_state.run = next((run.name for run in found if run.summary), names[0])
    chosen = show_table(tables.runs(found, st.session_state.run), key="runs")
    if chosen and chosen != st.session_state.run:
        st.session_state.run = chosen
        st.rerun()
    run = found[names.index(st.session_state.run)]
    if run.summary:
        figures(run)


def figures(run: Found) -> None:
    """What was measured, by kind of question and over all."""
    summary = run.summary or {}
    st.subheader("By kind of question", anchor=False)
    counts = ", ".join(f"{count:,} {status}" for status, count in summary["status"].items())
    asked = number(summary["run"]["questions"]["count"], "question")
    st.text(f"{run.name}: {run.model}, {asked}; {counts}. {stand_ins(summary)}".rstrip())
    show_table(tables.by_kind(summary), key="by-kind")
    st.text("Lines are 95% intervals: where two of them overlap widely, the difference may be chance.")
    with st.expander("Every figure, over all questions"):
        show_table(tables.every_figure(summary), key="every-figure")


if __name__ == "__main__":
    page()
