"""The button by which a conversation is taken along."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import streamlit as st

from rag.words import plain
from ui.chat import Exchange
from ui.export import as_bibtex, as_markdown, as_ris, cited

LONGEST_NAME = 60  # characters of a file's name


def show_export(title: str, exchanges: Sequence[Exchange]) -> None:
    """Three files of the conversation as it is now; each is made when it is asked for."""
    chat, name = tuple(exchanges), file_name(title)
    uncited = not cited(chat)
    with st.popover("Export", icon=":material/download:", type="tertiary"):
        offer("Conversation, Markdown", lambda: as_markdown(title, chat), f"{name}.md", "text/markdown")
        offer("Cited papers, BibTeX", lambda: as_bibtex(chat), f"{name}.bib", "application/x-bibtex", uncited)
        offer("Cited papers, RIS", lambda: as_ris(chat), f"{name}.ris", "application/x-research-info-systems", uncited)


def offer(label: str, make: Callable[[], str], name: str, kind: str, disabled: bool = False) -> None:
    """One of them."""
    st.download_button(
        label,
        lambda: make().encode("utf-8", "replace"),
        name,
        kind,
        key=f"export-{label}",
        on_click="ignore",
        type="tertiary",
        icon=":material/description:",
        disabled=disabled,
    )


def file_name(title: str) -> str:
    """Of letters, digits and hyphens; every system takes it.

    >>> file_name("../What is CLIP?"), file_name("?!")
    ('what-is-clip', 'conversation')
    """
    name = re.sub(r"[^a-z0-9]+", "-", plain(title))[:LONGEST_NAME].strip("-")
    return name or "conversation"
