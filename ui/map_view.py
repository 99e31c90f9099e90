"""The papers of a search as a map by topic; places are worked out once for each edition of the index."""

from __future__ import annotations

import numpy as np
import streamlit as st

from rag.catalogue import listed
from rag.config import Settings
from rag.edition import Index
from rag.layout import layout
from rag.likeness import centres
from rag.topics import Topic, topics
from rag.types import Paper
from ui.library_components import show_map
from ui.resources import library, pipeline
from ui.showing import number

MOST = 3000  # papers


def show_places(settings: Settings, found: list[int]) -> None:
    """A dot a paper; what is alike lies close. Raises LibraryError."""
    papers = {paper.id: paper for paper in listed(library(settings), found[:MOST])}
    index = pipeline(settings).retriever.index()
    with st.spinner("Drawing the map ..."):
        known, places, found_topics = _places(index, index.edition, tuple(papers.values()))
    st.text(_told(len(found), len(known), library(settings).busy))
    if known:
        opened = show_map([papers[one] for one in known], places, found_topics, "A map of the papers", "map")
        if opened:
            st.switch_page("papers_page.py", query_params={"paper": opened})


def _told(found: int, shown: int, is_adding: bool) -> str:
    parts = [f"{number(shown, 'paper')}; what lies close is alike."]
    if lacking := min(found, MOST) - shown:
        why = "more being added." if is_adding else "without a passage, and so without a place."
        parts.append(f"{number(lacking, 'paper')} {why}")
    if found > MOST:
        parts.append(f"{found:,} were found: narrow the search to see others.")
    return " ".join(parts)


@st.cache_data(show_spinner=False, max_entries=8)
def _places(
    _index: Index, edition: str, papers: tuple[Paper, ...]
) -> tuple[tuple[str, ...], np.ndarray, tuple[Topic, ...]]:
    """Ids of the papers that the index holds, where they lie, and what they are about."""
    known, vectors = centres(_index, [paper.id for paper in papers])
    held = [paper for paper in papers if paper.id in set(known)]
    places = layout(vectors)
    return known, places, topics(places, [paper.title for paper in held], [paper.abstract for paper in held])
