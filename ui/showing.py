"""What pages share: who may open them, choosing a run, an answer from disk, words as words."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from eval.results import Result
from eval.runs import Found
from rag.config import Settings, load_settings
from rag.errors import AskpapersError
from ui.components import show_answer
from ui.permission import READ_ONLY, may_change
from ui.reopened import Lookup, reopened
from ui.tables import when

WIDTH = 960  # pixels; wider lines are hard to read


def owners_page(title: str, draw: Callable[[Settings], None]) -> None:
    """A page for whoever may change the library; others are told so, and everybody what goes wrong."""
    st.title(title, anchor=False)
    with st.container(width=WIDTH):
        try:
            settings = load_settings()
            if may_change(settings):
                draw(settings)
            else:
                st.text(READ_ONLY)
        except AskpapersError as problem:
            st.text(str(problem))


def number(count: int, what: str) -> str:
    """1 line, 2 lines."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def unreadable(lines: int, file: str) -> None:
    """Says so, if there are any."""
    if lines:
        st.text(f"{number(lines, 'line')} of {file} can't be read.")


def choose_run(label: str, runs: Sequence[Found], key: str, otherwise: int = 0) -> Found:
    """By name; the choice is kept while other views and pages are open."""
    names = [run.name for run in runs]
    if st.session_state.get(key) not in names:
        st.session_state[key] = names[otherwise]
    titles = {run.name: " · ".join(filter(None, (when(run.started), run.model, run.name))) for run in runs}
    chosen = st.selectbox(label, names, format_func=titles.__getitem__, key=key, persist_state="session")
    return runs[names.index(chosen)]


def show_result(result: Result, lookup: Lookup, key: str) -> None:
    """As in the chat; what failed says why."""
    if result.status == "failed":
        st.text(result.reason or "It failed, and does not say why.")
    else:
        show_answer(reopened(result, lookup), key)
