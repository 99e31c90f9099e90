"""Taking papers out of the library in the window, and putting back what was taken out last."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from ingest.add import embed, put_back, remove
from rag.catalogue import known
from rag.chroma_server import load_server
from rag.config import Settings
from rag.encoder import BundledEncoder
from rag.models import load_embedding
from rag.types import Paper
from ui.choice import set_aside
from ui.permission import may_change
from ui.resources import library
from ui.showing import number


def offer_removal(settings: Settings, papers: Sequence[str]) -> None:
    """A button that asks again before it does so; none where others could press it. Raises LibraryError."""
    if not may_change(settings):
        return
    with st.popover("Remove", icon=":material/delete:", type="tertiary", disabled=not papers):
        st.text(f"{number(len(papers), 'paper')} will be taken out of the library. You can take it back afterwards.")
        if st.button("Remove from the library", icon=":material/delete:"):
            with st.spinner("Removing ..."):
                removed = tuple(known(library(settings), papers))
                remove(library(settings), papers, BundledEncoder(), load_server(settings))
            st.session_state.removed = removed
            set_aside()
            st.query_params.clear()
            st.rerun(scope="app")


def offer_undo(settings: Settings) -> None:
    """Where papers were removed in this window: says so, with a way back. Raises LibraryError."""
    removed: tuple[Paper, ...] = st.session_state.get("removed", ())
    if not removed:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.text(f"{number(len(removed), 'paper')} removed.", width="content")
        if st.button("Undo", icon=":material/undo:", type="tertiary"):
            with st.spinner("Putting back ..."):
                put_back(library(settings), removed, BundledEncoder(), load_server(settings))
                if embedding := load_embedding(settings):
                    embed(library(settings), embedding, ("passage",))
            st.session_state.removed = ()
            st.rerun(scope="app")
