"""Who writes the answers, whether all is in place, and how to let another model write. No key is shown or typed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread

import streamlit as st

from rag.config import Settings
from rag.errors import AskpapersError
from rag.library import Library
from ui.components import show_table, show_words
from ui.doctor import checks
from ui.findings import Check
from ui.known import known
from ui.recipes import RECIPES, kind_of
from ui.resources import library
from ui.settings_table import settings_table
from ui.showing import owners_page
from ui.tables import Table, column, table

SHAPES = {"ok": ("✓ fine", "good"), "warning": ("! look", "fair"), "error": ("✗ broken", "bad")}
BEFORE_IT = (
    "What is set in the environment or on the command line goes before that file. A key belongs into the file alone; "
    "it is sent to its own host and shown nowhere."
)
TICK = 0.3  # seconds between two looks at the clock


def page() -> None:
    """Draws the page, and tests when told to."""
    owners_page("Models", show_all)


def show_all(settings: Settings) -> None:
    """Raises AskpapersError."""
    store = library(settings)  # before it can go: where its folder is gone, opening would make it anew
    who_writes(settings)
    test(settings, store)
    how_to_switch(settings)
    with st.expander("Every setting"):
        show_table(settings_table(settings), "settings")


def who_writes(settings: Settings) -> None:
    """As it is configured; whether it works, the test says."""
    if settings.llm == "extractive":
        st.markdown("No model writes: answers are made of the papers' own sentences.")
    else:
        st.text(f"Answers are written by {settings.llm}, and held against quotes from the papers.")
    if settings.embedding != "bundled":
        st.text(f"Papers are found by {settings.embedding}, and by words.")


def test(settings: Settings, store: Library) -> None:
    """What is known at once, and what doctor finds when asked for; kept in this window until the next test."""
    if st.button("Test", icon=":material/stethoscope:"):
        st.session_state.pop("checked", None)
        try:
            len(store)  # raises where it is gone
            st.session_state.checked = made(lambda: checks(settings, ship=False))
        except AskpapersError as problem:
            st.text(str(problem))
    if found := st.session_state.get("checked"):
        show_table(checked(found, "What the test found"), "checks")
    else:
        show_table(checked(known(settings), "What is known before the test"), "known")


def made(make: Callable[[], Iterable[Check]]) -> list[Check]:
    """All of them, and meanwhile how far they are."""
    done: list[Check] = []
    with st.empty().container():
        words = st.empty()
        for check in waiting(make):
            done += [check] if check else []
            words.text(f"Testing ... {', '.join(one.name for one in done)}")
        words.empty()
    return done


def waiting(make: Callable[[], Iterable[Check]]) -> Iterator[Check | None]:
    """None while the next one is being made: a model may keep silent for minutes, and a click must not."""
    queue = SimpleQueue[Check | Exception | None]()

    def work() -> None:
        try:
            for check in make():
                queue.put(check)
            queue.put(None)
        except Exception as error:  # raised again where it is waited for
            queue.put(error)

    Thread(target=work, daemon=True).start()
    while True:
        try:
            got = queue.get(timeout=TICK)
        except Empty:
            yield None
            continue
        if isinstance(got, Exception):
            raise got
        if got is None:
            return
        yield got


def checked(found: Iterable[Check], label: str) -> Table:
    """A row a check; its port is the window's own, and taken by it."""
    rows = (
        {
            "cells": [
                {"text": SHAPES[check.status][0], "shade": SHAPES[check.status][1]},
                check.name,
                {"text": check.message, "sub": check.fix or ""},
            ]
        }
        for check in found
        if check.name != "port"
    )
    return table(label, [column("", "tight"), column("", "tight"), column("")], rows)


def how_to_switch(settings: Settings) -> None:
    """The lines for `.env`, and where that is."""
    st.subheader("Let another model write", anchor=False)
    kind = st.segmented_control(
        "Served by", list(RECIPES), default=kind_of(settings), required=True, key="kind", persist_state="session"
    )
    recipe = RECIPES[kind]
    if recipe.start:
        st.markdown("Start its server:")
        st.code(recipe.start, language=None, wrap_lines=True)
    st.text(f"Put into the file .env in {Path.cwd()}, then stop the window and start it there again:")
    st.code(recipe.lines, language=None, wrap_lines=True)
    show_words([("small", BEFORE_IT)], "before")


if __name__ == "__main__":
    page()
