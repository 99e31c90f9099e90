"""The papers: all of them as a list or as a map, or one by itself."""

from __future__ import annotations

import streamlit as st

from rag.config import Settings, load_settings
from rag.errors import AskpapersError
from ui.paper_view import show_one
from ui.papers_view import show_all
from ui.removal import offer_undo
from ui.resources import library


def page() -> None:
    """Draws the paper that the address names, or all."""
    try:
        settings = load_settings()
        if paper := st.query_params.get("paper"):
            show_one(settings, paper)
        else:
            collection(settings)
    except AskpapersError as problem:
        st.text(str(problem))


def collection(settings: Settings) -> None:
    """Raises AskpapersError."""
    st.title("Papers", anchor=False)
    offer_undo(settings)
    if len(library(settings)):
        show_all(settings)
    else:
        st.markdown("The library holds no papers yet. Add some, or in a terminal: `askpapers ingest PATH`")
        st.page_link("add_page.py", label="Add papers", icon=":material/upload_file:")


if __name__ == "__main__":
    page()
