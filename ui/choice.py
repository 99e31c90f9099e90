"""Papers that were ticked, over all pages of the list, and what can be done with them."""

from __future__ import annotations

import streamlit as st

from rag.types import Scope
from ui.scope_view import bind

MOST_COMPARED = 30


def chosen() -> tuple[str, ...]:
    """Their ids, in the order they were ticked."""
    return tuple(st.session_state.get("chosen", ()))


def choose(of: list[str], ticked: list[str]) -> None:
    """Of the papers on the page, these are ticked; what is ticked elsewhere stays."""
    kept = [paper for paper in chosen() if paper not in of or paper in ticked]
    st.session_state.chosen = (*kept, *(paper for paper in ticked if paper not in kept))


def set_aside() -> None:
    """Nothing is ticked any more."""
    st.session_state.chosen = ()
    st.session_state.choice_revision = revision() + 1


def revision() -> int:
    """Grows when boxes change otherwise than by being ticked."""
    return int(st.session_state.get("choice_revision", 0))


def compare(papers: tuple[str, ...]) -> None:
    """Opens them side by side."""
    st.session_state.compared = papers[:MOST_COMPARED]
    st.switch_page("compare_page.py")


def ask_about(papers: tuple[str, ...]) -> None:
    """Opens the chat, bound to them."""
    bind(Scope(papers=papers))
    st.switch_page("ask_page.py")
