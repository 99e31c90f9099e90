"""Papers side by side: what each abstract says to the same questions, word for word."""

from __future__ import annotations

import streamlit as st

from rag.catalogue import Wanted, known, listed
from rag.config import Settings, load_settings
from rag.errors import AskpapersError
from rag.pipeline import LONGEST
from rag.side_by_side import STANDARD, Column, cell, column
from rag.types import Paper, Span
from ui.choice import MOST_COMPARED
from ui.comparison_export import Cells, as_csv, as_markdown
from ui.library_components import show_grid, show_papers
from ui.resources import library, pipeline, shelf
from ui.showing import number

MOST_COLUMNS = 12
PACE = 10  # cells between two steps of the progress bar
OFFERED = 8  # papers, as a title is typed
DOWN = ":material/download:"


def page() -> None:
    """Draws the table, and what it is made of."""
    st.title("Compare", anchor=False)
    try:
        settings = load_settings()
        st.markdown(
            "Each cell is a sentence of the paper's own abstract, word for word. Where it doesn't say, that is told.",
            width=740,
        )
        papers = compared(settings)
        choose(settings, papers)
        if papers:
            side_by_side(settings, papers)
        else:
            st.text("No papers are chosen yet: type a title here, or tick several on the page Papers.")
    except AskpapersError as problem:
        st.text(str(problem))


def compared(settings: Settings) -> tuple[Paper, ...]:
    """The papers chosen; those that are gone meanwhile are named as such. Raises LibraryError."""
    wanted: tuple[str, ...] = st.session_state.get("compared", ())
    papers = tuple(known(library(settings), wanted))
    if gone := len(wanted) - len(papers):
        st.text(f"{number(gone, 'paper')} of the comparison {'is' if gone == 1 else 'are'} no longer in the library.")
        st.session_state.compared = tuple(paper.id for paper in papers)
    return papers


def choose(settings: Settings, papers: tuple[Paper, ...]) -> None:
    """Papers and questions are added by typing."""
    with st.container(horizontal=True, vertical_alignment="bottom", width=960):
        words = st.text_input(
            "Add a paper", type="search", live=True, placeholder="Words of its title", key=f"adding-{len(papers)}",
            disabled=len(papers) >= MOST_COMPARED,
        )  # fmt: skip
        with (
            st.form("another", clear_on_submit=True, border=False),
            st.container(horizontal=True, vertical_alignment="bottom"),
        ):
            typed = st.text_input("Add a question", placeholder="Which languages are covered?", max_chars=LONGEST)
            if st.form_submit_button("Add", icon=":material/add:") and typed and typed.strip():
                add_column(typed.strip())
    if words:
        offer(settings, words, papers)


def offer(settings: Settings, words: str, papers: tuple[Paper, ...]) -> None:
    """Papers of that title that are not there yet; a click adds one. Raises LibraryError."""
    there = {paper.id for paper in papers}
    found = listed(library(settings), shelf(settings).now().find(Wanted(words=words))[: OFFERED + len(there)])
    offered = [paper for paper in found if paper.id not in there][:OFFERED]
    if not offered:
        st.text("No other paper is like that.")
        return
    opened = show_papers(offered, "Papers to add", "offered")
    if opened:
        st.session_state.compared = (*(paper.id for paper in papers), opened)
        st.rerun()


def columns() -> tuple[Column, ...]:
    """As they stand."""
    chosen: tuple[Column, ...] = st.session_state.get("columns", STANDARD)
    return chosen


def add_column(typed: str) -> None:
    """At the end, once."""
    asked = column(typed)
    if asked not in columns() and len(columns()) < MOST_COLUMNS:
        st.session_state.columns = (*columns(), asked)


def side_by_side(settings: Settings, papers: tuple[Paper, ...]) -> None:
    """The table, and the files to take away. Raises LibraryError."""
    cells = filled(settings, papers, columns())
    done = show_grid(papers, columns(), cells, "grid")
    if done:
        react(*done)
    with st.container(horizontal=True):
        csv = as_csv(papers, columns(), cells).encode("utf-8-sig")
        st.download_button("CSV", csv, "comparison.csv", "text/csv", icon=DOWN, on_click="ignore")
        markdown = as_markdown(papers, columns(), cells)
        st.download_button("Markdown", markdown, "comparison.md", "text/markdown", icon=DOWN, on_click="ignore")
        if columns() != STANDARD and st.button("Standard columns", icon=":material/restart_alt:", type="tertiary"):
            st.session_state.columns = STANDARD
            st.rerun()
        if st.button("Clear", icon=":material/close:", type="tertiary"):
            st.session_state.compared = ()
            st.rerun()


def filled(settings: Settings, papers: tuple[Paper, ...], asked: tuple[Column, ...]) -> Cells:
    """All cells; what this window has worked out for this edition of the library is kept. Raises LibraryError."""
    retriever, edition = pipeline(settings).retriever, library(settings).edition
    kept: dict[tuple[str, str], Span | None] = {}
    if st.session_state.get("cells_of") == edition:
        kept = st.session_state.cells
    lacking = [(paper, one) for paper in papers for one in asked if (paper.id, one.question) not in kept]
    place = st.empty()
    for done, (paper, one) in enumerate(lacking):
        if done % PACE == 0 and len(lacking) > PACE:
            place.progress(done / len(lacking), f"{done:,} of {len(lacking):,} cells")
        kept[paper.id, one.question] = cell(retriever, settings, one, paper.id)
    place.empty()
    st.session_state.cells, st.session_state.cells_of = kept, edition
    return kept


def react(what: str, value: str) -> None:
    """To a click in the table."""
    if what == "opened":
        st.switch_page("papers_page.py", query_params={"paper": value})
    elif what == "dropped":
        st.session_state.compared = tuple(paper for paper in st.session_state.compared if paper != value)
    else:
        st.session_state.columns = tuple(one for one in columns() if one.question != value)
    st.rerun()


if __name__ == "__main__":
    page()
