"""The chat window: one page, read from top to bottom. A live chat lives in its own session and nowhere else."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import streamlit as st

from rag.config import Settings, load_settings
from rag.errors import AskpapersError
from rag.library import Library
from rag.pipeline import LONGEST, Pipeline, settled
from rag.stream import AnswerStream, paintings
from rag.types import Answer, Query
from ui.chat import Exchange, history
from ui.components import show_answer, show_starters
from ui.opening import open_library, open_pipeline
from ui.starters import starters

WAITING = "Searching the papers ..."
ICON = Path(__file__).with_name("components") / "icon.svg"  # a Material icon would be fetched from Google


def page() -> None:
    """Draws the window; Streamlit runs it again at every click."""
    st.set_page_config(page_title="askpapers", page_icon=str(ICON), layout="wide")
    chat: list[Exchange] = st.session_state.setdefault("chat", [])
    head(chat)
    for place, exchange in enumerate(chat):
        show_question(exchange.question)
        show(exchange, f"answer-{place}")
    first_screen = st.empty()
    asked = st.chat_input("Ask the papers", max_chars=LONGEST, submit_mode="stop")
    try:
        if not chat and not asked:
            with first_screen.container():
                asked = welcome()
        if asked:
            first_screen.empty()
            ask(asked, chat)
        standby = pipeline(load_settings()).retriever.standby  # opened while the first question is being thought of
        if standby:
            st.text(standby)
    except AskpapersError as problem:
        st.text(str(problem))


def head(chat: list[Exchange]) -> None:
    """Where one is, and a way back to an empty page."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.title("askpapers", anchor=False)
        if chat:
            st.button("Clear", icon=":material/delete_sweep:", on_click=clear)
        elif "cleared" in st.session_state:
            st.button("Undo clear", icon=":material/undo:", on_click=restore)


def welcome() -> str | None:
    """What this is, and questions to begin with; gives the one that was clicked."""
    papers = tuple(library(load_settings()).papers())
    if not papers:
        st.markdown("The library holds no papers yet. Add some in a terminal, then ask here: `askpapers ingest PATH`")
        return None
    st.markdown(
        f"Ask the {len(papers):,} papers of this library a question. Every sentence of an answer is quoted from an "
        "abstract; click its number to see where it stands. Where the abstracts don't hold the answer, you are told.",
        width=704,
    )
    return show_starters(starters(papers), key="starters")


def clear() -> None:
    """Empties the chat; it can be taken back until the next question."""
    st.session_state.cleared, st.session_state.chat = st.session_state.chat, []


def restore() -> None:
    """Takes the clearing back."""
    st.session_state.chat = st.session_state.pop("cleared")


def ask(question: str, chat: list[Exchange]) -> None:
    """Streams the answer into the page, then keeps it."""
    st.session_state.pop("cleared", None)
    show_question(question)
    with st.chat_message("assistant", avatar=":material/menu_book:"):
        place = st.empty()
        place.text(WAITING)
        query = Query(question, history(chat))
        answer = settled(query, lambda: streamed(pipeline(load_settings()).ask(query), place))
        place.empty()
    chat.append(Exchange(question, answer))
    st.rerun()


def streamed(stream: AnswerStream, place: st.delta_generator.DeltaGenerator) -> Answer:
    """Paints what is there so far, as plain text."""
    with closing(stream):  # Stop ends the script here, and a model's request with it
        for text in paintings(stream):
            place.text(text or WAITING)
        return stream.answer


def show_question(question: str) -> None:
    """As text: what was typed or pasted is not rendered."""
    with st.chat_message("user", avatar=":material/person:"):
        st.text(question)


def show(exchange: Exchange, key: str) -> None:
    """An answer with its evidence, or what went wrong and what to do."""
    with st.chat_message("assistant", avatar=":material/menu_book:"):
        if exchange.answer.status == "failed":
            st.text(exchange.answer.reason or "")
        else:
            show_answer(exchange.answer, key)


@st.cache_resource(show_spinner=False)
def library(settings: Settings) -> Library:
    """One for all windows; opened once, so that one deleted under us is noticed, and not made anew."""
    return open_library(settings, ship=False)


@st.cache_resource(show_spinner=False)
def pipeline(settings: Settings) -> Pipeline:
    """One for all windows: it holds no question and no answer."""
    return open_pipeline(library(settings), settings)


if __name__ == "__main__":
    page()
