"""What all windows share: one library, one pipeline. Neither holds a question or an answer."""

from __future__ import annotations

import streamlit as st

from rag.catalogue import Shelf
from rag.config import Settings, load_settings
from rag.errors import LibraryError, UnknownPaper
from rag.library import Library
from rag.pipeline import Pipeline
from rag.types import Paper
from ui.opening import open_library, open_pipeline
from ui.reopened import Lookup
from ui.starters import starters, topics


@st.cache_resource(show_spinner=False)
def library(settings: Settings) -> Library:
    """Opened once, so that one deleted under us is noticed, and not made anew."""
    return open_library(settings, ship=False)


@st.cache_resource(show_spinner=False)
def pipeline(settings: Settings) -> Pipeline:
    """Over that library."""
    return open_pipeline(library(settings), settings)


@st.cache_resource(show_spinner=False)
def shelf(settings: Settings) -> Shelf:
    """Its catalogue."""
    return Shelf(library(settings))


@st.cache_data(show_spinner=False, max_entries=4)
def beginnings(_library: Library, edition: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What the papers are often about, and questions to begin with; made once for each edition of the library."""
    papers = tuple(_library.papers())
    return topics(papers), starters(papers)


def lookup() -> Lookup:
    """Looks papers up by id, each once; without a library that can be read, none is known."""
    known: dict[str, Paper | None] = {}

    def paper(key: str) -> Paper | None:
        if key not in known:
            known[key] = _paper(key)
        return known[key]

    return paper


def _paper(key: str) -> Paper | None:
    try:
        found = library(load_settings()).paper(key)
    except (UnknownPaper, LibraryError):
        return None
    return found if found.id == key else None  # not one of that title
