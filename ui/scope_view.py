"""Which papers are asked: shown above the box, chosen behind it, and obeyed by every question."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import streamlit as st

from rag.library import Library
from rag.types import EVERYTHING, Scope
from ui.chat import whom

OFFERED = 2000  # names in a list to choose from; beyond, a part of the name is typed
SHOWN = 40  # characters of a name


@dataclass(frozen=True, slots=True)
class Choices:
    """What the library has to choose by; empty where no paper has it."""

    count: int
    years: tuple[int, ...]
    venues: tuple[str, ...]
    authors: tuple[str, ...]
    titles: dict[str, str]


def scope() -> Scope:
    """What the chat is bound to."""
    chosen: Scope = st.session_state.get("scope", EVERYTHING)
    return chosen


def bind(chosen: Scope) -> None:
    """From now on, these papers are asked; the fields to choose by begin anew."""
    st.session_state.scope = chosen
    st.session_state.scope_edition = st.session_state.get("scope_edition", 0) + 1


def show_scope(library: Library) -> None:
    """One quiet line: who is asked, and behind it, the choice. Raises LibraryError."""
    choices = _choices(library, library.edition)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        with st.popover(_plain(told(scope(), choices)), icon=":material/filter_alt:", type="tertiary"):
            _choose(choices)
        if scope():
            st.button("Ask all papers", type="tertiary", icon=":material/close:", on_click=bind, args=(EVERYTHING,))


def told(chosen: Scope, choices: Choices) -> str:
    """The scope in words."""
    return f"Asking {whom(chosen, choices.titles) or f'all {choices.count:,} papers'}"


def _plain(text: str) -> str:
    """For a label, which would be read as Markdown: cut, and without what could be markup."""
    return "".join(char if char.isalnum() or char in " .,-&()’'“”·?!/" else " " for char in text)[: SHOWN * 2]


@st.cache_resource(show_spinner=False, max_entries=4)  # not copied at every run: 64,000 titles
def _choices(_library: Library, edition: str) -> Choices:
    papers = tuple(_library.papers())
    return Choices(
        count=len(papers),
        years=tuple(sorted({paper.year for paper in papers if paper.year})),
        venues=_names(paper.venue for paper in papers if paper.venue),
        authors=_names(author for paper in papers for author in paper.authors),
        titles={paper.id: paper.title for paper in papers},
    )


def _names(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({*names}, key=str.casefold))


def _choose(choices: Choices) -> None:
    """The fields that the library can fill."""
    if len(choices.years) > 1:
        _between(choices.years)
    _among("venues", "Venues", choices.venues)
    _among("authors", "Authors", choices.authors)
    if len(choices.titles) <= OFFERED:
        _papers(choices.titles)
    else:
        st.text("Single papers are chosen on the Papers page.")


def _between(years: tuple[int, ...]) -> None:
    chosen = scope().years or years
    first, last = st.select_slider("Years", years, (chosen[0], chosen[-1]), key=_key("years"))
    _set(years=() if (first, last) == (years[0], years[-1]) else tuple(y for y in years if first <= y <= last))


def _among(field: str, label: str, names: tuple[str, ...]) -> None:
    """From a list, or where it would be too long, by a part of the name."""
    if not names:
        return
    offered = names if len(names) <= OFFERED else ()
    chosen = list(getattr(scope(), field))
    picked = st.multiselect(
        label, sorted({*offered, *chosen}), chosen, key=_key(field), accept_new_options=True,
        placeholder="Any" if offered else "Any; type a part of a name",
    )  # fmt: skip
    _set(**{field: tuple(picked)})


def _papers(titles: dict[str, str]) -> None:
    chosen = [paper for paper in scope().papers if paper in titles]
    picked = st.multiselect(
        "Papers", titles, chosen, format_func=titles.__getitem__, key=_key("papers"), placeholder="Any"
    )
    _set(papers=tuple(picked))


def _key(field: str) -> str:
    return f"scope-{field}-{st.session_state.get('scope_edition', 0)}"


def _set(**fields: tuple[object, ...]) -> None:
    """The line above is drawn anew where it is no longer true."""
    changed = replace(scope(), **fields)  # type: ignore[arg-type]
    if changed != scope():
        st.session_state.scope = changed
        st.rerun()
