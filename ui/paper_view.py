"""One paper: all that is known of it, what is like it, and what can be done with it."""

from __future__ import annotations

import streamlit as st

from rag.catalogue import known
from rag.config import Settings
from rag.likeness import similar
from rag.reference import bibtex
from rag.types import Paper
from ui.choice import MOST_COMPARED, ask_about
from ui.library_components import show_abstract, show_head, show_papers
from ui.removal import offer_removal
from ui.resources import library, pipeline

ALIKE = 6
WIDTH = 740  # pixels


def show_one(settings: Settings, paper_id: str) -> None:
    """Raises LibraryError."""
    with st.container(width=WIDTH):
        if st.button("All papers", icon=":material/arrow_back:", type="tertiary"):
            st.switch_page("papers_page.py")
        found = known(library(settings), [paper_id])
        if not found:
            st.text(f"No paper {paper_id!r} in the library. It may have been removed, or merged with another.")
            return
        (paper,) = found
        show_head(paper)
        act(settings, paper)
        show_abstract(paper)
        show_similar(settings, paper)


def act(settings: Settings, paper: Paper) -> None:
    """What can be done with it."""
    compared: tuple[str, ...] = st.session_state.get("compared", ())
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if st.button("Ask about this paper", icon=":material/forum:"):
            ask_about((paper.id,))
        full = len(compared) >= MOST_COMPARED
        if st.button(
            "Compare", icon=":material/table_rows:", type="tertiary", disabled=full and paper.id not in compared
        ):
            st.session_state.compared = tuple(dict.fromkeys((*compared, paper.id)))
            st.switch_page("compare_page.py")
        with st.popover("BibTeX", icon=":material/format_quote:", type="tertiary"):
            st.code(bibtex(paper), language=None, wrap_lines=True)
        offer_removal(settings, [paper.id])


def show_similar(settings: Settings, paper: Paper) -> None:
    """Nearest first; by the vectors that are there."""
    near = known(library(settings), similar(pipeline(settings).retriever.index(), paper.id, ALIKE))
    if near:
        st.subheader("Similar papers", anchor=False)
        opened = show_papers(near, "Similar papers", "similar")
        if opened:
            st.switch_page("papers_page.py", query_params={"paper": opened})
