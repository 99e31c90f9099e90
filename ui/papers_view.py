"""All papers: found as one types, filtered, sorted, ticked, a page at a time; or the same ones as a map."""

from __future__ import annotations

from typing import Any

import streamlit as st

from rag.catalogue import Catalogue, Order, Wanted, listed
from rag.config import Settings
from rag.errors import AskpapersError
from ui.choice import MOST_COMPARED, ask_about, choose, chosen, compare, revision, set_aside
from ui.library_components import show_papers
from ui.map_view import show_places
from ui.removal import offer_removal
from ui.resources import library, shelf

A_PAGE = 50  # papers
WIDTH = 960  # pixels
ORDERS: dict[Order, str] = {
    "arrival": "Order of arrival", "title": "Title", "newest": "Newest first", "oldest": "Oldest first"
}  # fmt: skip
BY_YEAR = ("newest", "oldest")
VIEWS = ("List", "Map")
LIMIT = f"Side by side, at most {MOST_COMPARED}"


@st.fragment
def show_all(settings: Settings) -> None:
    """Draws itself anew at every keystroke, and not the page around it."""
    try:
        with st.container(width=WIDTH):
            known = shelf(settings).now()
            wanted, view = search(known)
            found = known.find(wanted)
            if not found:
                st.text("No paper is like that.")
            elif view == "Map":
                show_places(settings, found)
            else:
                show_list(settings, found)
    except AskpapersError as problem:
        st.text(str(problem))


def search(known: Catalogue) -> tuple[Wanted, str]:
    """What is typed and chosen."""
    keep: dict[str, Any] = {"persist_state": "session", "label_visibility": "collapsed"}
    hint = "Words of title, author or venue" if known.has_authors else "Words of the title"
    words = st.text_input(
        "Search", type="search", live=True, placeholder=hint, key="words", on_change=restart, **keep
    )  # fmt: skip
    with st.container(horizontal=True, vertical_alignment="center"):
        view = st.segmented_control("View", VIEWS, default=VIEWS[0], required=True, key="view_of_papers", **keep)
        order = sort(known, keep) if view == VIEWS[0] else "arrival"  # a map has no order
        bounds = filters(known) if known.all_years or known.all_venues or known.has_authors else {}
    return Wanted(words=words or "", order=order, **bounds), view or VIEWS[0]


def sort(known: Catalogue, keep: dict[str, Any]) -> Order:
    """By year only where papers have years."""
    orders = [one for one in ORDERS if known.all_years or one not in BY_YEAR]
    order: Order = st.selectbox(
        "Sort", orders, format_func=ORDERS.__getitem__, key="order", on_change=restart, width=180, **keep
    )
    return order


def filters(known: Catalogue) -> dict[str, Any]:
    """Behind a button: the years, venue and author wanted, where papers have such."""
    first, last = known.all_years or (0, 0)
    keys = {"years": f"years-{first}-{last}", "venue": "venue", "author": "author"}
    bounds = {bound: value for bound, key in keys.items() if (value := st.session_state.get(key))}
    if bounds.get("years") == (first, last):
        del bounds["years"]
    keep: dict[str, Any] = {"on_change": restart, "persist_state": "session"}
    with st.popover(f"Filter ({len(bounds)})" if bounds else "Filter", icon=":material/tune:"):
        if first < last:
            st.slider("Years", first, last, (first, last), key=keys["years"], **keep)
        if known.all_venues:
            st.selectbox("Venue", known.all_venues, index=None, placeholder="Any", key=keys["venue"], **keep)
        if known.has_authors:
            st.text_input("Author", placeholder="Any", key=keys["author"], live=True, **keep)
    return bounds


def restart() -> None:
    """Another search begins at its first page."""
    st.session_state.search_turn = st.session_state.get("search_turn", 0) + 1


def show_list(settings: Settings, found: list[int]) -> None:
    """A page of it, with what can be done with those that are ticked."""
    pages = -(-len(found) // A_PAGE)
    turner = f"page-{st.session_state.get('search_turn', 0)}-{pages}"
    page = int(st.session_state.get(turner, 1))
    first = (page - 1) * A_PAGE
    papers = listed(library(settings), found[first : first + A_PAGE])
    act(settings, f"{first + 1:,} to {first + len(papers):,} of {len(found):,}")
    opened = show_papers(papers, "Papers", "papers", chosen(), revision(), on_ticked=choose)
    if opened:
        st.switch_page("papers_page.py", query_params={"paper": opened})
    if pages > 1:
        st.pagination(pages, key=turner, persist_state="session")


def act(settings: Settings, shown: str) -> None:
    """Where one is in the list, and what can be done with the papers that are ticked."""
    some = chosen()
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.text(f"{shown} · {len(some):,} chosen" if some else shown, width="stretch")
        if st.button("Compare", icon=":material/table_rows:", type="tertiary", disabled=not some, help=LIMIT):
            compare(some)
        if st.button("Ask about these", icon=":material/forum:", type="tertiary", disabled=not some):
            ask_about(some)
        offer_removal(settings, some)
        if some:
            st.button("Clear", icon=":material/close:", type="tertiary", on_click=set_aside)
