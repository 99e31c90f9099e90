"""What Streamlit has no widget for: an answer with its evidence, questions to click, figures with intervals, words.

Words of papers, models and people go to the page as data and are set there as text: no Markdown, LaTeX or HTML of
theirs is ever rendered, and nothing of theirs fetched.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from rag.types import Answer
from ui.drawn import painted

ASSETS = Path(__file__).with_name("components")


def show_answer(answer: Answer, key: str) -> None:
    """The answer's text with its citations; one click on a number opens the abstract with the quote highlighted."""
    _answer()(data=json.dumps(painted(answer)), key=key)


def exchange_shower() -> Callable[[dict[str, Any], str, Callable[[], None]], None]:
    """Shows exchanges as `ui.drawn` makes them, under a key each; made once a run, as a chat has many.

    What the reader did with one is then in the state of its key: `did`, a dict of `what` and `value`.
    """
    shown = _answer()

    def show(drawn: dict[str, Any], key: str, on_did: Callable[[], None]) -> None:
        shown(data=json.dumps(drawn), key=key, on_did_change=on_did)  # one text: values would be looked at for tables

    return show


def _answer() -> Any:
    return _component("answer", "<article></article>", js=("evidence", "answer"))


def show_starters(questions: Sequence[str], key: str) -> str | None:
    """Buttons; gives the question that was clicked just now."""
    section = _component("starters", '<section aria-label="Questions to begin with"></section>')
    asked = section(data=list(questions), key=key, on_asked_change=lambda: None).asked
    return asked if asked in questions else None


def show_table(table: dict[str, Any], key: str) -> str | None:
    """A table as `ui.tables` makes them; gives the id of the row that was chosen just now."""
    section = _component("table", "<section></section>")
    chosen: str | None = section(data=table, key=key, on_chosen_change=lambda: None).chosen
    return chosen if chosen in [row.get("id") for row in table["rows"]] else None


def show_list(data: dict[str, Any], key: str, **callbacks: Callable[[], None]) -> None:
    """Conversations to open, rename and delete; what was done is in the session's state under that key."""
    _component("list", '<nav aria-label="Conversations"></nav>')(data=data, key=key, **callbacks)


def show_words(words: Sequence[tuple[str, str]], key: str) -> None:
    """What somebody else wrote, as text; a paragraph each, by what it is: asked, said or small."""
    shown = [{"kind": kind, "text": text} for kind, text in words if text]
    _component("words", "<section></section>")(data=shown, key=key)


def _component(name: str, html: str, js: Sequence[str] = ()) -> Any:
    """Registered at every run of the page, as the registry belongs to the running server."""
    script = "\n".join((ASSETS / f"{part}.js").read_text(encoding="utf-8") for part in js or (name,))
    return st.components.v2.component(name, html=html, css=(ASSETS / f"{name}.css").read_text("utf-8"), js=script)
