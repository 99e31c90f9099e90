"""Adding papers: files dropped, or text pasted; what came of each, and what was refused and why."""

from __future__ import annotations

import streamlit as st

from ingest.add import Progress
from rag.config import Settings
from rag.errors import AskpapersError
from rag.library import Library
from ui.adding import Added, Handed, add, by_file, complete, in_words, refused
from ui.components import show_table
from ui.resources import library
from ui.serve import LARGEST
from ui.showing import owners_page

LONGEST = 200_000  # characters that are pasted
PASTED = "pasted text"
STOPPED = "Adding was stopped. What was finished is kept; add the same again to go on."


def page() -> None:
    """Draws the page, and adds what was handed over."""
    owners_page("Add papers", take)


def take(settings: Settings) -> None:
    """Files and text, and what came of them. Raises AskpapersError."""
    store = library(settings)  # before it can go: where its folder is gone, opening would make it anew
    handed = hand_over()
    if st.button("Add to the library", icon=":material/library_add:"):
        begin(handed, store, settings)
    elif "adding" in st.session_state:
        st.text(STOPPED)
    show_outcome(store)


def hand_over() -> list[Handed]:
    """Files and text, as they are; both boxes are emptied by being drawn anew once all is added."""
    st.markdown(
        f"JSON Lines, JSON, CSV, BibTeX or plain text, up to {LARGEST} MB a file; formats are told by what is in a "
        "file, not by its name. A paper that is here already is not added twice."
    )
    turn = st.session_state.get("turn", 0)
    files = st.file_uploader(
        "Drop files here", accept_multiple_files=True, max_upload_size=LARGEST, key=f"files-{turn}"
    )
    text = st.text_area(
        "Or paste papers: a title, a blank line, the abstract",
        max_chars=LONGEST,
        height=160,
        key=f"text-{turn}",
        persist_state="session",
    )
    handed = [Handed(file.name, file.getvalue()) for file in files]
    return [*handed, Handed(PASTED, text.encode(errors="replace"))] if text and text.strip() else handed


def begin(handed: list[Handed], store: Library, settings: Settings) -> None:
    """Adds, and keeps what came of it for the next run of the page. Raises AskpapersError, the boxes still full."""
    if not handed:
        st.text("Choose files, or paste text, first.")
        return
    st.session_state.pop("outcome", None)
    place = st.empty()
    st.session_state.adding = True  # until it is done: a Stop, or another page, ends this run in the middle
    try:
        with place.container():
            progress = bar(len(handed))
            st.session_state.outcome = add(store, handed, settings, progress)
            st.session_state.turn = st.session_state.get("turn", 0) + 1
            complete(store, settings, progress)
    except AskpapersError:
        place.empty()
        st.session_state.pop("adding")
        raise
    st.session_state.pop("adding")
    st.rerun()


def bar(files: int) -> Progress:
    """How far it is, and a way to stop it: any click ends this run at its next word to the page."""
    line, words, stop = st.progress(0.0), st.empty(), st.empty()
    stop.button("Stop", icon=":material/stop_circle:")

    def step(what: str, done: int, total: int) -> None:
        if what.isdigit():
            line.progress(min((int(what) + done / max(total, 1)) / files, 1.0))
            words.text(f"File {int(what) + 1:,} of {files:,}: {done:,} of {total:,} papers")
        else:
            line.progress(min(done / max(total, 1), 1.0))
            words.text(f"{what.capitalize()}: {done:,} of {total:,} passages")

    words.text("Reading ...")
    return step


def show_outcome(store: Library) -> None:
    """What came of what was added last in this window."""
    outcome: list[Added] | None = st.session_state.get("outcome")
    if outcome is None:
        return
    st.text(in_words(outcome, len(store)))
    show_table(by_file(outcome), "by-file")
    if any(one.summary.refused for one in outcome):
        st.subheader("Refused", anchor=False)
        show_table(refused(outcome), "refused")
    if any(one.summary.added or one.summary.updated for one in outcome) and st.button(
        "Ask the papers", icon=":material/forum:"
    ):
        st.switch_page("ask_page.py")


if __name__ == "__main__":
    page()
